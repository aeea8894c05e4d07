"""Looking at what runs: `make ps` and `make logs`."""

import os
from collections import defaultdict
from pathlib import Path

from deploy.local import plan, supervise
from deploy.local.words import pick, say


def ps():
    """Each program: state, process id, memory of it and its children (shared pages counted once), and for how long."""
    if not supervise.is_running():
        return say("Linli is not running here; `make up` starts it.", "邻里未在此处运行，请执行 `make up`。")
    children = _children()
    total = 0
    print(f"{pick('program', '程序'):<22}{'':<10}{'pid':>8}{'MB':>8}")
    for name, each in supervise.states().items():
        if each["group"] == "tasks":
            continue  # it has run to its end
        memory = sum(map(_memory, _tree(each["pid"], children))) if each["pid"] else 0
        total += memory
        uptime = each["description"].partition("uptime ")[2]
        print(f"{name:<22}{each['statename']:<10}{each['pid'] or '':>8}{memory:>8.0f}  {uptime}")
    launcher = supervise.ask("supervisor.getPID")
    total += _memory(launcher)
    print(f"{'supervisord':<22}{'RUNNING':<10}{launcher:>8}{_memory(launcher):>8.0f}")
    print(f"{pick('together', '合计'):<22}{'':<10}{'':>8}{total:>8.0f}")


def status():
    """`linli status`, with this checkout's settings."""
    _linli("status")


def trace():
    """`linli trace`, of the id in the environment variable ID."""
    _linli("trace", os.environ.get("ID", ""))


def _linli(*words):
    os.execve(supervise.LINLI, ["linli", *words], {**os.environ, "LINLI_ENV_DIR": str(plan.ENV)})


def logs():
    """Follow every log until interrupted."""
    files = sorted(map(str, plan.LOGS.glob("*.log")))
    if not files:
        return say("There are no logs yet; `make up` starts Linli.", "尚无日志，请先执行 `make up`。")
    os.execvp("tail", ["tail", "-n", "20", "-F", *files])


def _children():
    found = defaultdict(list)
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(status.read_text().rpartition(")")[2].split()[1])].append(int(status.parent.name))
        except OSError:
            continue  # it has ended meanwhile
    return found


def _tree(pid, children):
    yield pid
    for child in children[pid]:
        yield from _tree(child, children)


def _memory(pid):
    """Megabytes that are this process's own, plus its part of what it shares."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0)
