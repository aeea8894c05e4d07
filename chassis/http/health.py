"""`/healthz`: whether this process can do its work, and what it lacks."""

import orjson
from flask import Flask, Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from chassis.http.answers import authenticator, runtime


def register(app: Flask) -> None:
    app.add_url_rule("/healthz", "healthz", healthz)


def healthz() -> Response:
    lacks = [name for name, check in (("database", _database), ("keys", _keys)) if not check()]
    said = {"service": runtime().service.name, "status": "lacking" if lacks else "ok", "lacks": lacks}
    return Response(orjson.dumps(said), 503 if lacks else 200, mimetype="application/json")


def _database() -> bool:
    try:
        with runtime().transaction() as session:
            return session.scalar(text("SELECT true"))
    except SQLAlchemyError:
        return False


def _keys() -> bool:
    try:
        return authenticator().keys.ready()
    except SQLAlchemyError:
        return False
