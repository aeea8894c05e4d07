"""The platform's own processes, each of which can be killed, stopped, continued and started again."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import requests

from chassis import servers


class Launcher(servers.Server):
    """The process from which the others are forked."""

    name = "launcher"

    def __init__(self, folder: Path):
        self.log_path = folder / "launcher.log"
        self.one_at_a_time = threading.Lock()

    def start(self) -> None:
        command = [*servers.tied("KILL"), sys.executable, "-m", "tests.faults.launcher"]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, cwd=servers.CHECKOUT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        if self.process.stdout.readline() != "ready\n":
            raise servers.DidNotStart(f"the launcher did not start.\n{servers.last_lines(self.log_path)}")

    def fork(self, **wanted) -> int:
        """→ the process's id"""
        with self.one_at_a_time:
            self.process.stdin.write(json.dumps(wanted) + "\n")
            self.process.stdin.flush()
            return int(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@dataclass(eq=False)
class Process:
    """One role of one service: `linli run SERVICE ROLE`."""

    launcher: Launcher
    argv: list[str]
    environment: dict[str, str] = field(repr=False)
    log: Path
    weakened: str = ""
    health: str = ""  # where a web role says that it is well
    pid: int = 0

    @property
    def name(self) -> str:
        return " ".join(self.argv[1:])

    @property
    def role(self) -> str:
        return self.argv[-1]

    def start(self) -> "Process":
        self.pid = self.launcher.fork(
            argv=self.argv, environment=self.environment, log=str(self.log), weakened=self.weakened
        )
        return self

    def is_alive(self) -> bool:
        return bool(self.pid) and Path(f"/proc/{self.pid}").exists()

    def answers(self) -> bool:
        try:
            return requests.get(self.health, timeout=2).ok
        except requests.RequestException:
            return False

    def wait(self, seconds: float = 60) -> "Process":
        """Until it is well, where it says so."""
        if self.health and not servers.comes_true(self.answers, seconds):
            raise AssertionError(f"{self.name} does not answer.\n{servers.last_lines(self.log)}")
        return self

    def died(self, seconds: float = 30) -> bool:
        """Whether it ended by itself within so many seconds."""
        return servers.comes_true(lambda: not self.is_alive(), seconds)

    def signal(self, how: signal.Signals) -> None:
        """Sent to the process and its workers."""
        if self.is_alive():
            os.killpg(self.pid, how)

    def kill(self) -> None:
        """As by the kernel: no last words."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGKILL)
        assert self.died(), f"{self.name} survived SIGKILL"

    def pause(self) -> None:
        self.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.signal(signal.SIGCONT)

    def memory(self) -> int:
        """Resident KiB, of the process and its workers."""
        return sum(map(_resident, [self.pid, *_children(self.pid)]))

    def processor_seconds(self) -> float:
        """How long it has been running on a processor."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0
