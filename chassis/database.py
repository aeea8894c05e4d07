"""Engines: made per process, never before a fork."""

import time

import orjson
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError

PATIENCE = {"web": "5s", "background": "60s"}
# A database whose machine vanished is noticed within half a minute, and not after the hours that TCP would take.
HALF_OPEN = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}


UNSEEN = 5.0  # seconds; a connection that lay idle for longer is looked at before it is used


def to_json(value) -> str:
    return orjson.dumps(value, default=str).decode()


def make_engine(url: str, *, pool_size: int = 5, statement_timeout: str = PATIENCE["web"]) -> Engine:
    """An engine whose sessions speak UTC, give up slow statements and do not idle in a transaction."""
    options = f"-c timezone=UTC -c statement_timeout={statement_timeout} -c idle_in_transaction_session_timeout=30s"
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=2,
        pool_timeout=5,
        hide_parameters=True,  # an error's text goes to logs, and values may be private
        json_serializer=to_json,
        json_deserializer=orjson.loads,
        connect_args={"options": options, "connect_timeout": 5, "application_name": "linli", **HALF_OPEN},
    )
    _look_at_idle_connections(engine)
    return engine


def _look_at_idle_connections(engine: Engine) -> None:
    """As `pool_pre_ping`, but not before every transaction: on a busy connection that was a seventh of a request.

    A unit of work finds a dead connection by its first statement, and takes another (`Work.become`).
    """

    @event.listens_for(engine, "checkin")
    def left(_connection, record) -> None:
        record.info["left_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def taken(connection, record, _proxy) -> None:
        if time.monotonic() - record.info.get("left_at", time.monotonic()) > UNSEEN:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.dbapi.Error as error:
                raise DisconnectionError() from error  # the pool takes a new one
