"""Signing keys change while requests come in, and nobody notices; whoever floods us with made-up key ids is nobody either."""

import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import jwt
import pytest
from werkzeug.serving import make_server

from chassis import auth
from chassis.actor import actor_of_event
from chassis.http.answers import authenticator
from chassis.ids import new_id
from chassis.testing import a_person
from services.directory.handlers import claims, keys
from services.directory.model.accounts import ACCESS_LIFE

CALLERS = 4
PAUSE, LIFETIME = 0.6, 1.0  # seconds; a service's patience with its cached keys, which is 30 and 600 in life


@contextmanager
def listening(app):
    """The directory on a port, for others to fetch its keys. → where"""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/directory/v1/jwks.json"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def fetches(monkeypatch):
    """The key sets that services have fetched, in order."""
    fetched, fetch = [], auth.fetch_keys

    def counted(url):
        fetched.append(fetch(url))
        return fetched[-1]

    monkeypatch.setattr(auth, "fetch_keys", counted)
    return fetched


@pytest.fixture
def listener(directory, tickets, fetches, monkeypatch):
    """tickets, verifying by the keys that a live directory publishes, impatient enough for a test."""
    tickets.clock = tickets.runtime.clock = directory.clock
    monkeypatch.setattr(auth.KeyRing, "pause", PAUSE)
    monkeypatch.setattr(auth.KeyRing, "lifetime", LIFETIME)
    with listening(directory.app) as url:
        monkeypatch.setattr(tickets.runtime, "settings", replace(tickets.settings, jwks_url=url))
        with tickets.app.app_context():
            authenticator().keys.refresh()
        yield tickets


def token_for(directory, person) -> str:
    with directory.runtime.work(actor_of_event(person.operator_id, None)) as work:
        roles = [{"role": role.name, "scope": role.scope} for role in person.as_roles()]
        facts = {"subject": person.id, "kind": "person", "roles": roles, "epoch": 0, "life": ACCESS_LIFE}
        return claims.access_token(work, **facts)["access_token"]


@dataclass
class Load:
    """Callers who fetch a token, use it, and start again; the clock is moved only between two of their calls."""

    directory: object
    listener: object
    person: object
    answers: list = field(default_factory=list)
    forced: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    turns: list = field(default_factory=lambda: [threading.Lock() for _ in range(CALLERS)])

    def call(self, token: str) -> int:
        http = self.listener.app.test_client()
        return http.get("/api/tickets/v1/tickets", headers={"Authorization": f"Bearer {token}"}).status_code

    def live(self, turn: threading.Lock) -> None:
        while not self.over.is_set():
            with turn:
                token = token_for(self.directory, self.person)
                self.answers.append((jwt.get_unverified_header(token)["kid"], self.call(token)))
            self.over.wait(0.01)

    def flood(self) -> None:
        """An attacker who invents key ids, and so keeps the service from asking again just when it would need to."""
        while not self.over.is_set():
            forged = auth.issue(auth.new_key(), {"sub": "nobody"})
            assert self.call(forged) in (401, 503), "unknown, or not known while the directory is being asked"
            self.over.wait(0.02)

    def move_clock(self, **span) -> None:
        """And let the directory look at its keys; at the worst moment, when the service has just asked for them."""
        with ExitStack() as all_waiting:
            for turn in self.turns:
                all_waiting.enter_context(turn)
            self.ask()
            self.directory.clock.advance(**span)
            with self.directory.work() as work:
                keys.rotate(work)

    def ask(self) -> None:
        with self.listener.app.app_context():
            ring = authenticator().keys
        ring.asked_at = -1e9
        ring.refresh()
        self.forced += 1

    @contextmanager
    def running(self):
        threads = [threading.Thread(target=self.live, args=(turn,)) for turn in self.turns]
        threads.append(threading.Thread(target=self.flood))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join()


@pytest.mark.slow
def test_keys_change_under_load_and_not_one_request_fails(directory, listener, fetches):
    person = a_person(operator_id=new_id(), roles=["head_office@operator"])
    load, wait = Load(directory, listener, person), threading.Event().wait
    began = time.monotonic()
    with load.running():
        wait(0.5)
        load.move_clock(days=30, minutes=1)
        wait(2 * LIFETIME)  # an announcement lasts an hour, and a key set ten minutes: six times as long
        load.move_clock(minutes=55)
        late = token_for(directory, person)  # the last of the old key
        load.move_clock(minutes=6)
        assert load.call(late) == 200
        wait(0.5)
        load.move_clock(hours=2)
        wait(LIFETIME)

    old, new = dict.fromkeys(kid for kid, _ in load.answers)
    assert len(load.answers) > 50 and {status for _, status in load.answers} == {200}
    published = [[key["kid"] for key in each["keys"]] for each in fetches]
    assert [old, new] in published, "both were published at once"
    assert published[0] == [old] and published[-1] == [new]
    by_themselves, allowed = len(fetches) - load.forced, (time.monotonic() - began) / PAUSE + 2
    assert by_themselves <= allowed, "the flood of unknown ids asks no oftener than the pause allows"


def test_a_successor_is_announced_longer_than_any_service_keeps_a_key_set():
    assert timedelta(seconds=auth.KeyRing.lifetime + auth.KeyRing.pause + 2 * auth.LEEWAY) <= keys.ANNOUNCED
    assert ACCESS_LIFE + timedelta(seconds=2 * auth.LEEWAY) <= keys.OUTLIVES
    assert auth.LEEWAY <= 60 and auth.KeyRing.pause >= 30


def test_the_last_good_keys_are_kept_while_the_directory_is_down(directory, listener, fetches, monkeypatch, logged):
    person = a_person(operator_id=new_id(), roles=["head_office@operator"])
    tokens = [token_for(directory, person) for _ in range(2)]
    load = Load(directory, listener, person)
    assert load.call(tokens[0]) == 200
    gone = replace(listener.runtime.settings, jwks_url="http://127.0.0.1:1/nothing")
    monkeypatch.setattr(listener.runtime, "settings", gone)
    monkeypatch.setattr(auth.KeyRing, "lifetime", -1.0)  # long over
    monkeypatch.setattr(auth.KeyRing, "pause", 0.0)

    assert load.call(tokens[1]) == 200
    listener.__dict__.pop("app")  # the service starts anew, with what lies in its own database
    assert load.call(tokens[1]) == 200
    assert "auth.keys_unreachable" in logged.getvalue()


def test_a_stolen_key_is_withdrawn_at_once(directory, listener):
    """As docs/security.md says it is done: the row deleted, the web processes started anew."""
    person = a_person(operator_id=new_id(), roles=["head_office@operator"])
    load = Load(directory, listener, person)
    stolen = token_for(directory, person)
    assert load.call(stolen) == 200

    with directory.runtime.transaction(system=True) as session:
        session.connection().exec_driver_sql("DELETE FROM signing_key")
    for each in (directory, listener):
        each.__dict__.pop("app")

    fresh = token_for(directory, person)
    assert load.call(fresh) == 200
    assert load.call(stolen) == 401
