"""Where a private server may live: folders closed to others, ports that nobody holds, and as whom it runs."""

import hashlib
import os
import pwd
import random
import socket
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
EPHEMERAL = 32768  # the kernel hands out ports from here up to clients, so nobody may listen there


class MissingPackages(RuntimeError):
    """A server's binaries are not on this machine."""

    def __init__(self, *packages):
        self.packages = packages
        super().__init__(f"This machine lacks {' '.join(packages)}: run `apt-get install -y {' '.join(packages)}`.")


class DidNotStart(RuntimeError):
    """A server ended, or stayed silent, before it answered."""


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
