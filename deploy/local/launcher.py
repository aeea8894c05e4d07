"""Our Python processes as forks of one that has imported everything: a start costs a tenth of a second, not one and a half,
and what they all have read is in memory once.

`warm` in the parent, once; `become` in each child. The parent holds no service's settings: a child reads its own after the
fork, so that no process has the passwords of another. Code is read when the parent is warmed, and not again before it ends.
"""

import ctypes
import gc
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

SHARED = (
    "chassis.http.server", "chassis.consumer", "chassis.relay", "chassis.jobs", "chassis.migrations", "chassis.cli",
    "gunicorn.app.wsgiapp", "gateway.edge.__main__", "gateway.edge.pages", "services.directory.demo",
    "services.notify.simulators", "deploy.local.topology",
)  # fmt: skip
PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15

_state = {"warm": False}


def warm() -> None:
    """Import what any of our processes may need."""
    for module in SHARED:
        import_module(module)
    from chassis.service import load, names

    for name in names():
        load(name)
    _rehearse()
    gc.collect()
    gc.freeze()  # what all share is not looked at again, and so not copied
    _state["warm"] = True


def _rehearse() -> None:
    """What every child does first, with nobody at the other end: else each makes the same tables in memory of its own."""
    import psycopg
    from sqlalchemy.orm import configure_mappers

    from chassis.database import make_engine

    configure_mappers()
    make_engine("postgresql://")
    connection = psycopg.pq.PGconn.connect(b"host=/nowhere")
    # The library that psycopg brings along begins with megabytes, for which it wants a password to work on.
    connection.encrypt_password(b"-", b"-", b"scram-sha-256")
    connection.finish()


def is_warm() -> bool:
    return _state["warm"]


def entry(command: list[str]) -> tuple[str, list[str], int] | None:
    """Of `[setpriv --pdeathsig HOW] linli WORDS…` or `… python -m MODULE WORDS…`: module, words, and the signal or 0.

    None when it is not ours to fork.
    """
    how = 0
    if command[:2] == ["setpriv", "--pdeathsig"]:
        how, command = signal.Signals[f"SIG{command[2]}"], command[3:]
    program, *words = command
    if Path(program).name == "linli":
        return "chassis.cli", words, how
    if Path(program).name == "python" and words[:1] == ["-m"]:
        return _main_of(words[1]), words[2:], how
    return None


def _main_of(module: str) -> str:
    return f"{module}.__main__" if find_spec(module).submodule_search_locations else module


def become(module: str, words: list[str], environment: dict[str, str], ends_with_parent: int = 0) -> NoReturn:
    """In the child: be `python -m MODULE WORDS`, with this environment and nothing else of the parent's."""
    status = 1
    try:
        _tie(ends_with_parent)
        _forget_handlers()
        os.environ.clear()
        os.environ.update(environment)
        _open_streams()
        name = "linli" if module == "chassis.cli" else f"python -m {module.removesuffix('.__main__')}"
        entitle(" ".join([name, *words]))
        sys.argv = [name, *words]
        import_module(module).main()
        status = 0
    except SystemExit as end:
        status = _status(end.code)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _end(status)


def _tie(how: int) -> None:
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(how))
    if how and os.getppid() != parent:  # it ended in between
        os._exit(1)


def _forget_handlers() -> None:
    """As in a new Python."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, signal.SIGXFSZ}:
        if signal.getsignal(number) != signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _open_streams() -> None:
    """On whatever the parent laid at 0, 1 and 2; its own objects for them may be of another kind."""
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115


def _end(status: int) -> NoReturn:
    """Whatever happens here, the parent's code further up the stack must not go on in the child."""
    try:
        with suppress(OSError):  # nobody reads it any more
            sys.stdout.flush()
            sys.stderr.flush()
    finally:
        os._exit(status)


def _status(code) -> int:
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


def entitle(title: str) -> None:
    """What `ps` shows: as much as there is room for where the parent's command line lies."""
    start, end = map(int, Path("/proc/self/stat").read_text().rpartition(")")[2].split()[45:47])
    room = end - start
    ctypes.memmove(start, title.encode()[: room - 1].ljust(room, b"\0"), room)
    ctypes.CDLL(None).prctl(PR_SET_NAME, title.replace("run ", "")[:15].encode())
