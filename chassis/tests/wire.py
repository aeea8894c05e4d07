"""Kites on a real broker: its queues, its roles as threads or processes, and a look into what waits where."""

import copy
import os
import subprocess
import sys
import threading
import traceback
import types
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property

import pika
import psycopg
import pytest
from sqlalchemy import make_url, text

from chassis import amqp, broker, servers
from chassis.clock import Clock
from chassis.events import Envelope, dump
from chassis.ids import new_id
from chassis.publisher import Publisher
from chassis.runtime import Runtime

PASSWORD = "only-for-tests"
QUICK = (0.2,) * 5
HY, E1 = new_id(), new_id()


def room(name, *hears, says=()):
    """As much of a service as the broker needs to know."""
    return types.SimpleNamespace(name=name, hears=set(hears), says=list(says))


def hearing(service, *functions):
    """The service, with these reactions for its own."""
    changed = copy.copy(service)
    changed.reactions = [reaction for function in functions for reaction in function.__reactions__]
    return changed


def said_by(fact, *, operator_id=HY, estate_id=E1, sequence=1, type=None, **more) -> Envelope:
    """An event as another service says it."""
    kind = fact.__event__
    return Envelope(
        id=new_id(), source=f"/{kind.type.split('.')[0]}", type=type or kind.type, subject=f"{kind.aggregate}/{new_id()}",
        time=Clock().now(), operator_id=operator_id, estate_id=estate_id, sequence=sequence,
        correlation_id=str(new_id()), actor="person/of-a-test", data=dump(fact), **more,
    )  # fmt: skip


@contextmanager
def away(kites, admin_url):
    """The service's database takes no connections, and ends those that the service has."""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{kites.database}" ALLOW_CONNECTIONS false')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'kites_%'")
        try:
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{kites.database}" ALLOW_CONNECTIONS true')


class Wire:
    """One service on a broker whose queues are empty at the start; `weather` says what kites hear."""

    def __init__(self, kites, node):
        self.kites, self.node, self.runtime, self.processes = kites, node, kites.runtime, []
        self.topology(kites.service)

    def topology(self, service, *others, retry_after=QUICK):
        """Have the broker know `service` and `others`, with the tiers of retry this long."""
        rooms = [service, room("weather"), *others]
        passwords = {each.name: PASSWORD for each in rooms}
        removed = broker.sync(self.node.management_url, broker.definitions(rooms, passwords, retry_after=retry_after))
        if self.runtime.service is not service or not self.runtime.settings.amqp_url:
            self.becomes(service)
        for each in rooms:
            self.purge(each.name)
        return removed

    def becomes(self, service):
        """Run another version of the service from now on."""
        self.close_runtime()
        self.runtime = Runtime(service, replace(self.kites.settings, amqp_url=self.url("kites")), self.kites.clock)

    def url(self, service, password=PASSWORD):
        who = {"username": broker.user_of(service), "password": password, "database": amqp.VHOST}
        return make_url(self.node.amqp_url).set(**who).render_as_string(hide_password=False)

    @cached_property
    def admin(self):
        """The administrator's channel into our vhost."""
        url = make_url(self.node.amqp_url).set(database=amqp.VHOST).render_as_string(hide_password=False)
        self.admin_connection = pika.BlockingConnection(pika.URLParameters(url))
        return self.admin_connection.channel()

    def purge(self, service):
        names = [amqp.events_queue(service), amqp.parked_queue(service)]
        for name in [*names, *(amqp.retry_queue(service, tier) for tier in range(1, amqp.ATTEMPTS))]:
            self.admin.queue_purge(name)

    def depth(self, name) -> int:
        return self.admin.queue_declare(name, passive=True).method.message_count

    def take(self, name) -> list[tuple]:
        """Everything that waits in a queue, taken out of it: [(properties, body)]."""
        found = []
        while True:
            method, properties, body = self.admin.basic_get(name, auto_ack=True)
            if method is None:
                return found
            properties.headers.pop("x-delivery-count", None)  # the queue's own
            found.append((properties, body))

    def say(self, *said) -> None:
        """Publish envelopes, or bodies as they are, as service weather does."""
        publisher = Publisher(self.url("weather"), "weather of a test")
        try:
            assert publisher.ready(10)
            receipt = publisher.publish_batch([_message(each) for each in said])
            assert len(receipt.confirmed) == len(said), receipt
        finally:
            publisher.close()

    @contextmanager
    def running(self, role):
        """The role of a process, in a thread."""
        stop, failures = threading.Event(), []

        def live():
            try:
                role.run(self.runtime, stop)
            except BaseException as error:
                traceback.print_exc()
                failures.append(error)

        def end():
            stop.set()
            thread.join(30)

        thread = threading.Thread(target=live)
        thread.start()
        try:
            yield end
        finally:
            end()
        assert not thread.is_alive() and not failures, failures

    def process(self, role, *, fail_at="", service="chassis.tests.kites.service"):
        """The role in a process of its own, which dies at `fail_at`."""
        code = (
            "import importlib, sys, threading\nfrom chassis import settings\nfrom chassis.runtime import Runtime\n"
            "role, service = sys.argv[1:]\nservice = importlib.import_module(service).service\n"
            "importlib.import_module(role).run(Runtime(service, settings.read('kites')), threading.Event())\n"
        )
        chosen = self.runtime.settings
        environment = {
            "SERVICE_DATABASE_URL": chosen.database_url,
            "SERVICE_SYSTEM_DATABASE_URL": chosen.system_database_url,
            "AMQP_URL": chosen.amqp_url,
            "SECRET_KEY": chosen.secret_key,
            "PRIVATE_KEYS": ",".join(chosen.private_keys),
            "FAIL_AT": fail_at,
        }
        command = [sys.executable, "-c", code, role.__name__, service]
        process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def sql(self, statement, **values):
        """As the service's system role."""
        with self.runtime.transaction(system=True) as session:
            result = session.execute(text(statement), values)
            return result.all() if result.returns_rows else result.rowcount

    def close_runtime(self):
        if self.runtime is not self.kites.runtime:
            self.runtime.close()

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.close_runtime()
        self.admin_connection.close()


def _message(said) -> amqp.Message:
    if isinstance(said, bytes):
        return amqp.Message(str(new_id()), amqp.EVENTS, "weather.storm.announced.v1", said)
    return amqp.Message(str(said.id), amqp.EVENTS, said.type, said.to_json(), {amqp.TRACE: said.traceparent})


def eventually(condition, seconds=20):
    """Wait for it, with a limit."""
    assert servers.comes_true(condition, seconds), f"did not come true within {seconds} s"


@pytest.fixture
def wire(kites, rabbitmq):
    connected = Wire(kites, rabbitmq)
    yield connected
    connected.close()
