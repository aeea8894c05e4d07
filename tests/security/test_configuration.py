"""What a deployment could get wrong and Linli does not let it: content it does not read, origins, methods, errors, defaults."""

import gzip

import orjson
import pytest

from chassis import settings
from chassis.testing import a_person
from services.directory.tests.factories import sign_in, token
from tests.interfaces import ROUTES

ELSEWHERE = "https://evil.example"


@pytest.fixture
def filed(place, owner):
    return place.client(owner)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip", "GZIP"])
def test_a_compressed_body_is_not_unpacked(place, anybody, coding):
    manager = place.client(place.member("head_office", "operator"))
    region = {"code": "R9", "name_zh": "东", "name_en": "East"}
    headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
    plain, packed = (
        manager.post("/regions", data=each, headers=headers) for each in (body(region), packed_body(region))
    )

    assert plain.status_code == packed.status_code == 415
    assert manager.post("/regions", region, headers={"Content-Encoding": "identity"}).status_code == 201
    form = {"Content-Encoding": coding, "Content-Type": "application/x-www-form-urlencoded"}
    assert anybody.post("/token", data="grant_type=password&username=a&password=b", headers=form).status_code == 415


def body(said) -> bytes:
    return orjson.dumps(said)


def packed_body(said) -> bytes:
    return gzip.compress(body(said))


def test_no_other_origin_is_let_in(anybody, owner):
    """There is no list of origins: the portal shares ours, and partners call from servers."""
    asked = {
        "Origin": ELSEWHERE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    for answer in (anybody.open("/token", method="OPTIONS", headers=asked), anybody.get("/jwks.json", headers=asked)):
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]
        assert ELSEWHERE not in str(answer.headers) + answer.text


def test_every_answer_is_for_its_reader_alone_and_is_what_it_says(anybody, owner, filed):
    for answer in (sign_in(anybody), filed.get("/me"), anybody.get("/nowhere"), anybody.get("/me")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers and "X-Powered-By" not in answer.headers


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "OPTIONS", "DELETE"])
def test_a_method_that_is_not_declared_does_nothing(anybody, method):
    answer = anybody.open("/token", method=method)

    assert answer.status_code in (200, 404, 405)
    assert answer.status_code != 200 or (method == "OPTIONS" and answer.data == b"")


def test_a_key_for_repeats_is_not_looked_at_where_nobody_is_known(owner, anybody):
    """Kept for nobody, one caller's tokens would be given to whoever sends the same key."""
    both = [sign_in(anybody).json["access_token"] for _ in range(2)]
    again = [
        anybody.post(
            "/token",
            data={"grant_type": "password", "username": "fang@home.example", "password": "guess"},
            headers={"Idempotency-Key": "the same", "X-Forwarded-For": "203.0.113.9"},
        )
        for _ in range(2)
    ]

    assert both[0] != both[1] and [answer.status_code for answer in again] == [401, 401]
    assert "Idempotency-Replayed" not in again[1].headers
    public = [route for route in ROUTES if route.is_public and route.method == "POST"]
    assert public and not [route for route in public if "Idempotency-Key" in str(route.parameters)]


def test_a_partner_may_ask_who_it_is(place, directory, anybody):
    client = place.partner("s3cret")
    issued = token(anybody, grant_type="client_credentials", client_id=str(client), client_secret="s3cret")
    assert issued.status_code == 200

    person = a_person(operator_id=place.operator_id, roles=["partner_events@operator"], id=client)
    me = directory.client(person).get("/me")

    assert me.status_code == 200 and me.json["roles"] == [{"role": "partner_events", "scope": "operator"}]


@pytest.mark.parametrize("secret", ["change-me", "secret", "too short"])
def test_production_does_not_start_with_a_secret_that_can_be_guessed(monkeypatch, secret):
    given = {
        "SERVICE_DATABASE_URL": "postgresql://h/d",
        "AMQP_URL": "amqp://h",
        "PRIVATE_KEYS": "k",
        "SECRET_KEY": secret,
    }
    for name, value in {**given, "ENVIRONMENT": "production"}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(settings.MissingSetting, match="SECRET_KEY"):
        settings.read("tickets")


def test_nobody_debugs_in_public(directory, tickets):
    for app in (directory.app, tickets.app):
        assert not app.debug and not app.testing and app.config.get("PROPAGATE_EXCEPTIONS") is None


def test_nothing_a_caller_sends_is_an_address_that_we_fetch():
    """Webhooks will come with a guard of their own; until then no body and no query takes an address at all."""
    told = [
        f"{route} {name}" for route in ROUTES for name, field in sent_to(route).items() if is_an_address(name, field)
    ]

    assert told == []
    assert sum(len(sent_to(route)) for route in ROUTES) > 100


def sent_to(route) -> dict:
    queries = {each["name"]: each.get("schema", {}) for each in route.parameters}
    return {**queries, **(route.body["properties"] if route.body else {})}


def is_an_address(name: str, field: dict) -> bool:
    return field.get("format") in ("uri", "url", "hostname") or name.endswith(
        ("url", "uri", "href", "host", "callback")
    )


@pytest.mark.parametrize("line", ["a@b.cn\r\nBcc: all@home.example", "name\n", "bell\x07", "tab\there"])
def test_what_goes_into_a_header_is_one_line(place, line):
    office = place.client(place.member("head_office", "operator"))
    region = {"code": "R9", "name_zh": "东", "name_en": "East"}

    refused = [office.post("/regions", {**region, name: line}) for name in region]
    refused.append(office.post(f"/people/{place.person()}/account", {"login": line}))

    assert [answer.status_code for answer in refused] == [422] * 4
    assert "login" in refused[-1].json["errors"]
