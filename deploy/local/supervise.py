"""Our own supervisord: its programs, its configuration, and talking to it over its socket."""

import errno
import os
import shlex
import subprocess
import sys
import xmlrpc.client
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.xmlrpc import SupervisorTransport

from chassis import servers
from deploy.local.plan import DEMO, ENV, LOCAL, LOGS, ROOT, plain_environment
from deploy.local.words import FULL, Failed

CONFIG = LOCAL / "supervisord.conf"
BIN = Path(sys.prefix, "bin")
LINLI = BIN / "linli"
INTERFACES = {
    "supervisor": "supervisor.rpcinterface:make_main_rpcinterface",
    "linli": "deploy.local.supervisord:make_interface",
}
KEPT = "autorestart = true\nstartsecs = 5\nstartretries = 4"
TASK = "autorestart = false\nstartsecs = 0"
SILENT = (ConnectionError, FileNotFoundError)


@dataclass
class Program:
    """One process that supervisord keeps running. Those in the group `servers` start first and stop last.

    Those in the group `tasks` are run to their end when somebody asks for them.
    """

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    group: str = "platform"
    stop_signal: str = "TERM"

    def __post_init__(self):
        if self.command[0] != "setpriv":
            self.command = [*servers.tied(), *map(str, self.command)]

    @property
    def full_name(self):
        return f"{self.group}:{self.name}"

    @property
    def log(self):
        return LOGS / f"{self.name}.log"

    def section(self):
        environment = ",".join(f'{name}="{value}"' for name, value in self.environment.items())
        yield f"[program:{self.name}]"
        yield f"command = {_plain(shlex.join(self.command))}"
        yield f"environment = {_plain(environment)}"
        yield f"directory = {_plain('/' if self.group == 'servers' else ROOT)}"
        yield f"autostart = false\n{TASK if self.group == 'tasks' else KEPT}"
        yield f"stopsignal = {self.stop_signal}\nstopwaitsecs = 30\nkillasgroup = true"
        yield f"stdout_logfile = {_plain(self.log)}\nredirect_stderr = true"
        yield "stdout_logfile_maxbytes = 10MB\nstdout_logfile_backups = 1\n"


def programs(plan):
    """Everything that runs, in the order in which it starts."""
    rabbitmq, postgres = plan.rabbitmq, plan.postgres
    yield Program("postgres", postgres.command(), group="servers", stop_signal="INT")
    yield Program("epmd", rabbitmq.port_mapper.command(), group="servers")
    yield Program("rabbitmq", rabbitmq.command(), rabbitmq.environment(), group="servers")
    ours = {"LINLI_ENV_DIR": str(ENV), "PYTHONUNBUFFERED": "1"}
    for service in plan.services:
        figures = {"PROMETHEUS_MULTIPROC_DIR": str(LOCAL / "figures" / service)}
        yield Program(f"{service}-web", [LINLI, "run", service, "web"], ours | figures)
        yield Program(f"{service}-background", [LINLI, "run", service, "background"], ours)
    yield Program("edge", [BIN / "python", "-m", "gateway.edge", "run"], plan.edge())
    yield Program("edge-pages", [BIN / "python", "-m", "gateway.edge", "pages"], plan.edge())
    simulators = [BIN / "python", "-m", "services.notify.simulators"]
    for kind, folder in (("smtp", "mail"), ("sms", "sms")):
        keeping = ["--port", str(plan.port_of(kind)), "--keep", str(LOCAL / folder)]
        yield Program(kind, [*simulators, kind, *keeping], ours)
    yield from _tasks(plan, ours)


def _tasks(plan, ours):
    yield Program("topology", [BIN / "python", "-m", "deploy.local.topology"], ours, group="tasks")
    yield Program("seed", [LINLI, "seed", "--out", str(DEMO)], ours, group="tasks")
    for service in plan.services:
        yield Program(f"{service}-migrate", [LINLI, "migrate", service], ours, group="tasks")


def platform(plan):
    """The full names of what is not a server: those that talk to the broker, and the others."""
    names = [each.full_name for each in programs(plan) if each.group == "platform"]
    background = [name for name in names if name.endswith("-background")]
    return background, [name for name in names if name not in background]


def socket_path():
    return servers.socket_dir() / "supervisor.sock"


def write_config(plan):
    everything = list(programs(plan))
    lines = [
        f"[unix_http_server]\nfile = {_plain(socket_path())}\nchmod = 0700\n",
        f"[supervisord]\nlogfile = {_plain(LOGS / 'supervisord.log')}\npidfile = {_plain(LOCAL / 'supervisord.pid')}",
        f"childlogdir = {_plain(LOGS)}\nidentifier = linli\nminfds = 1024",
        "user = root\n" if os.geteuid() == 0 else "",
        f"[supervisorctl]\nserverurl = unix://{_plain(socket_path())}\n",
    ]
    lines += [
        f"[rpcinterface:{name}]\nsupervisor.rpcinterface_factory = {maker}\n" for name, maker in INTERFACES.items()
    ]
    for priority, group in enumerate(("servers", "platform", "tasks")):
        names = ",".join(each.name for each in everything if each.group == group)
        lines.append(f"[group:{group}]\nprograms = {names}\npriority = {priority}\n")
    lines += [line for each in everything for line in each.section()]
    CONFIG.touch(mode=0o600)
    CONFIG.write_text("\n".join(lines))


def start_supervisord():
    command = [BIN / "python", "-m", "deploy.local.supervisord", "-c", CONFIG]
    started = subprocess.run(command, env=plain_environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    if started.returncode or not servers.comes_true(is_running, seconds=15):
        raise Failed("supervisord did not start.", "supervisord 未能启动。", f"{started.stdout}{started.stderr}")


def warm():
    """Let supervisord import what our programs need; they are forked from it from then on."""
    try:
        ask("linli.warm")
    except xmlrpc.client.Fault as fault:
        raise Failed("our own code cannot be imported.", "无法导入程序代码。", fault.faultString) from fault


def ask(what, *words):
    """One question over its socket: `supervisor.getPID`, say."""
    transport = SupervisorTransport(None, None, f"unix://{socket_path()}")
    with xmlrpc.client.ServerProxy("http://127.0.0.1", transport) as server:
        return getattr(server, what)(*words)


def is_running():
    try:
        return bool(ask("supervisor.getPID"))
    except SILENT:
        return False


def start(*names):
    for name in names:
        ask("supervisor.startProcess", name, False)


def run_to_end(*names, seconds=900):
    """Run these tasks side by side. Raises Failed with the last words of the first that fails."""
    names = [f"tasks:{name}" for name in names]
    start(*names)
    for name in names:
        servers.comes_true(lambda name=name: not ask("supervisor.getProcessInfo", name)["pid"], seconds)
        ended = ask("supervisor.getProcessInfo", name)
        if ended["statename"] != "EXITED" or ended["exitstatus"]:
            raise _failure(ended)


def _failure(ended):
    log = LOGS / f"{ended['name']}.log"
    said = servers.last_lines(log)
    if os.strerror(errno.ENOSPC) in said:
        return Failed(*FULL, said)
    return Failed(f"{ended['name']} failed; all of it: {log}", f"{ended['name']} 失败，完整日志：{log}", said)


def states():
    """What supervisord knows of each program, by name."""
    return {each["name"]: each for each in ask("supervisor.getAllProcessInfo")}


def shut_down():
    """End everything, the servers last, and wait until supervisord itself is gone."""
    pid = ask("supervisor.getPID")
    ask("supervisor.shutdown")
    if not servers.comes_true(lambda: not Path(f"/proc/{pid}").exists(), seconds=120):
        raise Failed(f"supervisord (process {pid}) does not end.", f"supervisord（进程 {pid}）未能结束。")


def _plain(text):
    """supervisord reads a percent sign as the start of a place to fill in."""
    return str(text).replace("%", "%%")
