"""PostgreSQL and RabbitMQ as private servers, from this machine's own binaries.

Tests and `make up` use the same two classes. Nothing here touches a server that already runs on a standard port: data,
sockets, ports, node name and port mapper are all our own, and a server ends with the process that started it.
"""

import glob
import hashlib
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

CHECKOUT = Path(__file__).resolve().parents[1]
EPHEMERAL = 32768  # the kernel hands out ports from here up to clients, so nobody may listen there
ROLES = ("owner", "app", "system")

# The kernel ends a server when the *thread* that started it ends: this one lives as long as the process does.
_spawner = ThreadPoolExecutor(1, thread_name_prefix="servers")


class MissingPackages(RuntimeError):
    """A server's binaries are not on this machine."""

    def __init__(self, *packages):
        self.packages = packages
        super().__init__(f"This machine lacks {' '.join(packages)}: run `apt-get install -y {' '.join(packages)}`.")


class DidNotStart(RuntimeError):
    """A server ended, or stayed silent, before it answered."""


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def hash_of(path=CHECKOUT):
    """Eight letters that tell one checkout's servers from another's."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:8]


def server_account():
    """Whom PostgreSQL runs as: ourselves, or `postgres` when we are root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise MissingPackages("postgresql") from None


def own_folder(path, account=None):
    """A folder closed to others, belonging to `account`; one that somebody else made first is refused."""
    uid = account.pw_uid if account else os.geteuid()
    path = Path(path)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_uid == os.geteuid() != uid:
        os.chown(path, uid, account.pw_gid)
    if path.is_symlink() or path.stat().st_uid != uid:
        raise DidNotStart(f"{path} belongs to somebody else; remove it and try again.")
    path.chmod(0o700)
    return path


def socket_dir(label="local", account=None):
    """A short path for sockets: a Unix socket's address holds 107 bytes, and a checkout may lie deep."""
    uid = account.pw_uid if account else os.geteuid()
    return own_folder(f"/tmp/linli-{uid}-{hash_of(f'{CHECKOUT}:{label}')}", account)


def data_dir(label):
    """Where PostgreSQL keeps its data: in the checkout, or for root where user `postgres` can reach it."""
    if os.geteuid() == 0:
        return Path("/var/lib/linli", hash_of(), label)
    return CHECKOUT / ".local" / label


# ── ports ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port():
    """A port nobody listens on, below the ephemeral range."""
    return next(port for port in iter(lambda: random.randrange(10_000, EPHEMERAL), None) if is_free(port))


# ── processes ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Server:
    """A process of ours: prepare, launch, wait until it answers, stop."""

    name = "server"
    stop_signal = signal.SIGTERM
    process = None

    def start(self):
        self.launch()
        self.wait()

    def launch(self):
        """Begin to start; `wait` for it later, so that several may start side by side."""
        self.prepare()
        self.process = self._spawn(self.command(), self.environment())

    def wait(self, seconds=90):
        """Until it answers; a server that ends first is an error with its last words."""
        comes_true(lambda: self.answers() or self.process.poll() is not None, seconds)
        if self.process.poll() is not None or not self.answers():
            self.stop()
            raise DidNotStart(f"{self.name} did not start.\n{last_lines(self.log_path)}\n(all of it: {self.log_path})")

    def stop(self):
        end(self.process, self.stop_signal)
        self.process = None

    def environment(self):
        return dict(os.environ)

    def _spawn(self, command, environment):
        def spawn():
            with open(self.log_path, "ab") as log:
                return subprocess.Popen(
                    command,
                    env=environment,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

        return _spawner.submit(spawn).result()


def end(process, how=signal.SIGTERM, seconds=30):
    """End one process of ours, politely first."""
    if process is None:
        return
    process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tied(how="TERM", account=None):
    """The start of a command whose process ends with its parent, under `account` when that is not us."""
    switch = ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--init-groups"] if account else []
    return ["setpriv", *switch, "--pdeathsig", how]


def comes_true(condition, seconds):
    """Whether the condition held at some moment within the limit."""
    deadline = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return held


def last_lines(path, count=15):
    path = Path(path)
    return "\n".join(path.read_text(errors="replace").splitlines()[-count:]) if path.exists() else ""


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────────────────────────


def postgres_binaries():
    """The folder of the newest PostgreSQL installed here."""
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    if not found:
        raise MissingPackages("postgresql")
    return Path(max(found, key=lambda path: int(re.search(r"/(\d+)/bin", path)[1]))).parent


class Postgres(Server):
    """A PostgreSQL that answers on a Unix socket only. Not `durable` trades safety for speed: for tests."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": do not wait for clients to leave
    admin = "linli_admin"

    def __init__(self, data_dir, socket_dir, durable=True):
        self.data_dir, self.socket_dir, self.durable = (Path(data_dir), Path(socket_dir), durable)
        self.account = server_account()
        self.binaries = postgres_binaries()
        self.log_path = self.data_dir.parent / f"{self.data_dir.name}.log"

    def url(self, dbname="postgres", user=None, password=None):
        """For SQLAlchemy and libpq alike. Without a user: the administrator, whom the closed folder protects."""
        who = f"{user}:{quote(password, safe='')}" if user else self.admin
        return f"postgresql://{who}@/{dbname}?host={quote(str(self.socket_dir), safe='/')}"

    def prepare(self):
        """An empty data folder becomes a database cluster: the administrator by socket, all others by password."""
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        own_folder(self.data_dir, self.account)
        own_folder(self.socket_dir, self.account)
        if (self.data_dir / "PG_VERSION").exists():
            return
        options = ["-U", self.admin, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        initdb = [*self._as_account(), self.binaries / "initdb", "-D", self.data_dir, *options]
        made = subprocess.run(initdb, cwd="/", capture_output=True, text=True, check=False)
        if made.returncode:
            shutil.rmtree(self.data_dir)
            raise DidNotStart(f"initdb failed.\n{made.stdout}{made.stderr}")
        rules = f"local all {self.admin} trust\nlocal all all scram-sha-256\n"
        (self.data_dir / "pg_hba.conf").write_text(rules)

    def command(self):
        options = {
            "listen_addresses": "",
            "unix_socket_directories": self.socket_dir,
            "unix_socket_permissions": "0700",
            "max_connections": 200,
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "idle_in_transaction_session_timeout": "60s",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [
            str(word) for word in [*self._as_account("INT"), self.binaries / "postgres", "-D", self.data_dir, *settings]
        ]

    def answers(self):
        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _as_account(self, ends_on="TERM"):
        return tied(ends_on, self.account if os.geteuid() == 0 else None)


@contextmanager
def scratch_postgres():
    """A PostgreSQL for one test run. It goes with its data, and so does what killed runs left behind."""
    for folder in data_dir("test").parent.glob("test-*"):
        if folder.is_dir() and not Path("/proc", folder.name.split("-")[1]).exists():
            _remove_scratch(folder.name)
    label = f"test-{os.getpid()}-{os.urandom(2).hex()}"
    server = Postgres(data_dir(label), socket_dir(label, server_account()), durable=False)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        _remove_scratch(label)


def _remove_scratch(label):
    for folder in (data_dir(label), socket_dir(label, server_account())):
        shutil.rmtree(folder, ignore_errors=True)  # another run may be removing the same
    data_dir(f"{label}.log").unlink(missing_ok=True)


def create_service_database(admin_url, service, passwords, dbname=None):
    """Make (again) what one service owns: its database, and roles `<service>_owner`, `_app` and `_system`.

    `passwords` maps owner, app and system to theirs. No table is granted here: migrations say who may do what.
    """
    dbname = dbname or service
    with psycopg.connect(admin_url, autocommit=True) as server:
        if not server.execute("SELECT FROM pg_database WHERE datname = %s", [dbname]).rowcount:
            server.execute(
                sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(sql.Identifier(dbname))
            )
    values = {"service": service, **{f"{role}_password": passwords[role] for role in ROLES}}
    script = (Path(__file__).parent / "service_database.sql").read_text()
    with psycopg.connect(admin_url, dbname=dbname) as database:
        quoted = re.sub(r":'(\w+)'", lambda found: sql.Literal(values[found[1]]).as_string(database), script)
        database.execute(quoted)


# ── RabbitMQ ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def rabbitmq_server():
    """The plain start script: the one in /usr/sbin switches user and then cannot reach a private node's folder."""
    script = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    if not script.exists() or not shutil.which("epmd"):
        raise MissingPackages("rabbitmq-server")
    return script


class PortMapper(Server):
    """Erlang's epmd, which otherwise a node starts by itself and leaves behind."""

    name = "epmd"

    def __init__(self, port, log_path):
        self.port, self.log_path = port, log_path

    def prepare(self):
        rabbitmq_server()

    def command(self):
        return [*tied(), shutil.which("epmd"), "-address", "127.0.0.1", "-port", str(self.port)]

    def answers(self):
        return not is_free(self.port)


class RabbitMQ(Server):
    """A RabbitMQ node of our own on 127.0.0.1, run as ourselves, root included.

    With `definitions` the broker imports that file at boot; without, it has the user guest and the vhost "/".
    """

    name = "RabbitMQ"

    def __init__(
        self, base_dir, port, management_port, *, epmd_port=None, dist_port=None, definitions=None, durable=True
    ):
        self.base_dir = Path(base_dir).absolute()
        self.port, self.management_port = port, management_port
        self.epmd_port, self.dist_port = epmd_port or free_port(), dist_port or free_port()
        self.definitions, self.durable = definitions, durable
        self.script = rabbitmq_server()
        self.log_path = self.base_dir / "rabbitmq.log"
        self.port_mapper = PortMapper(self.epmd_port, self.base_dir / "epmd.log")

    def amqp_url(self, user="guest", password="guest", vhost="/"):
        return f"amqp://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{self.port}/{quote(vhost, safe='')}"

    @property
    def management_url(self):
        return f"http://127.0.0.1:{self.management_port}"

    def launch(self):
        self.prepare()
        self.port_mapper.start()
        super().launch()

    def stop(self):
        if self.process and not self.durable:
            self._cut_off()
        super().stop()
        self.port_mapper.stop()

    def _cut_off(self):
        """An orderly shutdown takes seven seconds, which a test's broker does not deserve."""
        node = self.base_dir / "rabbitmq.pid"
        if node.exists():
            os.kill(int(node.read_text()), signal.SIGKILL)

    def prepare(self):
        own_folder(self.base_dir)
        (self.base_dir / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (self.base_dir / "rabbitmq.conf").write_text("\n".join(self._settings()) + "\n")

    def command(self):
        return [*tied(), str(self.script)]

    def environment(self):
        folder = str(self.base_dir)
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": folder,  # the Erlang cookie
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": f"linli-{hash_of(folder)}@localhost",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_CONFIG_FILES": f"{folder}/none/*.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/none.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": f"{folder}/rabbitmq.pid",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{folder}/generated",
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def answers(self):
        """The AMQP port greets us. The management port answers earlier, when clients are still refused."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as wire:
                wire.sendall(b"AMQP\x00\x00\x09\x01")
                return wire.recv(1) == b"\x01"
        except OSError:
            return False

    def _settings(self):
        yield f"listeners.tcp.default = 127.0.0.1:{self.port}"
        yield "management.tcp.ip = 127.0.0.1"
        yield f"management.tcp.port = {self.management_port}"
        yield "log.console = true"
        yield "log.console.level = warning"
        yield "log.file = false"
        yield "collect_statistics_interval = 1000"
        yield "disk_free_limit.absolute = 200MB"
        if self.definitions:
            yield f"load_definitions = {self.definitions}"
