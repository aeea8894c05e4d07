"""RabbitMQ: a node of our own, and the port mapper that Erlang wants beside it."""

import os
import shutil
import signal
import socket
from pathlib import Path
from urllib.parse import quote

from chassis.servers.places import MissingPackages, free_port, hash_of, is_free, own_folder
from chassis.servers.processes import Server, tied

# Erlang's schedulers turn idly for a while before they sleep; while a node boots, that is a third of its processor time,
# which others on the machine could use.
NO_BUSY_WAIT = "+sbwt none +sbwtdcpu none +sbwtdio none"


def rabbitmq_server():
    """The plain start script: the one in /usr/sbin switches user and then cannot reach a private node's folder."""
    script = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    if not script.exists() or not shutil.which("epmd"):
        raise MissingPackages("rabbitmq-server")
    return script


class PortMapper(Server):
    """Erlang's epmd, which otherwise a node starts by itself and leaves behind."""

    name = "epmd"

    def __init__(self, port, log_path):
        self.port, self.log_path = port, log_path

    def prepare(self):
        rabbitmq_server()

    def command(self):
        return [*tied(), shutil.which("epmd"), "-address", "127.0.0.1", "-port", str(self.port)]

    def answers(self):
        return not is_free(self.port)


class RabbitMQ(Server):
    """A RabbitMQ node of our own on 127.0.0.1, run as ourselves, root included.

    With `definitions` the broker imports that file at boot; without, it has the user guest and the vhost "/".
    """

    name = "RabbitMQ"

    def __init__(
        self, base_dir, port, management_port, *, epmd_port=None, dist_port=None, definitions=None, durable=True
    ):
        self.base_dir = Path(base_dir).absolute()
        self.port, self.management_port = port, management_port
        self.epmd_port, self.dist_port = epmd_port or free_port(), dist_port or free_port()
        self.definitions, self.durable = definitions, durable
        self.script = rabbitmq_server()
        self.log_path = self.base_dir / "rabbitmq.log"
        self.port_mapper = PortMapper(self.epmd_port, self.base_dir / "epmd.log")

    def amqp_url(self, user="guest", password="guest", vhost="/"):
        return f"amqp://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{self.port}/{quote(vhost, safe='')}"

    @property
    def node(self):
        return f"linli-{hash_of(str(self.base_dir))}@localhost"

    @property
    def management_url(self):
        return f"http://127.0.0.1:{self.management_port}"

    def launch(self):
        if not (self.port_mapper.process and self.port_mapper.answers()):
            self.prepare()
            self.port_mapper.start()
        super().launch()

    def stop(self):
        if self.process and not self.durable:
            self._cut_off()
        super().stop()
        self.port_mapper.stop()

    def _cut_off(self):
        """An orderly shutdown takes seven seconds, which a test's broker does not deserve."""
        node = self.base_dir / "rabbitmq.pid"
        if node.exists():
            os.kill(int(node.read_text()), signal.SIGKILL)

    def prepare(self):
        own_folder(self.base_dir)
        (self.base_dir / "enabled_plugins").write_text("[rabbitmq_management].\n")
        (self.base_dir / "rabbitmq.conf").write_text("\n".join(self._settings()) + "\n")

    def command(self):
        return [*tied(), str(self.script)]

    def environment(self):
        folder = str(self.base_dir)
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": folder,  # the Erlang cookie
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_CONFIG_FILES": f"{folder}/none/*.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/none.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": f"{folder}/rabbitmq.pid",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{folder}/generated",
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-kernel inet_dist_use_interface {{127,0,0,1}} {NO_BUSY_WAIT}",
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def answers(self):
        """The AMQP port greets us. The management port answers earlier, when clients are still refused."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as wire:
                wire.sendall(b"AMQP\x00\x00\x09\x01")
                return wire.recv(1) == b"\x01"
        except OSError:
            return False

    def _settings(self):
        yield f"listeners.tcp.default = 127.0.0.1:{self.port}"
        yield "management.tcp.ip = 127.0.0.1"
        yield f"management.tcp.port = {self.management_port}"
        yield "log.console = true"
        yield "log.console.level = warning"
        yield "log.file = false"
        yield "collect_statistics_interval = 1000"
        yield "disk_free_limit.absolute = 200MB"
        if self.definitions:
            yield f"load_definitions = {self.definitions}"
