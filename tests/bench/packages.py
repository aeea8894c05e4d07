"""What the bench needs beside the platform: `wrk`, and an environment of the peers' own, never mixed into ours."""

import shutil
import subprocess
import sys

from chassis import servers
from deploy.local import packages
from deploy.local.words import Failed, step
from tests.bench.place import HOME, PEERS

LIST = servers.CHECKOUT / "requirements" / "bench.txt"


def ensure() -> None:
    """Install what is missing. Raises Failed, saying what to do."""
    HOME.mkdir(parents=True, exist_ok=True)
    packages.ensure(HOME / "apt.log", {"wrk": wrk})
    peers()


def wrk() -> str:
    found = shutil.which("wrk")
    if not found:
        raise servers.MissingPackages("wrk")
    return found


def peers() -> None:
    """Django, FastAPI and what they need, as pinned."""
    stamp = PEERS.parent / ".linli-bench"
    if stamp.exists() and stamp.read_text() == LIST.read_text():
        return
    with step("peers' Python environment", "对照框架的 Python 环境"):
        _run(sys.executable, "-m", "venv", "--clear", PEERS.parent)
        _run(PEERS / "python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r", LIST)
    stamp.write_text(LIST.read_text())


def _run(*command) -> None:
    log = HOME / "pip.log"
    with open(log, "ab") as out:
        done = subprocess.run(list(map(str, command)), stdout=out, stderr=out, check=False)
    if done.returncode:
        raise Failed(f"pip failed; all of it: {log}", f"pip 失败，完整日志：{log}", servers.last_lines(log))
