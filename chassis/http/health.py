"""`/healthz`: whether this process can do its work, and what the service lacks.

Without its database or keys it answers nobody: 503. Without a worker, relay, clock or broker it answers, and what it
accepted has its effects later: `degraded`, and 200.
"""

import orjson
from flask import Flask, Response
from sqlalchemy.exc import SQLAlchemyError

from chassis import heartbeat
from chassis.actor import NOBODY
from chassis.http.answers import authenticator, runtime


def register(app: Flask) -> None:
    app.add_url_rule("/healthz", "healthz", healthz)


def healthz() -> Response:
    others = _others()
    lacks = [*(["database"] if others is None else []), *([] if _keys() else ["keys"])]
    status = "lacking" if lacks else "degraded" if others else "ok"
    said = {"service": runtime().service.name, "status": status, "lacks": [*lacks, *(others or [])]}
    return Response(orjson.dumps(said), 503 if lacks else 200, mimetype="application/json")


def _others() -> list[str] | None:
    """What the other roles lack, as their heartbeats in our database tell; None when the database is away."""
    try:
        with runtime().work(NOBODY) as work:
            return heartbeat.missing(heartbeat.look(work.session))
    except SQLAlchemyError:
        return None


def _keys() -> bool:
    try:
        return authenticator().keys.ready()
    except SQLAlchemyError:
        return False
