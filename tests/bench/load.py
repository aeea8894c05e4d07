"""The load: closed loops of eight, the same for every side."""

import json
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chassis import servers
from tests.bench import packages
from tests.bench.place import HOME

CONNECTIONS = 8
MIX = Path(__file__).parent / "lua" / "mix.lua"


class WentWrong(RuntimeError):
    """A measurement whose answers were not all good measures nothing."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    token: str
    body: dict | None = None

    def line(self) -> str:
        body = json.dumps(self.body, ensure_ascii=False, separators=(",", ":")) if self.body else ""
        return "\t".join((self.method, self.path, self.token, body))


def write_mix(name: str, requests: Iterable[Request]) -> Path:
    """A file of requests for `wrk`."""
    file = HOME / f"{name}.mix"
    file.write_text("\n".join(request.line() for request in requests) + "\n")
    return file


def wrk(address: str, mix: Path, seconds: float) -> dict:
    """Requests a second and latencies (ms) of one closed loop with eight connections.

    Raises:
        WentWrong: any answer was not a success.
    """
    command = [
        packages.wrk(),
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "10s",
        "-s",
        str(MIX),
        address,
    ]
    ran = subprocess.run(
        command, env={**os.environ, "BENCH_MIX": str(mix)}, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise WentWrong(f"wrk {address}: {ran.stdout}{ran.stderr}")
    told = json.loads(ran.stdout.strip().splitlines()[-1])
    if told["bad_status"] or told["broken"] or not told["requests"]:
        raise WentWrong(f"wrk {address} {mix.name}: {told}")
    return {**told, "rate": told["requests"] / told["seconds"]}


def cpu_seconds(*roots: int) -> float:
    """CPU time that these processes and all below them have used, ended children included."""
    used, children = {}, defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        pid = int(stat.parent.name)
        used[pid] = sum(map(int, fields[11:15]))
        children[int(fields[1])].append(pid)
    waiting, ticks = list(roots), 0
    while waiting:
        pid = waiting.pop()
        ticks += used.get(pid, 0)
        waiting += children[pid]
    return ticks / os.sysconf("SC_CLK_TCK")


def pgbench(url: str, script: Path, seconds: float, clients: int = CONNECTIONS) -> float:
    """Transactions a second of a script, prepared, over eight connections."""
    program = servers.postgres_binaries() / "pgbench"
    command = [program, "-n", "-M", "prepared", "-c", clients, "-j", 1, "-T", round(seconds), "-f", script, url]
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    rate = re.search(r"tps = ([\d.]+)", ran.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", ran.stdout)
    if ran.returncode or not rate or (failed and int(failed[1])):
        raise WentWrong(f"pgbench {script.name}: {ran.stdout}{ran.stderr}")
    return float(rate[1])
