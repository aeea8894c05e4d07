"""Every environment variable the chassis reads, once and typed. See README.md for their meaning."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import load_dotenv
from environs import Env


class MissingSetting(SystemExit):
    """A process without its settings says which, and ends."""


DEFAULTS = {"change-me", "secret", "password", ""}


@dataclass(frozen=True)
class Settings:
    service: str
    database_url: str = field(repr=False)  # URLs hold passwords
    system_database_url: str = field(repr=False)
    owner_database_url: str = field(repr=False)
    amqp_url: str = field(repr=False)
    jwks_url: str
    data_dir: Path
    secret_key: str = field(repr=False)
    private_keys: tuple[str, ...] = field(repr=False)
    bind: str = "127.0.0.1:8000"
    metrics_bind: str = ""
    public_url: str = "http://127.0.0.1:8080"
    environment: str = "local"
    web_workers: int = 1
    web_threads: int = 8
    otlp_endpoint: str = ""

    @property
    def production(self) -> bool:
        return self.environment == "production"


def load_environment(service: str) -> None:
    """Take `$LINLI_ENV_DIR/<service>.env` into the environment; what is set already wins."""
    folder = os.environ.get("LINLI_ENV_DIR")
    if folder:
        load_dotenv(Path(folder) / f"{service}.env")


@contextmanager
def environment_of(service: str) -> Iterator[None]:
    """The environment of one service, for a command that deals with several: of its own file, and gone again after.

    Where there are no files, a variable `TICKETS__AMQP_URL` is the AMQP_URL of tickets.
    """
    before, mark = dict(os.environ), f"{service.upper()}__"
    os.environ.update({name.removeprefix(mark): value for name, value in before.items() if name.startswith(mark)})
    load_environment(service)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def read(service: str) -> Settings:
    """The settings of one service's process.

    Raises:
        MissingSetting: a variable is absent, or holds a default in production.
    """
    env = Env()
    absent = [
        name for name in ("SERVICE_DATABASE_URL", "AMQP_URL", "SECRET_KEY", "PRIVATE_KEYS") if not env.str(name, "")
    ]
    if absent:
        raise MissingSetting(
            f"linli: {service} lacks {', '.join(absent)}; set them, or LINLI_ENV_DIR with {service}.env"
        )
    settings = Settings(
        service=service,
        database_url=env.str("SERVICE_DATABASE_URL"),
        system_database_url=env.str("SERVICE_SYSTEM_DATABASE_URL", ""),
        owner_database_url=env.str("SERVICE_OWNER_DATABASE_URL", ""),
        amqp_url=env.str("AMQP_URL"),
        jwks_url=env.str("JWKS_URL", ""),
        data_dir=Path(env.str("DATA_DIR", ".local/files")),
        secret_key=env.str("SECRET_KEY"),
        private_keys=tuple(env.list("PRIVATE_KEYS")),
        bind=env.str("BIND", "127.0.0.1:8000"),
        metrics_bind=env.str("METRICS_BIND", ""),
        public_url=env.str("PUBLIC_URL", "http://127.0.0.1:8080"),
        environment=env.str("ENVIRONMENT", "local"),
        web_workers=env.int("WEB_WORKERS", 1),
        web_threads=env.int("WEB_THREADS", 8),
        otlp_endpoint=env.str("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
    )
    if settings.production and (settings.secret_key in DEFAULTS or len(settings.secret_key) < 32):
        raise MissingSetting(f"linli: {service} will not start in production with a default or short SECRET_KEY")
    return settings


def nowhere(service: str) -> Settings:
    """Settings that lead to no database and no broker: enough to read a service's interfaces."""
    urls = dict.fromkeys(("database_url", "system_database_url", "owner_database_url"), "postgresql://nowhere")
    return Settings(service, **urls, amqp_url="", jwks_url="", data_dir=Path(), secret_key="", private_keys=())
