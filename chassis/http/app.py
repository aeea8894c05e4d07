"""The web role of a service as a WSGI application."""

from flask import Flask

from chassis.auth import Authenticator
from chassis.http import health, problems, reading, watching
from chassis.http.answers import Door
from chassis.http.openapi import Api
from chassis.http.routes import Undeclared
from chassis.runtime import Runtime

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
    watching.register(app)
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
