"""Door 1: what a request must be, and what every answer looks like."""

import io
import json
from dataclasses import replace

import pytest

from chassis.ids import new_id
from chassis.testing import a_person

HY, QY = new_id(), new_id()
E1, E2 = new_id(), new_id()
PILOT = a_person(operator_id=HY, roles=[f"pilot@estate:{E1}"])
GUEST = a_person(operator_id=HY, roles=[f"guest@estate:{E1}"])
NEIGHBOUR = a_person(operator_id=HY, roles=[f"gardener@estate:{E1}"])
STRANGER = a_person(operator_id=QY, roles=["pilot@operator"])
RED = {"estate_id": str(E1), "colour": "red"}
ENGLISH = {"Accept-Language": "en"}


def built(kites, **facts):
    return kites.client(PILOT).post("/kites", {**RED, **facts}).json


def problem(answer, status):
    """The problem document, which every refusal is."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["instance"] == answer.headers["X-Request-Id"]
    assert answer.json["detail"]
    return answer.json


# ── good answers ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_built_is_answered_with_its_version_and_place(kites):
    answer = kites.client(PILOT).post("/kites", {**RED, "check_due": "2026-12-01T08:00:00+08:00"})

    assert answer.status_code == 201
    assert answer.json["version"] == 1
    assert answer.json["operator_id"] == str(HY)  # filled in by the flush, which comes before the answer
    assert answer.json["check_due"] == "2026-12-01T00:00:00Z"
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Location"] == f"/api/kites/v1/kites/{answer.json['id']}"


def test_every_answer_is_for_its_reader_alone(kites):
    answer = kites.client().get("/weather", headers={"X-Request-Id": "call-00042"})

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-Id"] == "call-00042"


def test_a_request_id_that_is_not_well_formed_is_replaced(kites):
    answer = kites.client().get("/weather", headers={"X-Request-Id": "x' OR 1=1"})

    assert len(answer.headers["X-Request-Id"]) == 36


def test_the_request_id_and_trace_go_into_the_event(kites):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    kites.client(PILOT).post("/kites", RED, headers={"X-Request-Id": "call-00042", "traceparent": trace})

    (said,) = kites.said()
    assert (said.correlation_id, said.traceparent, said.actor) == ("call-00042", trace, f"person/{PILOT.id}")


def test_an_answer_that_did_not_change_is_not_sent_again(kites):
    kite = built(kites)
    client = kites.client(PILOT)

    answer = client.get(f"/kites/{kite['id']}", headers={"If-None-Match": '"1"'})

    assert answer.status_code == 304
    assert answer.data == b""
    assert client.get(f"/kites/{kite['id']}", headers={"If-None-Match": '"0"'}).status_code == 200


def test_a_list_comes_in_pages(kites):
    for colour in ("amber", "blue", "coral"):
        built(kites, colour=colour)
    client = kites.client(PILOT)

    first = client.get("/kites?limit=2").json
    second = client.get("/kites", query_string={"limit": 2, "after": first["next"]}).json

    assert [kite["colour"] for kite in first["items"] + second["items"]] == ["amber", "blue", "coral"]
    assert second["next"] is None


# ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_change_names_the_version_it_is_about(kites):
    kite = built(kites)
    client = kites.client(PILOT)
    path = f"/kites/{kite['id']}"

    problem(client.patch(path, {"colour": "blue"}), 428)
    answer = client.patch(path, {"colour": "blue"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')

    for stale in ('"1"', 'W/"2"', "2", '"two"', '"2", "3"', '"99999999999999999999"'):
        problem(client.patch(path, {"colour": "green"}, headers={"If-Match": stale}), 412)
    assert client.get(path).json["colour"] == "blue"


def test_a_wrong_state_is_named(kites):
    kite = built(kites)
    client = kites.client(PILOT)
    assert client.post(f"/kites/{kite['id']}/flight", {}).status_code == 200

    said = problem(client.post(f"/kites/{kite['id']}/flight", headers=ENGLISH), 409)

    assert said["type"] == "urn:linli:problem:already-up"
    assert said["detail"] == "A kite that is flying cannot be flown; bring it down first."


def test_an_act_takes_no_body(kites):
    kite = built(kites)

    said = problem(kites.client(PILOT).post(f"/kites/{kite['id']}/flight", {"state": "grounded"}), 422)

    assert list(said["errors"]) == ["state"]


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_answered_without_signing_in(kites):
    answer = kites.client().get("/kites")

    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_signing_in_comes_before_reading_the_body(kites):
    problem(kites.client().post("/kites", data="{", content_type="application/json"), 401)


def test_the_wrong_role_is_told_so(kites):
    kite = built(kites)

    problem(kites.client(GUEST).post("/kites", RED), 403)
    problem(kites.client(GUEST).post(f"/kites/{kite['id']}/flight"), 403)
    problem(kites.client(NEIGHBOUR).get("/kites"), 403)


def test_what_is_not_yours_answers_like_what_does_not_exist(kites):
    kite = built(kites)
    client = kites.client(STRANGER)
    quoted = {"headers": {"X-Request-Id": "the-same-call"}}

    foreign = client.get(f"/kites/{kite['id']}", **quoted)
    absent = client.get(f"/kites/{new_id()}", **quoted)

    problem(foreign, 404)
    assert foreign.json == absent.json
    assert client.get("/kites").json["items"] == []


def test_an_estate_out_of_reach_is_refused(kites):
    problem(kites.client(PILOT).post("/kites", {**RED, "estate_id": str(E2)}), 403)


# ── what is wrong with a body ────────────────────────────────────────────────────────────────────────────────────────

MALFORMED = {
    "not json": "{",
    "empty": "",
    "not utf-8": b'{"colour": "\xff"}',
    "one name twice": '{"colour": "red", "colour": "blue"}',
    "nan": '{"price_fen": NaN}',
    "infinite": '{"price_fen": 1e999}',
    "huge": '{"price_fen": 1' + "0" * 5000 + "}",
    "twenty digits": '{"price_fen": 10000000000000000000}',
    "deep": "[" * 900 + "]" * 900,
    "deeper than python": "[" * 100_000 + "]" * 100_000,
    "two documents": "{} {}",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_body_that_cannot_be_read_is_malformed(kites, body):
    problem(kites.client(PILOT).post("/kites", data=body, content_type="application/json"), 400)


WRONG = {
    "a list": ([], "body"),
    "text": ("red", "body"),
    "null": (None, "body"),
    "nothing in it": ({}, "colour"),
    "null field": ({**RED, "colour": None}, "colour"),
    "unknown field": ({**RED, "status": "sold"}, "status"),
    "server's field": ({**RED, "version": 7}, "version"),
    "not text": ({**RED, "colour": 7}, "colour"),
    "too long": ({**RED, "colour": "r" * 41}, "colour"),
    "too short": ({**RED, "colour": ""}, "colour"),
    "not an id": ({**RED, "estate_id": "E1"}, "estate_id"),
    "nul": ({**RED, "colour": "r\0d"}, "colour"),
    "blank": ({**RED, "colour": " \u3000\u200b"}, "colour"),
    "lone surrogate": ({**RED, "colour": "\ud800"}, "colour"),
    "nul in a name": ({**RED, "col\0ur": "red"}, "body"),
    "surrogate in a name": ({**RED, "\udfff": "red"}, "body"),
    "nul deep inside": ({**RED, "tails": [{"length_cm": 1, "pattern": "\0"}]}, "tails.0.pattern"),
    "field of a part": ({**RED, "tails": [{"length_cm": 1}, {}]}, "tails.1.length_cm"),
    "too many parts": ({**RED, "tails": [{"length_cm": 1}] * 4}, "tails"),
    "fraction of a fen": ({**RED, "price_fen": 1.5}, "price_fen"),
    "money as text": ({**RED, "price_fen": "100"}, "price_fen"),
    "money below nothing": ({**RED, "price_fen": -1}, "price_fen"),
    "money beyond all": ({**RED, "price_fen": 2**53}, "price_fen"),
    "truth as money": ({**RED, "price_fen": True}, "price_fen"),
    "moment without offset": ({**RED, "check_due": "2026-12-01T08:00:00"}, "check_due"),
    "moment before all": ({**RED, "check_due": "0001-01-01T00:00:00+14:00"}, "check_due"),
    "moment after all": ({**RED, "check_due": "9999-12-31T23:59:59-14:00"}, "check_due"),
    "not a moment": ({**RED, "check_due": "tomorrow"}, "check_due"),
}


@pytest.mark.parametrize(("body", "field"), WRONG.values(), ids=WRONG)
def test_a_wrong_field_is_named_in_both_languages(kites, body, field):
    client = kites.client(PILOT)

    sent = {"data": json.dumps(body), "content_type": "application/json"}

    chinese = problem(client.post("/kites", **sent), 422)["errors"]
    english = problem(client.post("/kites", **sent, headers=ENGLISH), 422)["errors"]

    assert field in chinese
    assert all(not sentence.isascii() for sentence in chinese[field])
    assert all(sentence.isascii() for sentence in english[field])


def test_another_kind_of_content_is_not_read(kites):
    client = kites.client(PILOT)

    for content_type in (None, "text/plain", "application/x-www-form-urlencoded", "application/xml"):
        answer = client.open("/kites", method="POST", data=json.dumps(RED), content_type=content_type)
        problem(answer, 415)


def test_a_body_beyond_one_megabyte_is_refused(kites):
    answer = kites.client(PILOT).post("/kites", {**RED, "colour": "r" * 1024 * 1024}, headers=ENGLISH)

    assert "1 MB" in problem(answer, 413)["detail"]


def test_a_body_without_a_length_is_not_read_forever(kites):
    endless = io.BytesIO(b" " * (1024 * 1024 + 1))
    sent = {
        "input_stream": endless,
        "content_type": "application/json",
        "environ_overrides": {"wsgi.input_terminated": True},
    }

    problem(kites.client(PILOT).post("/kites", **sent), 413)


# ── queries and addresses ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("limit=many", "limit"),
        ("after=not-a-cursor", "after"),
        ("after=%00", "after"),
        ("weather=%00", "weather"),
        ("weather=fog", "weather"),
        ("state=sunk", "state"),
        ("sort=owner_phone", "sort"),
        ("operator_id=1", "operator_id"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_a_wrong_question_is_named(kites, query, field):
    said = problem(kites.client(PILOT).get(f"/kites?{query}"), 422)

    assert list(said["errors"]) == [field]


def test_a_route_that_asks_nothing_refuses_questions(kites):
    said = problem(kites.client().get("/weather?place=roof"), 422)

    assert list(said["errors"]) == ["place"]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/kites/1", "/kites/", "//kites", "/kites/%00", "/disasters/a%00b", "/%ff"]
)
def test_an_unknown_address_is_a_problem_too(kites, path):
    problem(kites.client(PILOT).get(path), 404)


def test_an_unknown_method_says_which_are_known(kites):
    answer = kites.client(PILOT).delete("/kites")

    problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_the_reader_s_language_is_used_and_chinese_otherwise(kites):
    client = kites.client()

    titles = {
        language: client.get("/nowhere", headers={"Accept-Language": language}).json["title"]
        for language in ("en-GB, zh;q=0.3", "zh-TW", "fr", "en;q=x")
    }

    assert list(titles.values()) == ["Not found", "未找到", "未找到", "未找到"]


def test_an_accept_that_cannot_be_met_is_answered_in_json(kites):
    assert kites.client().get("/weather", headers={"Accept": "application/xml"}).json["sky"] == "blue"


# ── our own faults ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fault_of_ours_is_answered_without_its_trace(kites):
    answer = kites.client(PILOT).post("/accidents")

    problem(answer, 500)
    assert "string broke" not in answer.text and "Traceback" not in answer.text


@pytest.mark.parametrize(("kind", "status"), [("slow", 503), ("twice", 409), ("elsewhere", 404), ("large", 422)])
def test_what_the_database_refuses_has_its_meaning(kites, kind, status):
    problem(kites.client(PILOT).post(f"/disasters/{kind}"), status)


def test_without_its_database_the_service_asks_for_patience(kites):
    kite = built(kites)
    client, runtime = kites.client(PILOT), kites.runtime
    good = runtime.settings
    runtime.close()
    runtime.settings = replace(good, database_url="postgresql://kites_app@/nowhere?host=/nowhere")

    answer, health = client.get(f"/kites/{kite['id']}"), client.get("/healthz")
    runtime.close()
    runtime.settings = good

    problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert (health.status_code, health.json["lacks"]) == (503, ["database"])
    assert kites.client(PILOT).get("/healthz").status_code == 200
