"""What nginx refuses by itself: always a problem document, in the reader's language, with the request id."""

import re

import pytest

from chassis.servers import free_port

REPAIRS = "/api/tickets/v1/repairs"


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        pytest.param("GARBAGE\r\n\r\n", 400, id="no request line"),
        pytest.param("GET / HTTP/1.1\r\n\r\n", 400, id="no Host"),
        pytest.param("GET /api/%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="bad escape"),
        pytest.param("GET /api/%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="NUL"),
        pytest.param("GET /../.. HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="above the root"),
        pytest.param("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400, id="negative length"),
        pytest.param(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            id="two lengths: smuggling",
        ),
        pytest.param(
            f"POST {REPAIRS} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, id="no chunk"
        ),
        pytest.param("TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", 405, id="TRACE"),
        pytest.param(f"GET {REPAIRS}?q={'x' * 9000} HTTP/1.1\r\nHost: x\r\n\r\n", 414, id="longer than a buffer"),
        pytest.param(
            f"GET {REPAIRS}?q={'x' * 3800} HTTP/1.1\r\nHost: x\r\n\r\n", 414, id="longer than a service takes"
        ),
        pytest.param(
            f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {'x' * 9000}\r\n\r\n", 431, id="one big header"
        ),
        pytest.param("GET / HTTP/1.1\r\nHost: x\r\n" + f"X: {'x' * 6000}\r\n" * 6 + "\r\n", 431, id="many headers"),
        pytest.param(f"POST {REPAIRS} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, id="encoding"),
        pytest.param("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505, id="version"),
    ],
)
def test_a_request_that_cannot_be_handled_is_refused_in_json(edge, tickets, wire, status, the_problem_in):
    the_problem_in(edge.raw(wire.encode()), status)
    assert tickets.asked == []


def test_a_method_nobody_knows_here_is_told_which_are_known(edge, the_problem_in):
    _, headers = the_problem_in(edge.raw(b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n"), 405)

    assert headers["allow"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


def test_json_up_to_a_megabyte_passes_and_more_is_refused(edge, tickets, the_problem_in):
    assert edge.post(REPAIRS, data=b"x" * 2**20).json()["bytes"] == 2**20
    the_problem_in(edge.post(REPAIRS, data=b"x" * (2**20 + 1)), 413)
    the_problem_in(edge.post(REPAIRS, data=iter([b"x" * 2**19] * 3)), 413)
    assert len(tickets.asked) == 1


def test_an_attachment_of_ten_megabytes_passes_and_more_is_refused(edge, tickets, the_problem_in):
    ten = {"file": ("roof.jpg", b"x" * (10 * 2**20), "image/jpeg")}
    eleven = {"file": ("roof.jpg", b"x" * (11 * 2**20), "image/jpeg")}

    assert edge.post("/api/tickets/v1/attachments", files=ten).json()["bytes"] > 10 * 2**20
    assert edge.post("/api/tickets/v1/job/attachments", files=ten).json()["bytes"] > 10 * 2**20
    the_problem_in(edge.post("/api/tickets/v1/attachments", files=eleven), 413)
    the_problem_in(edge.post("/api/tickets/v1/attachments/more", files=ten), 413)
    assert len(tickets.asked) == 2


def test_a_service_that_is_down_is_503_and_the_others_go_on(an_edge, tickets, the_problem_in):
    edge = an_edge(tickets, also={"notify": f"127.0.0.1:{free_port()}"})

    problem, headers = the_problem_in(edge.get("/api/notify/v1/messages"), 503)

    assert headers["retry-after"] == "5"
    assert headers["cache-control"] == "no-store"
    assert "Retry-After" in problem["detail"]
    assert edge.get(REPAIRS).status_code == 200


def test_a_large_body_for_a_service_that_is_down_is_not_called_too_large(an_edge, the_problem_in):
    edge = an_edge(also={"tickets": f"127.0.0.1:{free_port()}"})
    photo = {"file": ("roof.jpg", b"x" * (5 * 2**20), "image/jpeg")}

    the_problem_in(edge.post("/api/tickets/v1/attachments", files=photo), 503)


def test_a_service_that_is_late_is_503_and_the_others_go_on(an_edge, a_service, tickets, the_problem_in):
    late = a_service("notify")
    late.may_answer.clear()
    edge = an_edge(tickets, late, read_timeout="300ms")

    problem, headers = the_problem_in(edge.post("/api/notify/v1/messages", headers={"Accept-Language": "en"}), 503)

    assert headers["retry-after"] == "5"
    assert "may still have acted" in problem["detail"]
    assert len(late.asked) == 1
    assert edge.get(REPAIRS).status_code == 200


@pytest.mark.slow
def test_a_service_whose_name_is_unknown_is_503(an_edge, tickets, the_problem_in):
    edge = an_edge(tickets, also={"notify": "no-such-host.invalid:8000"}, resolver=f"127.0.0.1:{free_port()}")

    the_problem_in(edge.get("/api/notify/v1/messages"), 503)
    assert edge.get(REPAIRS).status_code == 200


def test_the_services_own_refusals_pass_untouched(edge):
    answer = edge.get("/api/tickets/v1/busy")

    assert answer.status_code == 503
    assert answer.json() == {"title": "the service's own"}
    assert answer.headers["Retry-After"] == "17"


@pytest.mark.parametrize(
    ("asked", "chinese"),
    [
        ("", True),
        ("fr", True),
        ("zh-CN,zh;q=0.9,en;q=0.8", True),
        ("ZH", True),
        ("en", False),
        ("en-GB,en;q=0.9,zh;q=0.8", False),
        ("fr, en;q=0.5", False),
    ],
)
def test_the_sentence_is_in_the_readers_language(edge, asked, chinese, the_problem_in):
    problem, headers = the_problem_in(edge.get("/nothing", headers={"Accept-Language": asked}), 404)

    assert [bool(re.search("[一-鿿]", problem[part])) for part in ("title", "detail")] == [chinese] * 2
    assert headers["content-language"] == ("zh-CN" if chinese else "en")


def test_every_refusal_has_its_own_sentence_in_both_languages(edge):
    template = (edge.settings.folder / "nginx.conf").read_text()
    zh, en = (set(re.findall(rf'"{language} (\d+ \w*)" "', template)) for language in ("zh-CN", "en"))

    assert zh == en
    assert {"400 ", "404 ", "405 ", "413 ", "414 ", "429 ", "431 ", "503 ", "503 late", "505 "} <= zh
