"""Starts the processes of a test as `linli run SERVICE ROLE` does, quickly: imported once, then forked for each.

Reads a line of JSON for each process (`argv`, `environment`, `log`, `weakened`) and answers with its id. What a process is
to lack is taken away after the fork, so nothing of it reaches the next one. Every process ends with the test run.
"""

import json
import os
import signal
import sys

from deploy.local import launcher
from tests.faults import weakened


def main() -> None:
    launcher.warm()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    print("ready", flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become(wanted)
        print(pid, flush=True)


def become(wanted: dict) -> None:
    """The process itself; never returns."""
    os.setsid()
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    weakened.witness()
    weakened.weaken(wanted["weakened"])
    launcher.become("chassis.cli", wanted["argv"], wanted["environment"], signal.SIGKILL)


if __name__ == "__main__":
    main()
