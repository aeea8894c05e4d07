"""Starts the processes of a test as `linli run SERVICE ROLE` does, quickly: imported once, then forked for each.

Reads a line of JSON for each process (`argv`, `environment`, `log`, `weakened`) and answers with its id. What a process is
to lack is taken away after the fork, so nothing of it reaches the next one. Every process ends with the test run.
"""

import ctypes
import gc
import json
import os
import signal
import sys
from importlib import import_module

PR_SET_PDEATHSIG = 1


def main() -> None:
    import_everything()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    print("ready", flush=True)
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if pid == 0:
            become(wanted)
        print(pid, flush=True)


def import_everything() -> None:
    for module in ("chassis.http.server", "chassis.consumer", "chassis.relay", "chassis.jobs", "chassis.cli"):
        import_module(module)
    from chassis.service import load, names

    for name in names():
        load(name)
    import_module("services.directory.demo")
    import_module("tests.faults.weakened")
    gc.collect()
    gc.freeze()


def become(wanted: dict) -> None:
    """The process itself; never returns."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    from chassis.cli import main as linli
    from tests.faults import weakened

    weakened.witness()
    weakened.weaken(wanted["weakened"])
    status = 1
    try:
        linli.main(args=wanted["argv"], prog_name="linli", standalone_mode=True)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
