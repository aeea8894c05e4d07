"""Processes that are forked and not started: what they are told, what they have of the others, how they end."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import servers
from deploy import keys
from deploy.local import launcher, plan, supervise

FORK = """
import os, sys
from deploy.local import launcher
secret = os.environ["OF_THE_PARENT"]
if os.fork() == 0:
    launcher.become(sys.argv[1], sys.argv[2:], {"OF_THE_CHILD": "1"})
print(os.waitstatus_to_exitcode(os.wait()[1]))
"""


def fork(tmp_path, code: str, *words: str) -> tuple[str, str]:
    """Let a child be `python -m role WORDS`. → what both said, on stdout and stderr"""
    (tmp_path / "role.py").write_text(f"import os, signal, sys\n\n\ndef main():\n    {code}\n")
    environment = {"PYTHONPATH": f"{tmp_path}:{servers.CHECKOUT}", "OF_THE_PARENT": "a secret"}
    command = [sys.executable, "-c", FORK, "role", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout, done.stderr


def test_a_child_has_the_environment_that_it_is_given_and_no_more(tmp_path):
    said, _ = fork(tmp_path, "print(sorted(os.environ))")

    assert said == "['OF_THE_CHILD']\n0\n"


def test_a_child_is_named_by_what_it_runs(tmp_path):
    said, _ = fork(tmp_path, "print(open('/proc/self/cmdline').read().rstrip(chr(0)), sys.argv[1:])", "tickets", "web")

    assert said.startswith("python -m role tickets web ['tickets', 'web']")


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [("sys.exit(3)", 3, ""), ("sys.exit('no such thing')", 1, "no such thing"), ("1 / 0", 1, "ZeroDivisionError")],
)
def test_how_a_child_ends_is_told(tmp_path, code, status, told):
    said, complained = fork(tmp_path, code)

    assert said == f"{status}\n"
    assert told in complained


def test_a_child_never_goes_on_as_its_parent(tmp_path):
    """Its log is gone, and so its last words cannot be written: supervisord in its place would tidy up as if it ended."""
    said, complained = fork(tmp_path, "sys.stdout.write('lost'); os.close(1)")

    assert said == "0\n"
    assert complained == ""


def test_a_child_hears_signals_as_a_new_python_does(tmp_path):
    said, _ = fork(tmp_path, "print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL); os.kill(os.getpid(), 15)")

    assert said == "True\n-15\n"


def test_every_program_of_ours_can_be_forked_and_no_server(tmp_path):
    here = plan.Plan(["directory", "notify"], 9080, keys.ensure(tmp_path / "secrets"))

    found = {each.name: (each.group, launcher.entry(each.command)) for each in supervise.programs(here)}

    assert {name for name, (group, entry) in found.items() if entry is None} == {"postgres", "epmd", "rabbitmq"}
    assert found["notify-web"][1] == ("chassis.cli", ["run", "notify", "web"], signal.SIGTERM)
    assert found["edge-pages"][1] == ("gateway.edge.__main__", ["pages"], signal.SIGTERM)
    assert found["seed"][0] == "tasks"


# ── under supervisord ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def here(tmp_path, monkeypatch) -> plan.Plan:
    places = {"LOCAL": tmp_path, "LOGS": tmp_path / "log", "ENV": tmp_path / "env", "DEMO": tmp_path / "demo.json"}
    for module in (plan, supervise):
        for name, path in places.items():
            monkeypatch.setattr(module, name, path)
    monkeypatch.setattr(supervise, "CONFIG", tmp_path / "supervisord.conf")
    places["LOGS"].mkdir()
    port = next(
        port
        for port in iter(servers.free_port, 0)
        if port < 32_000 and all(map(servers.is_free, range(port, port + 50)))
    )
    found = plan.Plan(["directory", "notify"], port, keys.ensure(tmp_path / "secrets"))
    found.write_settings()
    return found


@pytest.fixture
def supervisord(here, monkeypatch) -> Iterator[subprocess.Popen]:
    """Warmed; a child of ours, so that we may look into it."""
    folder = tempfile.mkdtemp(prefix="linli-")  # a socket's path must be short
    monkeypatch.setattr(supervise, "socket_path", lambda: Path(folder, "socket"))
    supervise.write_config(here)
    command = [*servers.tied("KILL"), sys.executable, "-m", "deploy.local.supervisord", "-n", "-c", supervise.CONFIG]
    with open(here_log := supervise.LOGS / "out.log", "wb") as log:
        running = subprocess.Popen(
            command, env=plan.plain_environment(), cwd=plan.ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        assert servers.comes_true(supervise.is_running, 30), here_log.read_text()
        supervise.warm()
        yield running
    finally:
        servers.end(running)
        shutil.rmtree(folder)


def started(name: str) -> int:
    supervise.start(f"platform:{name}")
    return serving(name)


def serving(name: str) -> int:
    """→ its process id, when it has a worker"""
    log = supervise.LOGS / f"{name}.log"
    assert servers.comes_true(lambda: children(supervise.states()[name]["pid"]), 30), servers.last_lines(log)
    return supervise.states()[name]["pid"]


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if pid and path.exists() else []


def holds(pid: int, secret: str) -> bool:
    """Whether it stands anywhere in the process's memory, environment included."""
    with open(f"/proc/{pid}/mem", "rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            start, end = (int(word, 16) for word in re.match(r"(\w+)-(\w+)", line).groups())
            if line.split()[1].startswith("rw"):
                memory.seek(start)
                if secret.encode() in memory.read(end - start):
                    return True
    return False


@pytest.mark.slow
def test_a_role_holds_its_own_secrets_and_nobody_elses(here, supervisord):
    roles = {name: started(f"{name}-web") for name in ("directory", "notify")}
    assert servers.comes_true(lambda: holds(roles["notify"], here.secret("notify", "APP_PASSWORD")), 20)

    for what in ("APP_PASSWORD", "SYSTEM_PASSWORD", "AMQP_PASSWORD", "SECRET_KEY"):
        assert holds(roles["directory"], here.secret("directory", what)), what
        for pid in (roles["directory"], *children(roles["directory"])):
            assert not holds(pid, here.secret("notify", what)), what
    told = [name for name, secret in here.secrets.items() if holds(supervisord.pid, secret)]
    assert told == [], "whoever is forked later would have them too"


@pytest.mark.slow
def test_a_role_that_is_killed_is_started_again_alone_and_all_end_with_supervisord(here, supervisord):
    directory, notify = started("directory-web"), started("notify-web")
    title = Path(f"/proc/{directory}/cmdline").read_bytes().rstrip(b"\0")
    assert title == b"linli run directory web"

    os.kill(directory, signal.SIGKILL)
    assert servers.comes_true(lambda: supervise.states()["directory-web"]["pid"] not in (0, directory), 30)

    again = serving("directory-web")
    assert Path(f"/proc/{again}/cmdline").read_bytes().rstrip(b"\0") == title
    assert supervise.states()["notify-web"]["pid"] == notify
    supervisord.kill()
    supervisord.wait()
    assert servers.comes_true(lambda: not any(Path(f"/proc/{pid}").exists() for pid in (again, notify)), 40)


@pytest.mark.slow
def test_a_task_that_fails_is_named_with_its_last_words(here, supervisord):
    """There is no database."""
    with pytest.raises(supervise.Failed, match="directory-migrate") as failed:
        supervise.run_to_end("directory-migrate")

    assert "OperationalError" in failed.value.log
