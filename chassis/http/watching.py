"""What operations see of the web role: one log line and one figure for each request."""

import time

import structlog
from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from werkzeug.exceptions import NotFound

from chassis.http.answers import runtime
from chassis.http.reading import note
from chassis.observe import Build, Depths, figures, folder

log = structlog.get_logger("http")
GIVEN = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}  # unless the answer says otherwise


def register(app: Flask) -> None:
    app.before_request(begin)
    app.after_request(end)
    app.add_url_rule("/metrics", "metrics", metrics)
    here = app.extensions["linli"]
    depths = [Depths(here)] if here.settings.system_database_url else []  # rows of every operator: not for the app role
    app.extensions["linli.asked"] = [*depths, Build(here.service.name, "web")]


def begin() -> None:
    g.started = time.perf_counter()
    note(request)
    structlog.contextvars.clear_contextvars()  # threads are used again
    structlog.contextvars.bind_contextvars(service=runtime().service.name, role="web", correlation_id=g.request_id)
    if "\0" in request.path:
        raise NotFound()


def end(response: Response) -> Response:
    """Headers that every answer has, the log's one line of it, its figure. The query string is not told."""
    response.headers["X-Request-Id"] = g.request_id
    for name, value in GIVEN.items():
        if not response.headers.getlist(name):  # `in` makes an exception of a name that is not there
            response.headers[name] = value
    seconds, actor = time.perf_counter() - g.started, g.get("actor")
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        actor=actor.named() if actor else None,
    )
    route = request.url_rule.rule if request.url_rule else "unknown"
    method = request.method if request.url_rule else "unknown"  # a stranger's word is no label
    figures.http.labels(runtime().service.name, method, route, response.status_code).observe(seconds)
    runtime().pulse.did("web")
    return response


def metrics() -> Response:
    """For Prometheus, of all workers together; the edge does not lead here."""
    asked = CollectorRegistry()
    for collector in current_app.extensions["linli.asked"]:
        asked.register(collector)
    counted = folder.together() or generate_latest(REGISTRY)
    return Response(counted + generate_latest(asked), content_type=CONTENT_TYPE_LATEST)
