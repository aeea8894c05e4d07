"""Engines: made per process, never before a fork."""

import orjson
from sqlalchemy import Engine, create_engine

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
