"""Forged and abused tokens, at the service itself: nobody needs the edge to be safe (chassis/tests/test_auth.py has more)."""

import base64
import hmac
import json

import jwt
import pytest

from chassis import auth
from chassis.ids import new_id
from chassis.testing import KEY, a_person
from chassis.testing.harness import SECRET

LIST = "/api/tickets/v1/tickets"
STRANGER = auth.new_key()


@pytest.fixture
def person():
    return a_person(operator_id=new_id(), roles=["head_office@operator"])


@pytest.fixture
def good(tickets, person) -> dict:
    """The claims of a token that lets in."""
    return jwt.decode(tickets.client(person).token(), options={"verify_signature": False})


def status(tickets, token: str, **headers) -> int:
    answer = tickets.app.test_client().get(LIST, headers={"Authorization": f"Bearer {token}", **headers})
    if answer.status_code == 401:
        assert answer.content_type == "application/problem+json" and answer.headers["WWW-Authenticate"] == "Bearer"
        assert token[:40] not in answer.text
    return answer.status_code


def signed(claims: dict, key=KEY, *, kid=KEY.kid, **header) -> str:
    return jwt.encode(claims, key.pem, algorithm="ES256", headers={"kid": kid, **header})


def b64(data) -> str:
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def by_hand(claims: dict, header: dict, secret: bytes | None) -> str:
    head = f"{b64({'typ': 'JWT', 'kid': KEY.kid, **header})}.{b64(claims)}"
    return f"{head}.{b64(hmac.digest(secret, head.encode(), 'sha256')) if secret is not None else ''}"


def test_a_good_one_lets_in(tickets, good):
    assert status(tickets, signed(good)) == 200


PUBLIC_KEY = json.dumps(KEY.jwk).encode()
FORGED = {
    "no algorithm": lambda claims: by_hand(claims, {"alg": "none"}, None),
    "no algorithm, in capitals": lambda claims: by_hand(claims, {"alg": "nOnE"}, None),
    "the public key as a shared secret": lambda claims: by_hand(claims, {"alg": "HS256"}, PUBLIC_KEY),
    "an empty shared secret": lambda claims: by_hand(claims, {"alg": "HS256"}, b""),
    "our other secret": lambda claims: by_hand(claims, {"alg": "HS256"}, SECRET.encode()),
    "another key under our id": lambda claims: signed(claims, STRANGER),
    "another key under its own id": lambda claims: signed(claims, STRANGER, kid=STRANGER.kid),
    "a key brought along": lambda claims: signed(claims, STRANGER, jwk=STRANGER.jwk),
    "a key to be fetched": lambda claims: signed(claims, STRANGER, jku="http://127.0.0.1:1/jwks.json"),
    "a certificate to be fetched": lambda claims: signed(claims, STRANGER, x5u="http://127.0.0.1:1/cert.pem"),
    "a certificate brought along": lambda claims: signed(claims, STRANGER, x5c=["MIIB"]),
    "an id that is a path": lambda claims: signed(claims, STRANGER, kid="../../dev/null"),
    "an id that is SQL": lambda claims: signed(claims, STRANGER, kid="' OR 1=1 --"),
    "an extension we do not know": lambda claims: signed(claims, crit=["exp2"], exp2=1),
    "another audience": lambda claims: signed({**claims, "aud": "elsewhere"}),
    "another issuer": lambda claims: signed({**claims, "iss": "https://evil.example"}),
    "long over": lambda claims: signed({**claims, "exp": claims["exp"] - 86_400}),
    "not a minute over": lambda claims: signed({**claims, "exp": claims["iat"] - 61}),
    "not yet begun": lambda claims: signed({**claims, "nbf": claims["iat"] + 61}),
    "without an end": lambda claims: signed({k: v for k, v in claims.items() if k != "exp"}),
    "the system": lambda claims: signed({**claims, "kind": "system"}),
    "a refresh token": lambda claims: "c2VjcmV0LXJlZnJlc2gtdG9rZW4tb2YtMzItYnl0ZXM",
    "two tokens": lambda claims: f"{signed(claims)}.{signed(claims)}",
    "an unsigned tail": lambda claims: signed(claims).rpartition(".")[0] + ".",
    "a huge one": lambda claims: signed({**claims, "roles": claims["roles"] * 20_000}, STRANGER),
    "a deep one": lambda claims: f"{b64(b'[' * 5000)}.{b64(b'{}')}.{b64(b'x')}",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_refused(tickets, good, forge):
    assert status(tickets, forge(good)) == 401


def test_clocks_may_differ_by_a_minute_and_no_more(tickets, good):
    assert status(tickets, signed({**good, "exp": good["iat"] - 59})) == 200
    assert status(tickets, signed({**good, "nbf": good["iat"] + 59})) == 200
    tickets.clock.advance(minutes=10)
    assert status(tickets, signed(good)) == 200
    tickets.clock.advance(seconds=61)
    assert status(tickets, signed(good)) == 401


INNER = {
    "X-User-Id": "00000000-0000-0000-0000-000000000000",
    "X-Internal-Actor": "system",
    "X-Operator": "*",
    "X-Roles": "head_office@operator",
    "X-Forwarded-User": "admin",
    "X-Original-URL": "/healthz",
    "X-HTTP-Method-Override": "DELETE",
    "Cookie": "session=admin",
}


@pytest.mark.parametrize("name", INNER)
def test_without_a_token_no_header_lets_anybody_in(tickets, name):
    answer = tickets.app.test_client().get(LIST, headers={name: INNER[name]})

    assert answer.status_code == 401


@pytest.mark.parametrize("place", ["query", "cookie", "basic", "lower"])
def test_a_token_counts_in_the_authorization_header_alone(tickets, good, place):
    client, token = tickets.app.test_client(), signed(good)
    asked = {
        "query": lambda: client.get(f"{LIST}?access_token={token}"),
        "cookie": lambda: client.get(LIST, headers={"Cookie": f"access_token={token}"}),
        "basic": lambda: client.get(LIST, headers={"Authorization": f"Basic {token}"}),
        "lower": lambda: client.get(LIST, headers={"Authorization": token}),
    }
    assert asked[place]().status_code == 401
