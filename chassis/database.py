"""Engines and migrations. Engines are made per process, never before a fork."""

from pathlib import Path

import orjson
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

MIGRATION_LOCK = 7_203_611  # one migration at a time per database
PATIENCE = {"web": "5s", "background": "60s"}


def to_json(value) -> str:
    return orjson.dumps(value, default=str).decode()


def make_engine(url: str, *, pool_size: int = 5, statement_timeout: str = PATIENCE["web"]) -> Engine:
    """An engine whose sessions speak UTC, give up slow statements and do not idle in a transaction."""
    options = f"-c timezone=UTC -c statement_timeout={statement_timeout} -c idle_in_transaction_session_timeout=30s"
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=5,
        pool_pre_ping=True,
        json_serializer=to_json,
        json_deserializer=orjson.loads,
        connect_args={"options": options, "connect_timeout": 5, "application_name": "linli"},
    )


def alembic_config(service, connection=None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(service.folder / "migrations"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, metadata=service.metadata, service=service.name)
    return config


def migrate(service, owner_url: str) -> None:
    """Bring the service's database to its newest revision, in one transaction, as its owner."""
    engine = create_engine(owner_url, poolclass=NullPool, connect_args={"connect_timeout": 5})
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        command.upgrade(alembic_config(service, connection), "head")
