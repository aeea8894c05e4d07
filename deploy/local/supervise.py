"""Our own supervisord: its programs, its configuration, and talking to it over its socket."""

import os
import shlex
import subprocess
import sys
import xmlrpc.client
from dataclasses import dataclass, field
from pathlib import Path

from supervisor.xmlrpc import SupervisorTransport

from chassis import servers
from deploy.local.plan import ENV, LOCAL, LOGS, ROOT, plain_environment
from deploy.local.words import Failed

CONFIG = LOCAL / "supervisord.conf"
BIN = Path(sys.prefix, "bin")
LINLI = BIN / "linli"
INTERFACE = "supervisor.rpcinterface:make_main_rpcinterface"
SILENT = (ConnectionError, FileNotFoundError)


@dataclass
class Program:
    """One process that supervisord keeps running. Those in the group `servers` start first and stop last."""

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
        yield f"directory = {_plain(ROOT if self.group == 'platform' else '/')}"
        yield "autostart = false\nautorestart = true\nstartsecs = 5\nstartretries = 4"
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
        yield Program(kind, [*simulators, kind, *keeping], {"SMS_SECRET": plan.secrets["SMS_SECRET"]})


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
        f"[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = {INTERFACE}\n",
    ]
    for priority, group in enumerate(("servers", "platform")):
        names = ",".join(each.name for each in everything if each.group == group)
        lines.append(f"[group:{group}]\nprograms = {names}\npriority = {priority}\n")
    lines += [line for each in everything for line in each.section()]
    CONFIG.touch(mode=0o600)
    CONFIG.write_text("\n".join(lines))


def start_supervisord():
    command = [BIN / "python", "-m", "supervisor.supervisord", "-c", CONFIG]
    started = subprocess.run(command, env=plain_environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    if started.returncode or not servers.comes_true(is_running, seconds=15):
        raise Failed("supervisord did not start.", "supervisord 未能启动。", f"{started.stdout}{started.stderr}")


def rpc():
    return xmlrpc.client.ServerProxy(
        "http://127.0.0.1", SupervisorTransport(None, None, f"unix://{socket_path()}")
    ).supervisor


def is_running():
    try:
        return bool(rpc().getPID())
    except SILENT:
        return False


def start(*names):
    for name in names:
        rpc().startProcess(name, False)


def states():
    """What supervisord knows of each program, by name."""
    return {each["name"]: each for each in rpc().getAllProcessInfo()}


def shut_down():
    """End everything, the servers last, and wait until supervisord itself is gone."""
    pid = rpc().getPID()
    rpc().shutdown()
    if not servers.comes_true(lambda: not Path(f"/proc/{pid}").exists(), seconds=120):
        raise Failed(f"supervisord (process {pid}) does not end.", f"supervisord（进程 {pid}）未能结束。")


def _plain(text):
    """supervisord reads a percent sign as the start of a place to fill in."""
    return str(text).replace("%", "%%")
