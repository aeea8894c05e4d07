"""PostgreSQL: a server on a Unix socket, one for a test run, and a service's database in it."""

import fcntl
import glob
import os
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from chassis.servers.places import DidNotStart, MissingPackages, data_dir, own_folder, server_account, socket_dir
from chassis.servers.processes import Server, tied

ROLES = ("owner", "app", "system")
RIGHTS = Path(__file__).parents[1] / "service_database.sql"


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
    """A PostgreSQL for one test run, that goes with its data."""
    with scratch_label() as label:
        server = Postgres(data_dir(label), socket_dir(label, server_account()), durable=False)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def scratch_label():
    """A name for a run's folders, ours until the block ends; they go then, and what killed runs left behind goes now.

    Whoever holds the lock lives: the kernel gives it back with the process, whatever its number is used for afterwards.
    """
    home = data_dir("test").parent
    home.mkdir(parents=True, exist_ok=True)
    for label in {path.name.split(".")[0] for path in home.glob("test-*")}:
        with open(home / f"{label}.lock", "a") as lock:
            if _is_ours(lock):
                remove_scratch(label)
    label = f"test-{os.getpid()}-{os.urandom(2).hex()}"
    with open(home / f"new-{label}", "w") as lock:
        _is_ours(lock)
        Path(lock.name).rename(home / f"{label}.lock")  # seen by others only when it is held
        try:
            yield label
        finally:
            remove_scratch(label)


def _is_ours(lock):
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove_scratch(label):
    """A run's data, log, sockets, and at last its lock."""
    for folder in (data_dir(label), socket_dir(label, server_account())):
        shutil.rmtree(folder, ignore_errors=True)  # another run may be removing the same
    for file in ("log", "lock"):
        data_dir(f"{label}.{file}").unlink(missing_ok=True)


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
    script = RIGHTS.read_text()
    with psycopg.connect(admin_url, dbname=dbname) as database:
        quoted = re.sub(r":'(\w+)'", lambda found: sql.Literal(values[found[1]]).as_string(database), script)
        database.execute(quoted)
