"""What the edge must be told: where it listens, where the services are, how much is too much."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from environs import Env

ROOT = Path(__file__).resolve().parents[2]
LOCAL_SERVICES = "directory 127.0.0.1:8101; tickets 127.0.0.1:8102; notify 127.0.0.1:8103;"
ONE_SERVICE = re.compile(r"([a-z]+) ([A-Za-z0-9.-]+:\d+)")


class BadSetting(SystemExit):
    """A setting that cannot be meant, named before nginx refuses it in words of its own."""


def services_in(text: str) -> dict[str, str]:
    """Read `directory 127.0.0.1:8101; tickets …;`, the list that the nginx template takes as it is.

    Raises:
        BadSetting: something in the list is not a name and a host:port.
    """
    found = {}
    for line in filter(None, (part.strip() for part in text.split(";"))):
        match = ONE_SERVICE.fullmatch(line)
        if not match:
            raise BadSetting(f"edge: LINLI_SERVICES holds {line!r}; each entry is `name host:port;`")
        found[match[1]] = match[2]
    return found


@dataclass(frozen=True)
class Limits:
    """Rates as nginx writes them, each with what it lets pass in one burst."""

    address: str = "100r/s"
    address_burst: int = 200
    caller: str = "50r/s"
    caller_burst: int = 100
    sign_in: str = "5r/s"
    sign_in_burst: int = 30
    connections: int = 200  # of one address at once; a whole estate may share one


@dataclass(frozen=True)
class Settings:
    folder: Path = Path(".local/edge")  # configuration, pid, logs and temporary files of our own nginx
    bind: str = "127.0.0.1"
    port: int = 8080
    services: dict[str, str] = field(default_factory=lambda: services_in(LOCAL_SERVICES))
    pages: str = "127.0.0.1:8090"
    tls_cert: str = ""
    tls_key: str = ""
    tls_redirect_port: int = 0  # a plain port that sends everybody to https; 0: none
    resolver: str = "127.0.0.1"  # asked only for upstreams that are names; 127.0.0.11 in Docker
    read_timeout: str = "30s"
    limits: Limits = Limits()
    user: str = (
        "root" if os.geteuid() == 0 else ""
    )  # as root the workers must be root too, or they cannot reach the folder
    contracts: Path = ROOT / "contracts"

    @property
    def tls(self) -> bool:
        return bool(self.tls_cert)

    @property
    def address(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.bind}:{self.port}"

    @classmethod
    def from_environment(cls) -> "Settings":
        """The settings that LINLI_* variables give; see README.md.

        Raises:
            BadSetting: a variable cannot be meant.
        """
        env = Env(prefix="LINLI_")
        settings = cls(
            folder=Path(env.str("EDGE_DIR", ".local/edge")).absolute(),
            bind=env.str("BIND", cls.bind),
            port=env.int("PORT", cls.port),
            services=services_in(env.str("SERVICES", LOCAL_SERVICES)),
            pages=env.str("PAGES", cls.pages),
            tls_cert=env.str("TLS_CERT", ""),
            tls_key=env.str("TLS_KEY", ""),
            tls_redirect_port=env.int("TLS_REDIRECT_PORT", 0),
            resolver=env.str("RESOLVER", cls.resolver),
            read_timeout=env.str("READ_TIMEOUT", cls.read_timeout),
            limits=_limits(env),
            contracts=Path(env.str("CONTRACTS", str(cls.contracts))),
        )
        if bool(settings.tls_cert) != bool(settings.tls_key):
            raise BadSetting("edge: set both LINLI_TLS_CERT and LINLI_TLS_KEY, or neither")
        if settings.tls_redirect_port and not settings.tls:
            raise BadSetting("edge: LINLI_TLS_REDIRECT_PORT needs LINLI_TLS_CERT and LINLI_TLS_KEY to lead to")
        return settings


def _limits(env: Env) -> Limits:
    return Limits(
        address=env.str("RATE_ADDRESS", Limits.address),
        address_burst=env.int("BURST_ADDRESS", Limits.address_burst),
        caller=env.str("RATE_CALLER", Limits.caller),
        caller_burst=env.int("BURST_CALLER", Limits.caller_burst),
        sign_in=env.str("RATE_SIGN_IN", Limits.sign_in),
        sign_in_burst=env.int("BURST_SIGN_IN", Limits.sign_in_burst),
        connections=env.int("CONNECTIONS", Limits.connections),
    )
