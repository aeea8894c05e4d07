"""The Debian packages Linli runs on: found, or installed without starting any server on a standard port."""

import os
import shutil
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from chassis import servers
from deploy.local.words import Failed, complain

LOGS = servers.CHECKOUT / ".local" / "log"
POLICY = Path("/usr/sbin/policy-rc.d")
NO_MAIN_CLUSTER = Path("/etc/postgresql-common/createcluster.d/linli.conf")
APT = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"]


def missing(more=None):
    """The packages whose programs are not here. `more`: {package: what raises MissingPackages without it}."""
    tests = {
        "postgresql": servers.postgres_binaries,
        "rabbitmq-server": servers.rabbitmq_server,
        "nginx": nginx,
        **(more or {}),
    }
    return [package for package, find in tests.items() if not _finds(find)]


def nginx():
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if not found:
        raise servers.MissingPackages("nginx")
    return found


def promtool():
    found = shutil.which("promtool")
    if not found:
        raise servers.MissingPackages("prometheus")
    return found


def ensure(log, more=None):
    """Install what is missing; without root, or without apt, say what to install."""
    packages = missing(more)
    if not packages:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        names = " ".join(packages)
        raise Failed(
            f"this machine lacks {names}. Ask an administrator to run `apt-get install -y {names}`, "
            "or use Docker: `docker compose -f deploy/compose.yaml up` (see deploy/README.md).",
            f"本机缺少 {names}。请让管理员执行 `apt-get install -y {names}`，"
            "或改用 Docker：`docker compose -f deploy/compose.yaml up`（见 deploy/README.md）。",
        )
    with no_server_starts(), no_main_cluster():
        _apt(log, "update")
        _apt(log, "install", "-y", "--no-install-recommends", *packages)


@contextmanager
def no_server_starts():
    """Debian's packages start their servers at install unless this file says 101. What was there comes back."""
    before = (POLICY.read_bytes(), stat.S_IMODE(POLICY.stat().st_mode)) if POLICY.exists() else None
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
        if before:
            POLICY.write_bytes(before[0])
            POLICY.chmod(before[1])


@contextmanager
def no_main_cluster():
    """PostgreSQL's package makes a cluster on port 5432 unless told not to."""
    NO_MAIN_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
    NO_MAIN_CLUSTER.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        NO_MAIN_CLUSTER.unlink()


def _finds(find):
    try:
        find()
    except servers.MissingPackages:
        return False
    return True


def _apt(log, *words):
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with open(log, "ab") as out:
        done = subprocess.run([*APT, *words], env=environment, stdout=out, stderr=out, check=False)
    if done.returncode:
        raise Failed(
            f"`apt-get {' '.join(words)}` failed; all of it: {log}",
            f"`apt-get {' '.join(words)}` 失败，完整日志：{log}",
            servers.last_lines(log),
        )


if __name__ == "__main__":
    LOGS.mkdir(parents=True, exist_ok=True)
    try:
        ensure(LOGS / "apt.log", {"prometheus": promtool})  # tests load our alerts into it
    except Failed as failure:
        complain(failure)
        sys.exit(1)
