"""A whole platform on its own servers, laid out as deploy/local lays it out, with every process in our hands."""

import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from json import loads
from pathlib import Path
from uuid import uuid4

import pika
import psycopg
import requests

from chassis import amqp, broker, servers
from chassis.migrations import migrate
from chassis.service import load
from deploy import keys
from deploy.local import plan as local
from services.directory.demo import plans as demo
from tests.faults.accounting import Account, account
from tests.faults.links import Link
from tests.faults.processes import Launcher, Process

SERVICES = ("directory", "tickets", "notify")
ROLES = ("web", "relay", "worker", "clock")
QUICK_TIERS = (
    0.3,
    0.3,
    0.6,
    0.6,
    0.6,
)  # seconds in each tier of retries, by policy, so that a test need not wait hours
SEEDED = "seeded_"


class Plan(local.Plan):
    """deploy/local's, in a folder of our own and on ports nobody has."""

    def __init__(self, folder: Path, label: str):
        super().__init__(list(SERVICES), _free_stretch(), {name: make() for name, make in keys.wanted()})
        self.folder = folder
        self._postgres = servers.Postgres(
            servers.data_dir(label), servers.socket_dir(label, servers.server_account()), durable=True
        )
        self._rabbitmq = servers.RabbitMQ(
            folder / "rabbitmq",
            self.port_of("amqp"),
            self.port_of("management"),
            epmd_port=self.port_of("epmd"),
            dist_port=self.port_of("distribution"),
        )

    @property
    def postgres(self):
        return self._postgres

    @property
    def rabbitmq(self):
        return self._rabbitmq

    def environment_of(self, service: str, role: str) -> dict[str, str]:
        """deploy/local's settings, with files here and no figures, which would want a port for each role."""
        chosen = self.settings(service) | {"DATA_DIR": str(self.folder / "files" / service), "METRICS_BIND": ""}
        chosen |= {"SMTP_HOST": "", "SMS_URL": ""} if service == "notify" else {}
        return {**local.plain_environment(), **{name: str(value) for name, value in chosen.items()}}


class Site:
    """The platform: servers that run until the end, and processes that each test starts as it wants them."""

    def __init__(self, folder: Path):
        self.scratch = ExitStack()
        self.folder, self.plan = folder, Plan(folder, self.scratch.enter_context(servers.scratch_label()))
        self.postgres, self.rabbitmq = self.plan.postgres, self.plan.rabbitmq
        self.launcher = Launcher(folder)
        self.processes: list[Process] = []
        self.links: list[Link] = []
        self.retry_after: tuple = ()
        self.names = SERVICES

    # ── servers ──────────────────────────────────────────────────────────────────────────────────────────────────

    def open(self) -> None:
        self.rabbitmq.launch()
        self.postgres.start()
        self.launcher.start()
        for service in SERVICES:
            servers.create_service_database(self.postgres.url(), service, self.plan.passwords(service))
            migrate(load(service), self.plan.settings(service)["SERVICE_OWNER_DATABASE_URL"])
            self.sql(service, "CREATE TABLE effect (consumer text, event_id uuid, at timestamptz DEFAULT now())")
            self.sql(service, f"GRANT INSERT, SELECT ON effect TO {service}_app, {service}_system")
        self.rabbitmq.wait()
        self.define_broker()
        self._seed()

    def _seed(self) -> None:
        """The demo operators, small; heard by everybody; kept as what each test begins with."""
        told = self.folder / "demo.json"
        self._process("directory", ["seed", "--out", str(told)], "seed", weakened="small_demo").start().died(60)
        self.demo = loads(told.read_text())
        self.start(roles=("relay", "worker", "web"))
        self.quiesce()
        self.stop()
        with psycopg.connect(self.postgres.url(), autocommit=True) as admin:
            for service in SERVICES:
                admin.execute(f"ALTER DATABASE {service} RENAME TO {SEEDED}{service}")

    def begin(self, retry_after: Iterable[float] = QUICK_TIERS) -> None:
        """Everything as it was after the seed: databases, queues; no process runs."""
        self.stop()
        for server in (self.postgres, self.rabbitmq):
            if not server.answers():  # a test that failed left it so
                server.start()
        with psycopg.connect(self.postgres.url(), autocommit=True) as admin:
            for service in SERVICES:
                admin.execute(f"DROP DATABASE IF EXISTS {service} WITH (FORCE)")
                admin.execute(f"CREATE DATABASE {service} TEMPLATE {SEEDED}{service} STRATEGY file_copy")
        for service in SERVICES:
            servers.create_service_database(self.postgres.url(), service, self.plan.passwords(service))
        self.define_broker(retry_after)
        self.purge()
        ((self.began,),) = self.sql("directory", "SELECT now()")

    def define_broker(self, retry_after: Iterable[float] = QUICK_TIERS) -> None:
        retry_after = tuple(retry_after)
        if retry_after != self.retry_after:
            self.retry_after = retry_after
            passwords = {service: self.plan.secret(service, "AMQP_PASSWORD") for service in SERVICES}
            administrator = broker.administrator(local.BROKER_ADMIN, self.plan.secrets["RABBITMQ_ADMIN_PASSWORD"])
            wanted = broker.definitions(map(load, SERVICES), passwords, retry_after=retry_after, extra=[administrator])
            broker.sync(self.rabbitmq.management_url, wanted, "guest", "guest")

    def close(self) -> None:
        self.stop()
        self.launcher.stop()
        self.postgres.stop()
        self.rabbitmq.durable = False
        self.rabbitmq.stop()
        self.scratch.close()

    # ── processes ────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self, services=SERVICES, roles=ROLES, *, weakened="", linked=False, **environment) -> list[Process]:
        """Start these roles of these services, and wait until the doors answer."""
        services, roles = ([each] if isinstance(each, str) else each for each in (services, roles))
        started = []
        for service in services:
            for role in roles:
                process = self._process(
                    service, ["run", service, role], role, weakened=weakened, linked=linked, **environment
                )
                process.health = f"http://{self.plan.at(service)}/healthz" if role == "web" else ""
                started.append(process.start())
        self.processes += started
        return [process.wait() for process in started]

    def one(self, service: str, role: str, **more) -> Process:
        return self.start(service, role, **more)[0]

    def linli(self, service: str, *argv: str, **environment) -> None:
        """Run one command to its end."""
        process = self._process(service, list(argv), argv[0], **environment).start()
        assert process.died(60), f"linli {' '.join(argv)} does not end"

    def _process(self, service, argv, what, *, weakened="", linked=False, **environment) -> Process:
        chosen = self.plan.environment_of(service, what) | environment
        if linked:
            chosen |= self._linked(chosen)
        return Process(self.launcher, argv, chosen, self.folder / f"{service}-{what}.log", weakened)

    def _linked(self, chosen: dict[str, str]) -> dict[str, str]:
        """Its ways to broker and database lead through links of ours."""
        to_broker = Link(("127.0.0.1", self.rabbitmq.port))
        to_database = Link(str(self.postgres.socket_dir / ".s.PGSQL.5432"))
        self.links += [to_broker, to_database]
        folder = f"?host={self.postgres.socket_dir}"
        through = f"?host=127.0.0.1&port={to_database.port}&sslmode=disable&gssencmode=disable"
        urls = ("SERVICE_DATABASE_URL", "SERVICE_SYSTEM_DATABASE_URL")
        return {name: chosen[name].replace(folder, through) for name in urls} | {
            "AMQP_URL": chosen["AMQP_URL"].replace(f":{self.rabbitmq.port}/", f":{to_broker.port}/")
        }

    def stop(self) -> None:
        """End every process, at once."""
        for process in self.processes:
            process.kill()
        for link in self.links:
            link.close()
        self.processes, self.links = [], []

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────

    def sql(self, service: str, statement: str, *values) -> list[tuple]:
        with psycopg.connect(self.postgres.url(service), autocommit=True) as database:
            result = database.execute(statement, values)
            return result.fetchall() if result.description else []

    def count(self, service: str, query: str, *values) -> int:
        return self.sql(service, f"SELECT count(*) FROM {query}", *values)[0][0]

    @property
    def amqp_url(self) -> str:
        return self.rabbitmq.amqp_url(local.BROKER_ADMIN, self.plan.secrets["RABBITMQ_ADMIN_PASSWORD"], amqp.VHOST)

    @contextmanager
    def channel(self) -> Iterator[pika.adapters.blocking_connection.BlockingChannel]:
        with pika.BlockingConnection(pika.URLParameters(self.amqp_url)) as connection:
            yield connection.channel()

    def depth(self, queue: str) -> int:
        with self.channel() as channel:
            return channel.queue_declare(queue, passive=True).method.message_count

    def parked(self, service: str) -> list[dict]:
        """What is parked, left where it is: attempts and reason of each."""
        with self.channel() as channel:
            found = []
            while (got := channel.basic_get(amqp.parked_queue(service)))[0] is not None:
                headers = got[1].headers
                found.append({"attempts": headers.get(amqp.ATTEMPT), "reason": headers.get(amqp.REASON, "")})
            return found

    def drop_policy(self, name: str) -> None:
        """The queue has no limits any more, until the broker is defined anew."""
        self.retry_after = ()
        where = f"{self.rabbitmq.management_url}/api/policies/{amqp.VHOST}/{name}"
        requests.delete(where, auth=("guest", "guest"), timeout=10).raise_for_status()

    def purge(self) -> None:
        with self.channel() as channel:
            for service in SERVICES:
                tiers = [amqp.retry_queue(service, tier) for tier in range(1, amqp.ATTEMPTS)]
                for queue in (amqp.events_queue(service), amqp.parked_queue(service), *tiers):
                    channel.queue_purge(queue)

    def account(self) -> Account:
        return account({service: self.postgres.url(service) for service in SERVICES}, self.amqp_url)

    def quiesce(self, seconds: float = 60) -> Account:
        """The books once they balance; or once nothing moves any more, or the time is over, as they stand then."""
        still, deadline, found = 0, time.monotonic() + seconds, self.account()
        while not found.whole and still < 5 and time.monotonic() < deadline:
            time.sleep(0.5)
            before, found = found, self.account()
            still = still + 1 if self.is_still() and found == before else 0
        return found

    def is_still(self) -> bool:
        """Nothing waits in an outbox or at the broker."""
        waiting = "outbox WHERE sent_at IS NULL AND parked_at IS NULL"
        return not any(self.count(service, waiting) or self.waits(service) for service in SERVICES)

    def waits(self, service: str) -> int:
        """Messages on their way to a service, also those it has and has not acknowledged."""
        queues = requests.get(
            f"{self.rabbitmq.management_url}/api/queues/{amqp.VHOST}", auth=("guest", "guest"), timeout=10
        ).json()
        ways = (amqp.events_queue(service), amqp.retry_exchange(service))
        return sum(queue.get("messages", 0) for queue in queues if queue["name"].startswith(ways))

    # ── faults of the servers ────────────────────────────────────────────────────────────────────────────────────

    def kill_broker(self) -> None:
        self.rabbitmq.kill()

    def kill_postgres(self) -> None:
        self.postgres.kill()

    def start_postgres(self) -> None:
        """Its old backends notice that their postmaster is gone, and hold its memory until then."""
        for _ in range(20):
            try:
                return self.postgres.start()
            except servers.DidNotStart as error:
                reason = error
                time.sleep(0.5)
        raise reason

    def rabbitmqctl(self, *words: str) -> None:
        command = [self.rabbitmq.script.with_name("rabbitmqctl"), "-q", "-n", self.rabbitmq.node, *words]
        subprocess.run(command, env=self.rabbitmq.environment(), check=True, capture_output=True, timeout=60)

    @contextmanager
    def tap(self) -> Iterator["Tap"]:
        """Hear everything that is said from now on, in the order of the wire."""
        with self.channel() as channel:
            queue = channel.queue_declare("", exclusive=True).method.queue
            channel.queue_bind(queue, amqp.EVENTS, "#")
            yield Tap(channel, queue)

    def say(self, *said: tuple[str, bytes], exchange: str = amqp.EVENTS, queue: str = "") -> None:
        """Put messages on the exchange as they are, (routing key, body); or without an exchange into a queue."""
        with self.channel() as channel:
            channel.confirm_delivery()
            for key, body in said:
                properties = pika.BasicProperties(message_id=str(uuid4()), delivery_mode=2)
                channel.basic_publish(exchange, key if exchange else queue, body, properties)


@dataclass
class Tap:
    """What went over the wire."""

    channel: pika.adapters.blocking_connection.BlockingChannel
    queue: str

    def depth(self) -> int:
        return self.channel.queue_declare(self.queue, passive=True).method.message_count

    def read(self) -> list[dict]:
        """The events since the last reading."""
        read = []
        while True:
            method, _, body = self.channel.basic_get(self.queue, auto_ack=True)
            if method is None:
                return read
            read.append(loads(body))


def small_demo() -> None:
    """Three estates of some hundred homes, with everybody who can sign in: enough for any fault."""
    heyue, qingyuan = demo.OPERATORS
    garden, _, lane = heyue.estates
    (villas,) = qingyuan.estates
    no_parking = {"parking": 0, "parking_owned": 0, "parking_let": 0, "unsold": 0, "shops": (0, "0")}
    garden = replace(garden, buildings=3, floors=11, stacks=((12, "89.60"),), **no_parking)
    lane = replace(lane, buildings=5, entrances=2, floors=3, stacks=((10, "79.50"),), **no_parking)
    villas = replace(villas, buildings=8, stacks=((8, "240.00"),))
    made = (replace(heyue, estates=(garden, lane)), replace(qingyuan, estates=(villas,)))
    from services.directory import demo as seeding

    seeding.OPERATORS = made


def _free_stretch() -> int:
    """A port with as many free ones after it as deploy/local's table wants."""
    wanted = {*local.OFFSETS.values(), *(offset + local.METRICS for offset in local.OFFSETS.values())}
    for _ in range(100):
        port = servers.free_port()
        if port + max(wanted) < servers.EPHEMERAL and all(servers.is_free(port + offset) for offset in wanted):
            return port
    raise servers.DidNotStart("this machine has no hundred free ports in a row")
