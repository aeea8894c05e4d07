"""`Blueprint`: a view's declarations become a route, its checks and its published documentation."""

import inspect
import re
from collections.abc import Callable
from functools import wraps

import flask_smorest
from flask import g
from marshmallow import Schema

from chassis.http.answers import Door
from chassis.http.marks import PUBLIC, Marks, Shape, marks_of
from chassis.http.openapi import response_name
from chassis.http.reading import StrictParser

EVERYWHERE = {400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 503}
IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "description": "The ETag of an earlier answer: 304 when nothing changed since",
    "schema": {"type": "string"},
    "required": False,
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "description": 'The ETag that was read, such as `"3"`: the change is refused when it is no longer so',
    "schema": {"type": "string", "pattern": r'^"(0|[1-9]\d{0,17})"$'},
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "Of the caller's making: a repeat with the same key and body gets the first answer again",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}


class Undeclared(TypeError):
    """A route that does not say what it must; the app refuses to start."""


class Blueprint(flask_smorest.Blueprint):
    """A service's views on one subject."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, *, description: str = ""):
        super().__init__(name, __name__, description=description)
        self._prepare_doc_cbks.append(_document)

    def get(self, rule: str) -> Callable:
        return self._register("GET", rule)

    def post(self, rule: str) -> Callable:
        return self._register("POST", rule)

    def put(self, rule: str) -> Callable:
        return self._register("PUT", rule)

    def patch(self, rule: str) -> Callable:
        return self._register("PATCH", rule)

    def delete(self, rule: str) -> Callable:
        return self._register("DELETE", rule)

    def _register(self, method: str, rule: str) -> Callable:
        def register(function):
            marks = marks_of(function)
            _require(marks, f"{method} {rule} ({function.__module__}.{function.__name__})")
            door = Door(method, rule, function, marks)
            self.add_url_rule(rule, function.__name__, self._view(door), methods=[method])
            return function

        return register

    def _view(self, door: Door) -> Callable:
        """Outermost first: admit, check, read query and body, answer."""
        marks, function = door.marks, door.function

        @wraps(function)
        def view(**named):
            return door.answer(**named)

        if marks.body:
            name = _body_parameter(door)
            view = self.arguments(_made(marks.body), location=marks.location, arg_name=name)(view)
        if marks.question:
            view = self.arguments(_made(marks.question), location="query", arg_name="query")(view)
        view = self.response(marks.status, *_published(marks), content_type=marks.binary)(view)

        @wraps(view)
        def entrance(**named):
            g.actor = door.admit()
            door.check()
            return view(**named)

        entrance.door = door
        entrance._apidoc["door"] = _facts(door)
        return entrance


def _made(shape: Shape) -> Schema:
    """An instance, once: making one takes longer than reading a body with it."""
    return shape() if isinstance(shape, type) else shape


def _require(marks: Marks, named: str) -> None:
    if marks.permission is None:
        raise Undeclared(f"{named} declares no permission: add @allow(…)")
    if marks.status is None:
        raise Undeclared(f"{named} does not say what it answers: add @gives(…) or @lists(…)")


def _body_parameter(door: Door) -> str:
    """The one parameter that is neither the unit of work, nor in the path, nor the query."""
    in_path = set(re.findall(r"<(?:[^:<>]+:)?(\w+)>", door.rule))
    left = [name for name in inspect.signature(door.function).parameters if name not in {"work", "query", *in_path}]
    if len(left) != 1:
        raise Undeclared(f"{door.method} {door.rule}: @takes needs one parameter for the body, found {left}")
    return left[0]


# ── documentation ────────────────────────────────────────────────────────────────────────────────────────────────────


def _published(marks: Marks) -> tuple:
    return ({"type": "string", "format": "binary"},) if marks.binary else (marks.answer,)


def _facts(door: Door) -> dict:
    """What the documentation tells of this route beyond its schemas."""
    marks, method = door.marks, door.method
    statuses = EVERYWHERE | set(marks.refusals)
    headers = []
    if method == "GET" and marks.answer:
        statuses |= {304}
        headers.append(IF_NONE_MATCH)
    else:
        statuses |= {412}
    if method in ("PUT", "PATCH"):
        statuses |= {428}
        headers.append({**IF_MATCH, "required": True})
    if method == "POST" and marks.permission != PUBLIC:
        headers.append({**IDEMPOTENCY_KEY, "required": marks.key_required})
    return {
        "name": door.function.__name__,
        "statuses": sorted(statuses),
        "headers": headers,
        "public": marks.permission == PUBLIC,
        "needs": door.permission,
    }


def _document(doc: dict, doc_info: dict, **_) -> dict:
    facts = doc_info["door"]
    doc["operationId"] = facts["name"]
    for status in facts["statuses"]:
        doc["responses"][status] = response_name(status)
    if facts["headers"]:
        doc["parameters"] = [*doc.get("parameters", []), *facts["headers"]]
    doc["security"] = [] if facts["public"] else [{"token": [facts["needs"]] if facts["needs"] else []}]
    return doc
