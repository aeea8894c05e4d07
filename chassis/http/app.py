"""The web role of a service as a WSGI application."""

import time

import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import NotFound

from chassis.auth import Authenticator
from chassis.http import health, problems, reading
from chassis.http.answers import Door
from chassis.http.openapi import Api
from chassis.http.routes import Undeclared
from chassis.runtime import Runtime

log = structlog.get_logger("http")

OPEN = {"healthz", "metrics", "api-docs.openapi_json"}  # addresses of the chassis itself, which tell no secrets
SECURITY = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}


def create_app(runtime: Runtime) -> Flask:
    """Raises Undeclared, naming the route, when a view does not say who may call it."""
    service = runtime.service
    prefix = f"/api/{service.name}/v1"
    app = Flask(service.name, static_folder=None)
    app.url_map.merge_slashes = False  # another spelling of an address is another address, and there is nothing
    app.config |= {
        "MAX_CONTENT_LENGTH": reading.LARGEST_BODY,
        "API_TITLE": service.title,
        "API_VERSION": "v1",
        "API_SPEC_OPTIONS": {"components": {"securitySchemes": SECURITY}},
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": prefix,
    }
    app.extensions["linli"] = runtime
    app.extensions["linli.auth"] = Authenticator(runtime)
    app.before_request(_begin)
    app.after_request(_end)
    problems.register(app)
    api = Api(app)
    for blp in [*service.blueprints, *_extra_blueprints(service)]:
        api.register_blueprint(blp, url_prefix=prefix)
    health.register(app)
    _refuse_undeclared(app)
    return app


def _extra_blueprints(service) -> list:
    """Attachments bring Pillow and obstore along: only a service that keeps files pays for them."""
    if not service.attachments:
        return []
    from chassis import attachments

    return [attachments.blp]


def doors(app: Flask) -> dict[str, Door]:
    """Every route of the service by endpoint, for tests that go through all of them."""
    return {name: view.door for name, view in app.view_functions.items() if hasattr(view, "door")}


def _refuse_undeclared(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in OPEN and rule.endpoint not in doors(app):
            raise Undeclared(f"{rule.rule} was not made by Blueprint.get, post, put, patch or delete")


def _begin() -> None:
    g.started = time.perf_counter()
    reading.note(request)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(correlation_id=g.request_id)
    if "\0" in request.path:
        raise NotFound()


def _end(response: Response) -> Response:
    """Headers that every answer has, and the one line that the log has of it; the query string is not told."""
    response.headers["X-Request-Id"] = g.request_id
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cache-Control", "no-store")
    seconds = time.perf_counter() - g.started
    actor = g.get("actor")
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        actor=actor.named() if actor else None,
    )
    return response
