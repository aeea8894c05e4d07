"""One service under test, on its own database, with a clock that is moved and people who are signed in."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import insert, make_url, select

from chassis import auth, inbox, jobs, servers, tables
from chassis.actor import SYSTEM, Actor, Kind, Role, reach_of
from chassis.clock import MovableClock
from chassis.events import Envelope, dump
from chassis.ids import new_id
from chassis.migrations import migrate
from chassis.runtime import Runtime
from chassis.service import Service, load
from chassis.settings import Settings

MONDAY_MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
PASSWORDS = dict.fromkeys(servers.ROLES, "only-for-tests")
KEY = auth.new_key()
SECRET = secrets.token_hex(32)
PRIVATE_KEYS = (Fernet.generate_key().decode(),)


@dataclass(frozen=True)
class Person:
    """Somebody with a token. Roles are written `dispatcher@estate:<id>`."""

    operator_id: UUID
    roles: tuple[str, ...] = ()
    id: UUID = field(default_factory=new_id)
    kind: Kind = Kind.PERSON

    def as_roles(self) -> list[Role]:
        return [Role(*role.split("@")) for role in self.roles]


def a_person(*, operator_id: UUID, roles=(), id: UUID | None = None) -> Person:
    return Person(operator_id, tuple(roles), id or new_id())


class Harness:
    """One service on its own database, with a clock that is moved."""

    def __init__(self, service: Service, admin_url: str, data_dir: Path, clock: MovableClock | None = None):
        self.service = service
        self.clock = clock or MovableClock(MONDAY_MORNING)
        self.database = f"test_{service.name}_{os.getpid()}"
        servers.create_service_database(admin_url, service.name, PASSWORDS, dbname=self.database)
        self.settings = Settings(
            service=service.name,
            database_url=self._url(admin_url, "app"),
            system_database_url=self._url(admin_url, "system"),
            owner_database_url=self._url(admin_url, "owner"),
            amqp_url="",
            jwks_url="",
            data_dir=data_dir,
            secret_key=SECRET,
            private_keys=PRIVATE_KEYS,
        )
        migrate(service, self.settings.owner_database_url)
        self.runtime = Runtime(service, self.settings, self.clock)
        self._admin = psycopg.connect(_plain(admin_url), dbname=self.database, autocommit=True)
        self._admin.execute("SET session_replication_role = replica")  # past the append-only triggers
        empty = [
            name for name in self._plain_tables() if not self._admin.execute(f'SELECT FROM "{name}" LIMIT 1').rowcount
        ]
        self._wipe = "; ".join(
            f'DELETE FROM "{name}"' for name in empty
        )  # for small tables ten times faster than TRUNCATE

    def _url(self, admin_url: str, role: str) -> str:
        url = make_url(admin_url).set(
            username=f"{self.service.name}_{role}", password=PASSWORDS[role], database=self.database
        )
        return url.render_as_string(hide_password=False)

    def empty(self) -> None:
        """As newly installed: no rows but what the migrations wrote; the tests' signing key known."""
        self.clock = self.runtime.clock = MovableClock(MONDAY_MORNING)
        self.__dict__.pop("app", None)
        self._admin.execute(self._wipe)
        with self.work() as work:
            document = {"keys": [KEY.jwk]}
            work.execute(insert(tables.jwks).values(id=1, document=document, fetched_at=self.clock.now()))

    def _plain_tables(self) -> list[str]:
        found = self._admin.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
        )
        return [name for (name,) in found.fetchall()]

    # doors

    @cached_property
    def app(self):
        from chassis.http import create_app

        return create_app(self.runtime)

    def client(self, person: Person | None = None) -> "Client":
        return Client(self, person)

    def hear(
        self,
        fact,
        *,
        operator_id: UUID,
        estate_id: UUID | None = None,
        sequence: int = 1,
        of: UUID | None = None,
        type: str | None = None,
    ):
        """Deliver an event as from its producer, through the inbox. → its envelope, for `deliver` to repeat."""
        kind = fact.__event__
        envelope = Envelope(
            id=new_id(),
            source=f"/{kind.type.split('.')[0]}",
            type=type or kind.type,
            subject=f"{kind.aggregate}/{of or new_id()}",
            time=self.clock.now(),
            operator_id=operator_id,
            estate_id=estate_id,
            sequence=sequence,
            correlation_id=str(new_id()),
            actor="person/of-a-test",
            data=dump(fact),
        )
        self.deliver(envelope)
        return envelope

    def deliver(self, *envelopes: Envelope) -> None:
        """Through inbox and reactions, committed. Anything but success is an error of the test."""
        for envelope, outcome in zip(envelopes, inbox.process(self.runtime, list(envelopes)), strict=True):
            if not outcome.done:
                raise AssertionError(f"{envelope.type}: {outcome}")

    def tick(self) -> dict[str, int]:
        """Run the jobs that are due now."""
        return jobs.run_due(self.runtime)

    # looking inside

    def actor(self, person: Person) -> Actor:
        with self.runtime.transaction(system=True) as session:
            reach = reach_of(
                person.as_roles(), self.service.grants, lambda scopes: self.service.estates_of(session, scopes)
            )
        return Actor(person.kind, person.id, person.operator_id, tuple(person.as_roles()), reach)

    @contextmanager
    def work(self, actor: Actor | Person = SYSTEM, **more):
        """A unit of work, committed at the end; the system's, over all operators, unless somebody is named."""
        actor = self.actor(actor) if isinstance(actor, Person) else actor
        with self.runtime.work(actor, system=actor.kind is Kind.SYSTEM, **more) as work:
            yield work

    def said(self, *types: str) -> list[Envelope]:
        """What is in the outbox, in order; only these types, if any are named."""
        with self.runtime.transaction(system=True) as session:
            events = session.scalars(select(tables.outbox.c.event).order_by(tables.outbox.c.seq)).all()
        return [Envelope.from_dict(event) for event in events if not types or event["type"] in types]

    def heard_events(self) -> set[tuple[str, UUID]]:
        """(consumer, event id) of everything in the inbox."""
        box = tables.inbox.c
        with self.runtime.transaction(system=True) as session:
            return {(row.consumer, row.event_id) for row in session.execute(select(box.consumer, box.event_id))}

    def take_unsent(self) -> list[Envelope]:
        """As a relay would: what is not sent yet, marked as sent."""
        box = tables.outbox
        with self.runtime.transaction(system=True) as session:
            rows = session.execute(
                select(box.c.seq, box.c.event).where(box.c.sent_at.is_(None)).order_by(box.c.seq)
            ).all()
            session.execute(
                box.update().where(box.c.seq.in_([row.seq for row in rows])).values(sent_at=self.clock.now())
            )
        return [Envelope.from_dict(row.event) for row in rows]

    def close(self, admin_url: str) -> None:
        self.runtime.close()
        self._admin.close()
        with psycopg.connect(_plain(admin_url), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{self.database}" WITH (FORCE)')


class Client:
    """An HTTP client, signed in as a person; the token is always fresh by the service's clock."""

    def __init__(self, harness: Harness, person: Person | None):
        self.harness = harness
        self.person = person
        self.http = harness.app.test_client()

    def token(self) -> str:
        person, now = self.person, int(self.harness.clock.now().timestamp())
        claims = {
            "iss": auth.ISSUER,
            "aud": auth.AUDIENCE,
            "sub": str(person.id),
            "operator": str(person.operator_id),
            "kind": str(person.kind),
            "roles": [{"role": role.name, "scope": role.scope} for role in person.as_roles()],
            "epoch": 0,
            "jti": str(new_id()),
            "iat": now,
            "exp": now + 600,
        }
        return auth.issue(KEY, claims)

    def open(self, path: str, *, method: str, headers: dict | None = None, **kwargs):
        """`path` below /api/<service>/v1, or whole when it begins with /api or is an inner page such as /healthz."""
        whole = (
            path if path.startswith(("/api/", "/healthz", "/metrics")) else f"/api/{self.harness.service.name}/v1{path}"
        )
        signed = {"Authorization": f"Bearer {self.token()}"} if self.person else {}
        return self.http.open(whole, method=method, headers={**signed, **(headers or {})}, **kwargs)

    def get(self, path: str, **kwargs):
        return self.open(path, method="GET", **kwargs)

    def post(self, path: str, json=None, **kwargs):
        return self.open(path, method="POST", **({"json": json} if json is not None else {}), **kwargs)

    def put(self, path: str, json=None, **kwargs):
        return self.open(path, method="PUT", json=json, **kwargs)

    def patch(self, path: str, json=None, **kwargs):
        return self.open(path, method="PATCH", json=json, **kwargs)

    def delete(self, path: str, **kwargs):
        return self.open(path, method="DELETE", **kwargs)


def _plain(url: str) -> str:
    """For psycopg itself, which knows no driver names."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Installations(dict):
    """The services installed for this run, each on first use."""

    def __init__(self, admin_url: str, folders):
        super().__init__()
        self.admin_url, self.folders = admin_url, folders

    def __missing__(self, service: Service) -> Harness:
        self[service] = Harness(service, self.admin_url, self.folders.mktemp(service.name))
        return self[service]

    def close(self) -> None:
        for harness in self.values():
            harness.close(self.admin_url)


@pytest.fixture(scope="session")
def installations(postgres_url, tmp_path_factory) -> Iterator[Installations]:
    installed = Installations(postgres_url, tmp_path_factory)
    yield installed
    installed.close()


def harness(service: str | Service):
    """For a `conftest.py`: `tickets = harness("tickets")` makes the fixture of a freshly emptied service."""

    @pytest.fixture
    def fresh(installations) -> Harness:
        found = installations[load(service) if isinstance(service, str) else service]
        found.empty()
        return found

    return fresh
