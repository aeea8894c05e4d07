"""Tokens: good ones let in, everything else is refused, and strangers cannot make us busy."""

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
import requests
from sqlalchemy import delete, insert, select, text

from chassis import auth, tables
from chassis.http.answers import authenticator
from chassis.ids import new_id
from chassis.testing import KEY, a_person
from chassis.tests.test_http import E1, E2, HY, PILOT, QY, built, problem

OTHER = auth.new_key()


def claims(kites, **changes):
    now = int(kites.clock.now().timestamp())
    said = {
        "iss": "linli-directory",
        "aud": "linli",
        "sub": str(PILOT.id),
        "operator": str(HY),
        "kind": "person",
        "roles": [{"role": "pilot", "scope": f"estate:{E1}"}],
        "epoch": 0,
        "jti": str(new_id()),
        "exp": now + 600,
    }
    return {name: value for name, value in {**said, **changes}.items() if value is not None}


def call(kites, token, path="/api/kites/v1/kites"):
    return kites.app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})


def b64(data) -> str:
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@contextmanager
def directory(document) -> Iterator[tuple[str, list]]:
    """A directory that publishes this key set and counts who asks."""
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/jwks.json", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def asking(kites, monkeypatch):
    """Let the service ask this directory for keys."""

    def at(url):
        monkeypatch.setattr(kites.runtime, "settings", replace(kites.settings, jwks_url=url))

    return at


def known_keys(kites):
    with kites.runtime.transaction(system=True) as session:
        document = session.scalar(select(tables.jwks.c.document))
    return {key["kid"] for key in (document or {}).get("keys", ())}


def forget_keys(kites):
    with kites.runtime.transaction(system=True) as session:
        session.execute(delete(tables.jwks))


def test_a_good_token_lets_in(kites):
    assert call(kites, auth.issue(KEY, claims(kites))).status_code == 200


# ── forged and false ─────────────────────────────────────────────────────────────────────────────────────────────────

FALSE = {
    "another audience": {"aud": "elsewhere"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "linli"},
    "no issuer": {"iss": None},
    "no end": {"exp": None},
    "an end that is no number": {"exp": "tomorrow"},
    "nobody": {"sub": None},
    "somebody who is no id": {"sub": "root"},
    "no operator": {"operator": None},
    "the system itself": {"kind": "system"},
    "roles as text": {"roles": "operator"},
    "roles without scope": {"roles": [{"role": "pilot"}]},
    "no epoch": {"epoch": None},
    "no id": {"jti": None},
}


@pytest.mark.parametrize("changes", FALSE.values(), ids=FALSE)
def test_claims_that_do_not_fit_are_refused(kites, changes):
    problem(call(kites, auth.issue(KEY, claims(kites, **changes))), 401)


def test_an_expired_token_is_refused_and_two_clocks_may_differ_by_a_minute(kites):
    token = auth.issue(KEY, claims(kites))

    kites.clock.advance(seconds=659)
    assert call(kites, token).status_code == 200
    kites.clock.advance(seconds=2)
    problem(call(kites, token), 401)


def test_a_token_of_the_future_is_refused(kites):
    later = int(kites.clock.now().timestamp()) + 90

    problem(call(kites, auth.issue(KEY, claims(kites, nbf=later))), 401)


def test_no_signature_is_no_signature(kites):
    for alg in ("none", "None", "NONE"):
        token = f"{b64({'alg': alg, 'typ': 'JWT', 'kid': KEY.kid})}.{b64(claims(kites))}."
        problem(call(kites, token), 401)


def test_a_public_key_is_not_a_shared_secret(kites):
    signing = f"{b64({'alg': 'HS256', 'typ': 'JWT', 'kid': KEY.kid})}.{b64(claims(kites))}"
    for secret in (json.dumps(KEY.jwk), KEY.jwk["x"], KEY.kid, ""):
        mac = hmac.digest(secret.encode(), signing.encode(), "sha256")
        problem(call(kites, f"{signing}.{b64(mac)}"), 401)


def test_another_key_under_our_id_is_refused(kites):
    problem(call(kites, auth.issue(replace(OTHER, kid=KEY.kid), claims(kites))), 401)


def test_a_changed_token_is_refused(kites):
    head, _, signature = auth.issue(KEY, claims(kites)).split(".")
    lifted = claims(kites, roles=[{"role": "pilot", "scope": "operator"}])

    problem(call(kites, f"{head}.{b64(lifted)}.{signature}"), 401)


def test_a_key_brought_along_is_not_trusted(kites, asking):
    with directory({"keys": [OTHER.jwk]}) as (url, asked):
        for header in ({"jku": url}, {"x5u": url}, {"jwk": OTHER.jwk}, {"jku": url, "kid": KEY.kid}):
            token = jwt.encode(claims(kites), OTHER.pem, algorithm="ES256", headers=header)
            problem(call(kites, token), 401)

    assert asked == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic cm9vdDo=", "Bearer a.b.c", "Bearer é", "Token x"])
def test_what_is_no_token_is_refused(kites, header):
    answer = kites.app.test_client().get("/api/kites/v1/kites", headers={"Authorization": header})

    problem(answer, 401)


def test_a_key_id_that_is_no_text_is_refused(kites):
    token = f"{b64({'alg': 'ES256', 'kid': ['a']})}.{b64(claims(kites))}.{b64(b'x' * 64)}"

    problem(call(kites, token), 401)


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_flood_of_unknown_key_ids_asks_the_directory_once(kites, asking):
    with directory({"keys": [KEY.jwk]}) as (url, asked):
        asking(url)
        for _ in range(50):
            token = auth.issue(replace(OTHER, kid=str(new_id())), claims(kites))
            problem(call(kites, token), 401)

        assert len(asked) == 1
        assert call(kites, auth.issue(KEY, claims(kites))).status_code == 200


def test_a_directory_that_hangs_holds_up_one_caller_and_nobody_else(kites, asking, monkeypatch):
    arrived, go_on = threading.Event(), threading.Event()

    def hang(url):
        arrived.set()
        go_on.wait(10)
        raise requests.Timeout(url)

    assert call(kites, auth.issue(KEY, claims(kites))).status_code == 200
    monkeypatch.setattr(auth, "fetch_keys", hang)
    asking("http://directory/jwks.json")
    invented = [auth.issue(replace(OTHER, kid=str(new_id())), claims(kites)) for _ in range(2)]
    with ThreadPoolExecutor(1) as other:
        held_up = other.submit(call, kites, invented[0])
        assert arrived.wait(10)
        monkeypatch.setattr(auth.KeyRing, "lifetime", -1.0)  # whoever comes now would ask as well

        assert call(kites, auth.issue(KEY, claims(kites, jti="new"))).status_code == 200
        problem(call(kites, invented[1]), 503)
        assert not held_up.done()

        go_on.set()
        problem(held_up.result(), 401)


def test_a_new_key_is_fetched_when_it_is_first_used(kites, asking):
    assert call(kites, auth.issue(KEY, claims(kites))).status_code == 200

    with directory(
        {"keys": [KEY.jwk, OTHER.jwk, {"kty": "RSA", "kid": "odd"}, {"kty": "EC", "crv": "P-256", "kid": "bad"}]}
    ) as (url, _):
        asking(url)
        assert call(kites, auth.issue(OTHER, claims(kites))).status_code == 200

    assert known_keys(kites) >= {KEY.kid, OTHER.kid}


def test_a_withdrawn_key_is_dropped(kites, asking):
    token = auth.issue(KEY, claims(kites))
    assert call(kites, token).status_code == 200

    with directory({"keys": [OTHER.jwk]}) as (url, _):
        asking(url)
        with kites.app.app_context():
            authenticator().keys.refresh()
        problem(call(kites, token), 401)


def test_a_service_starts_while_the_directory_is_down(kites, asking):
    asking("http://127.0.0.1:9/jwks.json")

    assert call(kites, auth.issue(KEY, claims(kites))).status_code == 200
    assert kites.client().get("/healthz").status_code == 200


def test_without_any_key_patience_is_asked_for(kites, asking):
    forget_keys(kites)

    problem(call(kites, auth.issue(KEY, claims(kites))), 503)
    health = kites.client().get("/healthz")
    assert (health.status_code, health.json["lacks"][0]) == (503, "keys")

    with directory({"keys": [KEY.jwk]}) as (url, _):
        asking(url)
        assert call(kites, auth.issue(KEY, claims(kites))).status_code == 200
    assert known_keys(kites) == {KEY.kid}


def test_a_directory_that_answers_nonsense_changes_nothing(kites, asking):
    for nonsense in ({"keys": []}, {"keys": "none"}, [], "keys"):
        with directory(nonsense) as (url, _):
            asking(url)
            with kites.app.app_context():
                authenticator().keys.asked_at = -1e9
                authenticator().keys.refresh()
        assert call(kites, auth.issue(KEY, claims(kites))).status_code == 200


# ── revoked, and where roles reach ───────────────────────────────────────────────────────────────────────────────────


def test_a_revoked_account_is_refused_within_seconds(kites):
    token = auth.issue(KEY, claims(kites, epoch=1))
    assert call(kites, token).status_code == 200
    with kites.runtime.transaction(system=True) as session:
        session.execute(insert(tables.revocation).values(subject_id=PILOT.id, operator_id=HY, epoch=2))

    with kites.app.app_context():
        authenticator().forget()

    problem(call(kites, token), 401)
    assert call(kites, auth.issue(KEY, claims(kites, epoch=2))).status_code == 200


def test_what_is_remembered_of_an_account_is_remembered_briefly(kites):
    with kites.app.app_context():
        assert authenticator().revoked.seconds <= 2
        assert authenticator().reach.seconds <= 10


def test_only_revocations_that_a_living_token_may_meet_are_read(kites):
    old = text("clock_timestamp() - interval '16 minutes'")
    rows = [
        {"subject_id": new_id(), "operator_id": HY, "epoch": 2},
        {"subject_id": new_id(), "operator_id": QY, "epoch": 2},
    ]
    with kites.runtime.transaction(system=True) as session:
        session.execute(insert(tables.revocation), rows)
        session.execute(insert(tables.revocation).values(subject_id=PILOT.id, operator_id=HY, epoch=2, heard_at=old))

    with kites.app.app_context():
        assert authenticator().revoked(HY) == {rows[0]["subject_id"]: 2}


def test_a_token_that_would_outlive_what_is_remembered_is_refused(kites):
    now = int(kites.clock.now().timestamp())

    assert call(kites, auth.issue(KEY, claims(kites, exp=now + auth.LIFETIME))).status_code == 200
    problem(call(kites, auth.issue(KEY, claims(kites, exp=now + auth.LIFETIME + auth.LEEWAY + 5))), 401)


def test_where_a_unit_lies_is_asked_once_and_a_region_again(kites, monkeypatch):
    asked, unit, region = [], f"unit:{new_id()}", f"region:{new_id()}"
    monkeypatch.setattr(
        kites.service, "estates_of", lambda _, scopes: asked.append(scopes) or {scope: {E1} for scope in scopes}
    )
    roles = tuple(auth.Role("pilot", scope) for scope in (unit, region))

    with kites.app.app_context():
        for _ in range(2):
            assert authenticator()._resolve(HY, roles)["kites:fly"] == {E1}
        authenticator()._resolve(QY, roles)

    assert asked == [{unit, region}, {region}, {unit, region}]


def test_a_unit_not_yet_heard_of_is_asked_for_again(kites, monkeypatch):
    asked = []
    monkeypatch.setattr(kites.service, "estates_of", lambda _, scopes: asked.append(scopes) or {})

    with kites.app.app_context():
        for _ in range(2):
            authenticator()._resolve(HY, (auth.Role("pilot", f"unit:{new_id()}"),))

    assert len(asked) == 2


def test_a_role_of_a_region_reaches_the_estates_that_the_service_knows_of(kites, monkeypatch):
    region = new_id()
    monkeypatch.setattr(kites.service, "estates_of", lambda session, scopes: {f"region:{region}": {E1}})
    kite, far = built(kites), new_id()

    ruler = kites.client(a_person(operator_id=HY, roles=[f"pilot@region:{region}"]))
    other = kites.client(a_person(operator_id=HY, roles=[f"pilot@region:{far}"]))

    assert ruler.get(f"/kites/{kite['id']}").status_code == 200
    problem(ruler.post("/kites", {"estate_id": str(E2), "colour": "red"}), 403)
    problem(other.get(f"/kites/{kite['id']}"), 403)


def test_a_role_the_service_does_not_know_gives_nothing(kites):
    problem(kites.client(a_person(operator_id=HY, roles=["king@operator"])).get("/kites"), 403)


@pytest.mark.parametrize(
    "scope",
    [
        "estate:everywhere",
        "estate",
        "estate:",
        "operator:01890a5d-ac96-774b-bcce-b302099a8057",
        "",
        "city:01890a5d-ac96-774b-bcce-b302099a8057",
        None,
    ],
)
def test_a_scope_that_cannot_be_read_is_refused(kites, scope):
    problem(call(kites, auth.issue(KEY, claims(kites, roles=[{"role": "pilot", "scope": scope}]))), 401)


def test_a_key_has_the_same_id_wherever_it_is_read(kites):
    assert auth.read_key(KEY.pem) == KEY
    assert "d" not in KEY.jwk
