"""Tests on real parts: PostgreSQL and RabbitMQ servers for the run, a harness around one service, a platform of several.

Servers come from TEST_DATABASE_URL and TEST_AMQP_URL; else from a Docker Engine by testcontainers, when one answers; else
from this machine's own binaries, privately. Time is a clock that is moved. Tables are empty at the start of each test.
"""

import os
import secrets
import shutil
import socket
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

from chassis import auth, jobs, servers, tables
from chassis.actor import SYSTEM, Actor, Kind, Role, reach_of
from chassis.clock import MovableClock
from chassis.database import migrate
from chassis.events import Envelope, dump
from chassis.ids import new_id
from chassis.runtime import Runtime
from chassis.service import Service, load
from chassis.settings import Settings

MONDAY_MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
PASSWORDS = dict.fromkeys(servers.ROLES, "only-for-tests")
KEY = auth.new_key()
SECRET = secrets.token_hex(32)
PRIVATE_KEYS = (Fernet.generate_key().decode(),)

# ── servers ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory) -> Iterator[str]:
    """A PostgreSQL administrator's URL."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
    elif docker_answers():
        yield from _postgres_in_docker()
    else:
        yield from _private_postgres()


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory) -> Iterator["Broker"]:
    """A broker with its management port, empty but for an administrator."""
    given = os.environ.get("TEST_AMQP_URL")
    if given:
        yield Broker(given, os.environ["TEST_MANAGEMENT_URL"])
    elif docker_answers():
        yield from _rabbitmq_in_docker()
    else:
        node = servers.RabbitMQ(
            tmp_path_factory.mktemp("rabbitmq"), servers.free_port(), servers.free_port(), durable=False
        )
        node.start()
        yield Broker(node.amqp_url(), f"http://guest:guest@127.0.0.1:{node.management_port}")
        node.stop()


@dataclass(frozen=True)
class Broker:
    """`amqp_url` and `management_url` are the administrator's, with its password."""

    amqp_url: str
    management_url: str


def docker_answers() -> bool:
    """Whether a Docker Engine is there to run testcontainers; LINLI_TEST_DOCKER=0 says to leave it alone."""
    if os.environ.get("LINLI_TEST_DOCKER") == "0":
        return False
    if os.environ.get("DOCKER_HOST"):
        return True
    with socket.socket(socket.AF_UNIX) as engine:
        return engine.connect_ex("/var/run/docker.sock") == 0


def _postgres_in_docker() -> Iterator[str]:
    from testcontainers.postgres import PostgresContainer

    image = os.environ.get("POSTGRES_IMAGE", "postgres:15")
    with PostgresContainer(image, driver=None) as container:
        yield container.get_connection_url()


def _rabbitmq_in_docker() -> Iterator[Broker]:
    from testcontainers.rabbitmq import RabbitMqContainer

    image = os.environ.get("RABBITMQ_IMAGE", "rabbitmq:3.13-management")
    with RabbitMqContainer(image).with_exposed_ports(15672) as container:
        host, who = container.get_container_host_ip(), f"{container.username}:{container.password}"
        amqp, management = container.get_exposed_port(container.port), container.get_exposed_port(15672)
        yield Broker(f"amqp://{who}@{host}:{amqp}/%2F", f"http://{who}@{host}:{management}")


def _private_postgres() -> Iterator[str]:
    label = f"test-{os.getpid()}"
    server = servers.Postgres(
        servers.data_dir(label), servers.socket_dir(label, servers.server_account()), durable=False
    )
    server.start()
    yield server.url()
    server.stop()
    for folder in (server.data_dir, server.socket_dir):
        shutil.rmtree(folder)
    server.log_path.unlink()


# ── one service ──────────────────────────────────────────────────────────────────────────────────────────────────


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
        with self.runtime.transaction(system=True) as session:
            document = {"keys": [KEY.jwk]}
            session.execute(insert(tables.jwks).values(id=1, document=document, fetched_at=self.clock.now()))

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
        from chassis import inbox

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


# ── several services ─────────────────────────────────────────────────────────────────────────────────────────────


class Platform(dict):
    """Several services by name, under one clock, with events carried between them in memory."""

    def __init__(self, installations: Installations, *names: str):
        super().__init__({name: installations[load(name)] for name in names})
        self.clock = MovableClock(MONDAY_MORNING)
        for each in self.values():
            each.empty()
            each.clock = each.runtime.clock = self.clock

    def settle(self, rounds: int = 20) -> None:
        """Carry events to whoever hears them until nobody has anything more to say."""
        for _ in range(rounds):
            said = [envelope for each in self.values() for envelope in each.take_unsent()]
            if not said:
                return
            for each in self.values():
                heard = [envelope for envelope in said if envelope.type in each.service.hears]
                for start in range(0, len(heard), 50):
                    each.deliver(*heard[start : start + 50])
        raise AssertionError(f"services still have something to say after {rounds} rounds")

    def tick(self, **span: float) -> None:
        """Let time pass, run what is due, and carry what is said."""
        self.clock.advance(**span)
        for each in self.values():
            each.tick()
        self.settle()


def _plain(url: str) -> str:
    """For psycopg itself, which knows no driver names."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
