"""Where the bench runs: a private PostgreSQL and RabbitMQ, services as the platform starts them, and their peers.

Everything lies in `.local/bench` and ends with the process that started it.
"""

import fcntl
import json
import os
import shutil
import sys
from functools import cached_property
from pathlib import Path

import psycopg
import requests
from cryptography.fernet import Fernet

from chassis import amqp, auth, broker, servers
from chassis.migrations import migrate
from chassis.runtime import Runtime
from chassis.service import load
from chassis.settings import Settings

HOME = servers.CHECKOUT / ".local" / "bench"
LABEL = "bench"  # of PostgreSQL’s folders
PEERS = servers.CHECKOUT / ".venv-bench" / "bin"
OURS = Path(sys.executable).parent
PASSWORDS = dict.fromkeys(servers.ROLES, "only-for-the-bench")
KEY = auth.new_key()
WORKERS, THREADS = 2, 4


class TunedPostgres(servers.Postgres):
    """Durable, and sized for a machine of its own rather than for a demo."""

    def command(self):
        tuned = (
            "shared_buffers=2GB",
            "max_wal_size=8GB",
            "checkpoint_timeout=15min",
            "maintenance_work_mem=512MB",
            "track_commit_timestamp=on",
        )
        return [*super().command(), *(word for each in tuned for word in ("-c", each))]


class Program(servers.Server):
    """One process under test: its command, its environment, and the address by which it is known to be ready."""

    def __init__(self, name: str, command: list, environment: dict, ready: str = ""):
        self.name, self.ready = name, ready
        self._command, self._environment = command, environment
        self.log_path = HOME / "log" / f"{name}.log"

    def prepare(self):
        self.log_path.parent.mkdir(parents=True, exist_ok=True)

    def command(self):
        return [*servers.tied(), *map(str, self._command)]

    def environment(self):
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**inherited, "PYTHONPATH": str(servers.CHECKOUT), **self._environment}

    def answers(self):
        if not self.ready:
            return True
        try:
            return requests.get(self.ready, timeout=2).status_code < 500
        except requests.RequestException:
            return False


class Place:
    """The servers, the databases made so far, and the programs running; `close` ends all of it."""

    def __init__(self):
        HOME.mkdir(parents=True, exist_ok=True)
        self.alone = open(HOME / "bench.lock", "w")  # noqa: SIM115  held until `close`
        try:
            fcntl.flock(self.alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise servers.DidNotStart("another bench runs in this checkout; wait for its end") from None
        self.account = servers.server_account()
        shutil.rmtree(servers.data_dir(LABEL), ignore_errors=True)
        self.postgres = TunedPostgres(servers.data_dir(LABEL), servers.socket_dir(LABEL, self.account))
        self.postgres.start()
        self.private_keys = Fernet.generate_key().decode()
        self.running: dict[str, Program] = {}
        self.ports: dict[str, int] = {}

    @cached_property
    def rabbitmq(self) -> servers.RabbitMQ:
        """The broker, started when first asked for, with what directory, tickets and notify need."""
        shutil.rmtree(HOME / "rabbitmq", ignore_errors=True)
        node = servers.RabbitMQ(HOME / "rabbitmq", servers.free_port(), servers.free_port())
        node.start()
        services = [load(name) for name in ("directory", "tickets", "notify")]
        passwords = {service.name: PASSWORDS["app"] for service in services}
        node.management = f"http://guest:guest@127.0.0.1:{node.management_port}"
        everything = broker.definitions(services, passwords, extra=[broker.administrator("bench", PASSWORDS["app"])])
        broker.sync(node.management, everything)
        return node

    # ── databases ────────────────────────────────────────────────────────────────────────────────────────────────

    def database(self, service: str, dbname: str | None = None) -> str:
        """A service's database, migrated and with our signing key known. → its name."""
        dbname = dbname or service
        servers.create_service_database(self.postgres.url(), service, PASSWORDS, dbname=dbname)
        migrate(load(service), self.url(service, "owner", dbname))
        with self.admin(dbname) as database:
            database.execute(
                "INSERT INTO jwks VALUES (1, %s, now()) ON CONFLICT (id) DO NOTHING", [json.dumps({"keys": [KEY.jwk]})]
            )
        return dbname

    def url(self, service: str, role: str, dbname: str | None = None) -> str:
        return self.postgres.url(dbname or service, f"{service}_{role}", PASSWORDS[role])

    def admin(self, dbname: str) -> psycopg.Connection:
        return psycopg.connect(self.postgres.url(dbname), autocommit=True)

    def owner(self, service: str, dbname: str) -> psycopg.Connection:
        return psycopg.connect(self.url(service, "owner", dbname), autocommit=True)

    def runtime(self, service: str, dbname: str) -> Runtime:
        """The service inside this process, for what is measured or prepared without its HTTP door."""
        settings = Settings(
            service, *(self.url(service, role, dbname) for role in ("app", "system", "owner")), amqp_url=self.amqp(service),
            jwks_url="", data_dir=HOME / "files", secret_key="x" * 32, private_keys=(self.private_keys,),
        )  # fmt: skip
        return Runtime(load(service), settings, patience="60s")

    def amqp(self, service: str) -> str:
        if "rabbitmq" not in self.__dict__:
            return "amqp://nobody:nothing@127.0.0.1:9/none"
        return self.rabbitmq.amqp_url(broker.user_of(service), PASSWORDS["app"], amqp.VHOST)

    @property
    def amqp_admin(self) -> str:
        return self.rabbitmq.amqp_url("bench", PASSWORDS["app"], amqp.VHOST)

    # ── programs ─────────────────────────────────────────────────────────────────────────────────────────────────

    def settings(self, service: str, dbname: str) -> dict[str, str]:
        """The environment of our own processes: the names in chassis/README.md."""
        return {
            **{f"SERVICE_{what}DATABASE_URL": self.url(service, role, dbname)
               for what, role in (("", "app"), ("SYSTEM_", "system"), ("OWNER_", "owner"))},
            "AMQP_URL": self.amqp(service),
            "DATA_DIR": str(HOME / "files"),
            "SECRET_KEY": "x" * 32,
            "PRIVATE_KEYS": self.private_keys,
            "WEB_WORKERS": str(WORKERS),
            "WEB_THREADS": str(THREADS),
            "PYTHONUNBUFFERED": "1",
        }  # fmt: skip

    def web(self, service: str, dbname: str) -> str:
        """Start the service's web role. → its address."""
        name = f"{service} web {dbname}"
        bind = {"BIND": f"127.0.0.1:{self._port(name)}"}
        command = [OURS / "linli", "run", service, "web"]
        self.start(Program(name, command, self.settings(service, dbname) | bind, f"http://{bind['BIND']}/healthz"))
        return f"http://{bind['BIND']}"

    def background(self, service: str, dbname: str) -> Program:
        """Start relay, consumer and clock of a service, in one process as the platform does."""
        return self.start(self.program(service, dbname, "background"))

    def program(self, service: str, dbname: str, role: str) -> Program:
        command = [OURS / "linli", "run", service, role]
        return Program(f"{service} {role} {dbname}", command, self.settings(service, dbname))

    def twin(self, kind: str, dbname: str, titles: Path) -> str:
        """Start a peer: `drf` or `fastapi`, on the same database, as the same role, with as many workers. → its address."""
        name = f"twin {kind} {dbname}"
        port = self._port(name)
        environment = {
            "TWIN_DATABASE_URL": self.url("tickets", "app", dbname),
            "TWIN_JWK": json.dumps(KEY.jwk),
            "TWIN_TITLES": str(titles),
        }
        gunicorn = [PEERS / "gunicorn", "--no-control-socket", "-k", "gthread", "-w", WORKERS, "--threads", THREADS]
        commands = {
            "drf": [
                *gunicorn,
                "--access-logfile",
                "-",
                "-b",
                f"127.0.0.1:{port}",
                "tests.bench.twins.drf.urls:application",
            ],
            "fastapi": [PEERS / "uvicorn", "--workers", WORKERS, "--port", port, "tests.bench.twins.fast:app"],
        }
        self.start(Program(name, commands[kind], environment, f"http://127.0.0.1:{port}/healthz"))
        return f"http://127.0.0.1:{port}"

    def edge(self, upstream: str) -> str:
        """nginx with the edge's real configuration before the tickets service, its rate limits out of reach. → its address."""
        port = self._port("edge")
        environment = {
            "LINLI_EDGE_DIR": str(HOME / "edge"), "LINLI_PORT": str(port), "LINLI_PAGES": "127.0.0.1:9",
            "LINLI_SERVICES": f"tickets {upstream.removeprefix('http://')};",
            **{f"LINLI_RATE_{whom}": "1000000r/s" for whom in ("ADDRESS", "CALLER", "SIGN_IN")},
            **{f"LINLI_BURST_{whom}": "100000" for whom in ("ADDRESS", "CALLER", "SIGN_IN")},
        }  # fmt: skip
        command = [OURS / "python", "-m", "gateway.edge", "run"]
        ready = f"http://127.0.0.1:{port}/api/tickets/v1/openapi.json"
        self.start(Program("edge", command, environment, ready))
        return f"http://127.0.0.1:{port}"

    def stop(self, *programs: Program) -> None:
        for program in programs or list(self.running.values()):
            program.stop()
            self.running.pop(program.name, None)

    def close(self) -> None:
        self.stop()
        if "rabbitmq" in self.__dict__:
            self.rabbitmq.stop()
        self.postgres.stop()
        shutil.rmtree(servers.data_dir(LABEL), ignore_errors=True)
        shutil.rmtree(self.postgres.socket_dir, ignore_errors=True)
        self.alone.close()

    def start(self, program: Program) -> Program:
        if program.name not in self.running:
            program.start()
            self.running[program.name] = program
        return self.running[program.name]

    def _port(self, name: str) -> int:
        return self.ports.setdefault(name, servers.free_port())
