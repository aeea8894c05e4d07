"""The edge's own pages: a landing page, the health of all services, and the documentation of routes and events."""

from functools import partial
from pathlib import Path

import flask_swagger_ui
from flask import Flask, current_app, jsonify, render_template, request, send_from_directory
from werkzeug.exceptions import HTTPException, InternalServerError

from gateway.edge.catalogue import read_catalogue
from gateway.edge.openapi import joined
from gateway.edge.services import health, specifications
from gateway.edge.settings import Settings
from gateway.edge.words import language_asked, say

SWAGGER = Path(flask_swagger_ui.__file__).parent / "dist"
AN_HOUR = 3600
STRICT = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
# Swagger UI writes style attributes and draws its icons from data: addresses; its scripts come from us like all others.
SWAGGER_NEEDS = f"{STRICT}; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


def create_app(settings: Settings | None = None) -> Flask:
    app = Flask(__name__, static_url_path="/docs/static")
    app.config.update(SEND_FILE_MAX_AGE_DEFAULT=AN_HOUR, EDGE=settings or Settings.from_environment())
    app.json.sort_keys = app.json.ensure_ascii = False
    for address, page in PAGES.items():
        app.add_url_rule(address, page.__name__, page)
    app.register_error_handler(Exception, problem)
    app.after_request(guarded)
    return app


def home():
    return _page("home.html", services=_settings().services)


def healthz():
    body, status = health(_settings().services)
    return jsonify(body), status


def docs():
    answer = current_app.make_response(_page("docs.html"))
    answer.headers["Content-Security-Policy"] = SWAGGER_NEEDS
    return answer


def openapi():
    return jsonify(joined(specifications(_settings().services), language_asked()))


def swagger(name: str):
    return send_from_directory(SWAGGER, name)


def events():
    return _page("events.html", catalogue=read_catalogue(_settings().contracts))


PAGES = {
    "/": home,
    "/healthz": healthz,
    "/docs": docs,
    "/docs/openapi.json": openapi,
    "/docs/events": events,
    "/docs/swagger/<path:name>": swagger,
}


def guarded(answer):
    """The same rules as at the edge, for whoever meets the pages without it; and pages differ by language."""
    answer.headers.setdefault("Content-Security-Policy", STRICT)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Cache-Control", "no-store" if answer.is_json else "no-cache")
    answer.vary.add("Accept-Language")
    return answer


def problem(error: Exception):
    """Every refusal as RFC 9457, like everywhere behind this door."""
    if not isinstance(error, HTTPException):
        current_app.logger.error("a page failed", exc_info=error)
        error = InternalServerError()
    word = {404: "not_found", 405: "method_not_allowed", 500: "problem"}.get(error.code, "malformed")
    language = language_asked()
    document = {
        "type": f"urn:linli:problem:{word.replace('_', '-')}",
        "title": say(f"{word}_title", language),
        "status": error.code,
        "detail": say(word, language),
        "instance": request.headers.get("X-Request-Id", ""),
    }
    allow = {"Allow": ", ".join(error.valid_methods)} if getattr(error, "valid_methods", None) else {}
    return jsonify(document), error.code, {"Content-Type": "application/problem+json"} | allow


def _settings() -> Settings:
    return current_app.config["EDGE"]


def _page(template: str, **facts):
    language = language_asked()
    other = "en" if language == "zh" else "zh"
    return render_template(template, say=partial(say, language=language), language=language, other=other, **facts)
