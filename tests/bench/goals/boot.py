"""Goal 8: the whole platform from nothing to healthy, and the memory its processes hold."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from chassis import servers
from deploy.local import look
from tests.bench.place import HOME, Program
from tests.bench.run import Run
from tests.bench.table import AT_MOST, Result

COPY = HOME / "checkout"
NEEDED = ("chassis", "services", "gateway", "deploy", "contracts")
HEALTHY = re.compile(r"RabbitMQ, services, edge … [\d.]+ s")
OURS = re.compile(r"linli run |gateway\.edge pages|deploy\.local\.supervisord")
BARE = "import flask, sqlalchemy, psycopg, time; time.sleep(600)"


@dataclass
class Platform:
    """`make up` in a copy of this checkout, on ports of its own, as often as asked; each time from nothing."""

    seconds: list[float] = field(default_factory=list)
    broker: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    def measure(self, run: Run) -> None:
        self.broker.append(_broker_alone())
        _copied()
        began = time.monotonic()
        up = _up()
        try:
            _until_healthy(up)
            self.seconds.append(time.monotonic() - began)
            time.sleep(2)
            held = _memory_of_ours()
            self.memory.append(sum(held))
        finally:
            _take_down(up)
        self.bare.append(_bare(len(held)))
        told = f"up {self.seconds[-1]:.1f} s, broker alone {self.broker[-1]:.1f} s"
        run.say(f"{told}; {len(held)} processes hold {self.memory[-1]:.0f} MB, bare {self.bare[-1]:.0f} MB")


def cold(run: Run) -> None:
    """8a: from nothing to all health checks green, against the broker alone."""
    found = _measured(run)
    services = len([name for name in (COPY / "services").iterdir() if (name / "service.py").exists()])
    words = f"cold up, {services} services, edge, PostgreSQL, RabbitMQ"
    run.found(Result("8a", words, "boot of the broker alone", "s", found.seconds, found.broker, 1.5, 1.2, AT_MOST))


def memory(run: Run) -> None:
    """8b: memory of our Python processes, against as many that only import."""
    found = _measured(run)
    bare = "as many bare imports of flask, sqlalchemy, psycopg"
    run.found(Result("8b", "PSS of all app processes", bare, "MB", found.memory, found.bare, 0.75, 0.6, AT_MOST))


def _measured(run: Run) -> Platform:
    """Both goals look at the same starts."""
    if "platform" not in run.kept:
        run.kept["platform"] = Platform()
        for _ in range(run.repeats):
            run.kept["platform"].measure(run)
    return run.kept["platform"]


def _broker_alone() -> float:
    folder = HOME / "broker-alone"
    shutil.rmtree(folder, ignore_errors=True)
    node = servers.RabbitMQ(folder, servers.free_port(), servers.free_port(), durable=False)
    began = time.monotonic()
    node.start()
    taken = time.monotonic() - began
    node.stop()
    return taken


def _copied() -> None:
    """The checkout as it is now, without anything that has run: data, settings and secrets are made anew."""
    shutil.rmtree(COPY, ignore_errors=True)
    for name in NEEDED:
        shutil.copytree(servers.CHECKOUT / name, COPY / name, ignore=shutil.ignore_patterns("__pycache__", "tests"))


def _up() -> subprocess.Popen:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**inherited, "LANG": "C.UTF-8", "PYTHONPATH": str(COPY), "LINLI_PORT": str(_free_ports())}
    command = [sys.executable, "-u", "-m", "deploy.local", "up"]
    return subprocess.Popen(
        command,
        cwd=COPY,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _free_ports() -> int:
    """A port after which the fifty that the platform uses are free as well."""
    return next(
        port
        for port in iter(servers.free_port, None)
        if all(map(servers.is_free, range(port, port + 50))) and port < 32_000
    )


def _until_healthy(up: subprocess.Popen) -> None:
    said = ""
    while piece := up.stdout.readline():
        said += piece
        if HEALTHY.search(piece):
            return
    raise servers.DidNotStart(said)


def _take_down(up: subprocess.Popen) -> None:
    """Interrupted while it makes demo data it takes down everything itself; else we ask for it."""
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=120)
    down = [sys.executable, "-m", "deploy.local", "down"]
    subprocess.run(down, cwd=COPY, env={**os.environ, "PYTHONPATH": str(COPY)}, capture_output=True, check=False)
    data = _data_of_copy()
    if data.parent != data:
        shutil.rmtree(data, ignore_errors=True)


def _data_of_copy() -> Path:
    """Root’s PostgreSQL data lies outside the copy, in a folder named after its path."""
    return Path("/var/lib/linli", servers.hash_of(COPY)) if os.geteuid() == 0 else COPY / ".local"


def _memory_of_ours() -> list[float]:
    """Megabytes of each of our Python processes of that start: what runs in its copy and is a service, the pages or supervisord."""
    held = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            here = (folder / "cwd").readlink() == COPY
        except OSError:
            continue  # it has ended, or is not ours to look at
        if here and OURS.search(words) and not words.startswith("setpriv"):
            held.append(look._memory(int(folder.name)))
    return held


def _bare(count: int) -> float:
    """Megabytes of as many processes that import the three libraries and nothing else."""
    crowd = [Program(f"bare {number}", [sys.executable, "-c", BARE], {}) for number in range(count)]
    try:
        for each in crowd:
            each.start()
        servers.comes_true(lambda: all(look._memory(each.process.pid) > 30 for each in crowd), 60)
        time.sleep(5)  # the last of them has imported the last of it
        return sum(look._memory(each.process.pid) for each in crowd)
    finally:
        for each in crowd:
            each.stop()
