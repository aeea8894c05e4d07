"""The published description of a service: OpenAPI 3.1, made from the views when somebody first asks for it."""

from functools import cached_property

import flask_smorest
from flask import Flask, Response
from flask_smorest.utils import prepare_response
from marshmallow import fields
from orjson import dumps

from chassis.http.fields import Schema
from chassis.http.problems import MEDIA_TYPE, TITLES

REFUSALS = [status for status in TITLES if status < 500 or status == 503]  # 500 is a fault, not a promise


class Problem(Schema):
    """RFC 9457: what is wrong, and what to do next, in the language of `Accept-Language` (zh-CN, en)."""

    type = fields.String(required=True, metadata={"description": "A name for programs"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What to do next"})
    instance = fields.String(required=True, metadata={"description": "The request id"})
    errors = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()), metadata={"description": "By field"}
    )


class Api(flask_smorest.Api):
    """flask-smorest, with our errors, and describing only when asked: a process that is never asked saves the time."""

    ERROR_SCHEMA = Problem
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask):
        self.blueprints: list = []
        super().__init__(app)
        self.ma_plugin.converter.add_attribute_function(_type_of_enum)

    def register_blueprint(self, blp, **options):
        self._app.register_blueprint(blp, **options)
        self.blueprints.append(blp)

    @cached_property
    def document(self) -> dict:
        for blp in self.blueprints:
            blp.register_views_in_doc(self, self._app, self.spec, name=blp.name, parameters=None)
            self.spec.tag({"name": blp.name, "description": blp.description})
        return self.spec.to_dict()

    def _openapi_json(self):
        return Response(dumps(self.document), mimetype="application/json")

    def _register_error_handlers(self):
        """Ours are in `problems`."""

    def _register_etag_headers(self):
        """Ours are described with each route."""

    def _register_pagination_header(self):
        """Our pages say `next` in the body."""

    def _register_responses(self):
        for status in REFUSALS:
            response = {"description": TITLES[status][0], "schema": self.ERROR_SCHEMA}
            prepare_response(response, self.spec, MEDIA_TYPE)
            self.spec.components.response(response_name(status), response, lazy=True)
        self.spec.components.response(response_name(304), {"description": "Nothing changed"}, lazy=True)


def response_name(status: int) -> str:
    """Of our own making: Python's names for statuses change with its versions."""
    return "NotModified" if status == 304 else f"Problem{status}"


def _type_of_enum(_converter, field, **_) -> dict:
    """apispec lists the values and forgets that they are text."""
    if not isinstance(field, fields.Enum):
        return {}
    return {"type": ["string", "null"] if field.allow_none else "string"}


def describe(app: Flask) -> dict:
    """The OpenAPI document of an app."""
    return app.extensions["flask-smorest"]["apis"][""]["ext_obj"].document
