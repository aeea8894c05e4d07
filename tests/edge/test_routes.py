"""Which request reaches whom, with which headers, and what the answer carries."""

import gzip

import pytest

REPAIRS = "/api/tickets/v1/repairs"


def test_a_request_reaches_the_service_it_names(edge, tickets):
    answer = edge.post(f"{REPAIRS}?limit=5&q=%E6%BC%8F%2F", json={"description": "漏水"})

    assert answer.status_code == 200
    assert answer.json()["service"] == "tickets"
    assert answer.json()["path"] == f"{REPAIRS}?limit=5&q=%E6%BC%8F%2F"
    assert tickets.asked[0].body == b'{"description": "\\u6f0f\\u6c34"}'


def test_each_service_is_one_name_in_the_list(an_edge, a_service):
    edge = an_edge(a_service("tickets"), a_service("notify"))

    assert edge.get("/api/notify/v1/messages").json()["service"] == "notify"
    assert edge.get("/api/tickets/v1/tickets").json()["service"] == "tickets"
    assert edge.get("/api/billing/v1/invoices").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/api/tickets/v1/../../../metrics",
        "/api/tickets/v1/%2e%2e/%2e%2e/%2e%2e/metrics",
        "/api/tickets/v1/..%2f..%2f..%2fmetrics",
        "/api/tickets/metrics",
        "/api/tickets/v2/repairs",
        "/api/TICKETS/v1/repairs",
        "/api/tickets/healthz",
        "/problem",
        "/nothing",
    ],
)
def test_what_is_not_a_published_route_reaches_nobody(edge, tickets, path):
    answer = edge.raw(f"GET {path} HTTP/1.1\r\nHost: linli\r\nConnection: close\r\n\r\n".encode())

    assert answer.startswith("HTTP/1.1 404 ")
    assert "application/problem+json" in answer
    assert tickets.asked == []


def test_only_headers_the_edge_knows_reach_a_service(edge):
    made_up = {
        "X-Internal-Operator": "HY",
        "X-Operator-Id": "HY",
        "X-Forwarded-For": "10.9.9.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "X-Real-IP": "10.9.9.9",
        "Forwarded": "for=10.9.9.9",
        "Proxy": "http://evil.example",
    }

    heard = edge.get(REPAIRS, headers=made_up).json()["headers"]

    assert heard["x-forwarded-for"] == "127.0.0.1"
    assert heard["x-forwarded-proto"] == "http"
    assert heard["x-forwarded-host"] == f"127.0.0.1:{edge.settings.port}"
    assert not {"x-internal-operator", "x-operator-id", "x-forwarded-prefix", "x-real-ip", "forwarded", "proxy"} & set(
        heard
    )


def test_headers_of_the_interface_reach_a_service(edge):
    sent = {
        "Authorization": "Bearer " + "t" * 7900,
        "Accept": "application/json",
        "Accept-Language": "zh-CN",
        "Content-Type": "application/json",
        "Idempotency-Key": "5f3c",
        "If-Match": '"3"',
        "If-None-Match": '"2"',
        "Range": "bytes=0-9",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "tracestate": "linli=1",
        "User-Agent": "a partner",
        "X-Sms-Timestamp": "1795442057",
        "X-Sms-Nonce": "n",
        "X-Sms-Signature": "s",
    }

    heard = edge.post(REPAIRS, headers=sent, data=b"{}").json()["headers"]

    assert {name.lower(): value for name, value in sent.items()}.items() <= heard.items()
    assert heard["content-length"] == "2"


def test_a_trace_parent_that_is_none_goes_no_further(edge):
    assert "traceparent" not in edge.get(REPAIRS, headers={"traceparent": "00-nonsense"}).json()["headers"]


def test_a_clients_request_id_is_kept_and_answered(edge):
    answer = edge.get(REPAIRS, headers={"X-Request-Id": "0193d2a1-7b1c-7000-8000-00000000abcd"})

    assert answer.headers["X-Request-Id"] == "0193d2a1-7b1c-7000-8000-00000000abcd"
    assert answer.json()["headers"]["x-request-id"] == "0193d2a1-7b1c-7000-8000-00000000abcd"


@pytest.mark.parametrize("given", ["", "short", 'a"},"admin":true', "x" * 65, "a b c d e f g h"])
def test_a_request_without_a_proper_id_is_given_one(edge, given):
    answer = edge.get(REPAIRS, headers={"X-Request-Id": given})

    made = answer.headers["X-Request-Id"]
    assert len(made) == 32 and int(made, 16) >= 0
    assert answer.json()["headers"]["x-request-id"] == made


def test_every_answer_carries_the_security_headers(edge):
    for answer in (edge.get(REPAIRS), edge.get("/nothing"), edge.get("/api/tickets/v1/busy")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "default-src 'self'; frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers
        assert answer.headers["Server"] == "nginx"


def test_a_service_may_say_how_long_to_keep_its_answer_but_not_weaken_the_rest(edge):
    answer = edge.get("/api/tickets/v1/cached", headers={"X-Request-Id": "my-own-id"})

    assert answer.headers["Cache-Control"] == "max-age=60"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-Id"] == "my-own-id"


def test_long_json_travels_compressed_and_its_tag_still_matches(edge):
    answer = edge.get("/api/tickets/v1/list", headers={"Accept-Encoding": "gzip"}, stream=True)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.raw.read()).startswith(b'{"items": ["a repair"')

    heard = edge.ask("PUT", REPAIRS, headers={"If-Match": answer.headers["ETag"]}).json()["headers"]
    assert heard["if-match"] == '"7"'


def test_short_answers_travel_as_they_are(edge):
    assert "Content-Encoding" not in edge.get(REPAIRS, headers={"Accept-Encoding": "gzip"}).headers


def test_the_log_says_who_asked_for_what_and_keeps_signatures_out(edge):
    edge.get(f"{REPAIRS}?signature=secret", headers={"X-Request-Id": "find-me-in-the-log"})
    edge.stop()

    log = (edge.settings.folder / "access.log").read_text()
    assert '"request_id":"find-me-in-the-log"' in log
    assert f'"path":"{REPAIRS}","status":200' in log
    assert "secret" not in log
