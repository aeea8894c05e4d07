"""What runs where on this machine: folders, ports, secrets, and each process's settings."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from chassis import amqp, broker, servers
from deploy import keys
from deploy.local.words import Failed

ROOT = servers.CHECKOUT
LOCAL = ROOT / ".local"
LOGS = LOCAL / "log"
ENV = LOCAL / "env"
DEMO = LOCAL / "demo.json"
BACKUPS = ROOT / "backups"  # not below .local, which people remove to begin anew
RESTORING = LOCAL / "restoring.json"  # is there while a restore is under way
BROKER_ADMIN = "linli_admin"
HIGHEST = 32_700  # with what we add to it, still below the ports that the kernel hands out to clients

# Each port is the address's port plus its place in this table, so that two checkouts collide in none or in all.
OFFSETS = {
    "edge": 0, "pages": 10, "amqp": 11, "management": 12, "epmd": 13, "distribution": 14, "smtp": 15, "sms": 16,
    "directory": 21, "tickets": 22, "billing": 23, "facilities": 24, "notify": 25, "training": 26,
}  # fmt: skip
METRICS = 20  # a service's background role tells its figures this far above its web port


@dataclass
class Plan:
    services: list[str]
    port: int = 8080
    secrets: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of_this_checkout(cls):
        services = [name for name in keys.SERVICES if (ROOT / "services" / name / "service.py").exists()]
        return cls(services, _port(), keys.ensure(LOCAL / "secrets"))

    @property
    def address(self):
        return f"{'https' if os.environ.get('LINLI_TLS_CERT') else 'http'}://127.0.0.1:{self.port}"

    def port_of(self, name):
        return self.port + OFFSETS[name]

    def at(self, name):
        return f"127.0.0.1:{self.port_of(name)}"

    def ports(self):
        """Everything we are going to listen on, by name."""
        used = {name: self.port_of(name) for name in OFFSETS if name not in keys.SERVICES or name in self.services}
        return used | {f"{name} metrics": self.port_of(name) + METRICS for name in self.services}

    @property
    def postgres(self):
        account = servers.server_account()
        return servers.Postgres(servers.data_dir("postgres"), servers.socket_dir("postgres", account))

    @property
    def rabbitmq(self):
        return servers.RabbitMQ(
            LOCAL / "rabbitmq",
            self.port_of("amqp"),
            self.port_of("management"),
            epmd_port=self.port_of("epmd"),
            dist_port=self.port_of("distribution"),
            definitions=LOCAL / "rabbitmq" / "definitions.json",
        )

    @property
    def management_url(self):
        """The broker's management door, with the administrator's name and password."""
        return f"http://{BROKER_ADMIN}:{self.secrets['RABBITMQ_ADMIN_PASSWORD']}@{self.at('management')}"

    def broker_administrator(self):
        """Whom the broker knows from its boot on; the rest of its definitions follows when it answers."""
        return broker.administrator(BROKER_ADMIN, self.secrets["RABBITMQ_ADMIN_PASSWORD"])

    def secret(self, service, what):
        return self.secrets[f"{service.upper()}_{what}"]

    def passwords(self, service):
        return {role: self.secret(service, f"{role.upper()}_PASSWORD") for role in servers.ROLES}

    def settings(self, service):
        """The environment of one service's processes: the names in chassis/README.md."""
        passwords = self.passwords(service)
        urls = {role: self.postgres.url(service, f"{service}_{role}", passwords[role]) for role in servers.ROLES}
        user, password = broker.user_of(service), self.secret(service, "AMQP_PASSWORD")
        common = {
            "SERVICE_DATABASE_URL": urls["app"],
            "SERVICE_SYSTEM_DATABASE_URL": urls["system"],
            "SERVICE_OWNER_DATABASE_URL": urls["owner"],
            "AMQP_URL": self.rabbitmq.amqp_url(user, password, amqp.VHOST),
            "JWKS_URL": f"http://{self.at('directory')}/api/directory/v1/jwks.json",
            "DATA_DIR": LOCAL / "files" / service,
            "SECRET_KEY": self.secret(service, "SECRET_KEY"),
            "PRIVATE_KEYS": self.secrets["PRIVATE_KEYS"],
            "BIND": self.at(service),
            "METRICS_BIND": f"127.0.0.1:{self.port_of(service) + METRICS}",
            "PUBLIC_URL": self.address,
            "ENVIRONMENT": "local",
        }
        return common | (self._channels() if service == "notify" else {})

    def _channels(self):
        """Mail and text messages go to simulators that keep what they receive."""
        return {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": self.port_of("smtp"),
            "SMS_URL": f"http://{self.at('sms')}",
            "SMS_SECRET": self.secrets["SMS_SECRET"],
            "SMS_RECEIPTS_URL": f"http://{self.at('notify')}/api/notify/v1/sms-receipts",
        }

    def edge(self):
        """The environment of the edge's two processes: the names in gateway/edge/README.md."""
        given = {name: value for name, value in os.environ.items() if re.fullmatch(r"LINLI_(TLS|RATE|BURST)_\w+", name)}
        return given | {
            "LINLI_EDGE_DIR": str(LOCAL / "edge"),
            "LINLI_BIND": os.environ.get("LINLI_BIND", "127.0.0.1"),
            "LINLI_PORT": str(self.port),
            "LINLI_PAGES": self.at("pages"),
            "LINLI_SERVICES": " ".join(f"{name} {self.at(name)};" for name in self.services),
        }

    def write_settings(self):
        for service in self.services:
            keys.write(ENV / f"{service}.env", self.settings(service))
        keys.write(ENV / "sms.env", {"SMS_SECRET": self.secrets["SMS_SECRET"]})
        keys.write(ENV / "platform.env", self.whole())

    def whole(self):
        """What `linli status` asks of the platform as a whole."""
        return {"LINLI_EDGE_URL": self.address, "LINLI_MANAGEMENT_URL": self.management_url}


def _port():
    text = os.environ.get("LINLI_PORT", "8080")
    if not text.isdecimal() or not 1 <= int(text) <= HIGHEST:
        raise Failed(
            f"LINLI_PORT is {text!r}; choose a number from 1 to {HIGHEST}.",
            f"LINLI_PORT 为 {text!r}，请设为 1 到 {HIGHEST} 之间的数字。",
        )
    return int(text)


def plain_environment():
    """What our processes may inherit: a SECRET_KEY or DATA_DIR of somebody's shell must not reach a service."""
    wanted = r"PATH|HOME|USER|TMPDIR|TZ|LANG|LC_\w+|(LINLI|WEB|OTEL)_\w+"
    return {name: value for name, value in os.environ.items() if re.fullmatch(wanted, name)}


# ── ports that somebody else holds ───────────────────────────────────────────────────────────────────────────────────


def refuse_taken_ports(ports):
    for name, port in ports.items():
        if not servers.is_free(port):
            who = holder(port)
            raise Failed(
                f"port {port} ({name}) is taken{f' by {who}' if who else ''}. "
                "Free it, or choose other ports: `LINLI_PORT=9080 make up`.",
                f"端口 {port}（{name}）已被{f' {who} ' if who else ''}占用。"
                "请释放该端口，或改用其他端口：`LINLI_PORT=9080 make up`。",
            )


def holder(port):
    """`nginx (process 4711)`, when the kernel tells us."""
    sockets = {f"socket:[{inode}]" for inode in _listeners(port)}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(handle) in sockets for handle in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:
            continue  # it has ended, or is not ours to look at
    return ""


def _listeners(port):
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                yield fields[9]
