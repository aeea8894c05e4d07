"""From a request to its answer: who calls, one unit of work, the view's function, and its result as JSON.

The result is dumped inside the transaction, after a flush, so that lazy loads work and the version is the one written.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from flask import Request, Response, current_app, g, request
from marshmallow.utils import get_value

from chassis.actor import NOBODY, Actor
from chassis.auth import Authenticator
from chassis.dumping import Dump, compiled, to_json
from chassis.errors import Forbidden
from chassis.http import idempotency
from chassis.http.marks import PUBLIC, SIGNED_IN, Marks
from chassis.http.reading import LARGEST_FILE, WRAPPING, keepable, refuse_body, refuse_query, version_asked
from chassis.observe import span, spans
from chassis.runtime import Runtime

CONDITIONS = ("If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since")


class Door:
    """One route: its view's function behind everything that must hold before and after it."""

    def __init__(self, method: str, rule: str, function: Callable, marks: Marks):
        self.method = method
        self.rule = rule
        self.function = function
        self.marks = marks

    @property
    def permission(self) -> str | None:
        """What the unit of work asks for; none where signing in is enough."""
        return None if self.marks.permission in (PUBLIC, SIGNED_IN) else self.marks.permission

    @cached_property
    def dump(self) -> Dump | None:
        """How the result becomes JSON; None where there is none."""
        answer = self.marks.answer
        return answer and compiled(answer() if isinstance(answer, type) else answer)

    def admit(self) -> Actor:
        """Raises Unauthorized or Forbidden. Whether it is allowed *there* is the unit of work's to say."""
        if self.marks.permission == PUBLIC:
            return NOBODY
        actor = authenticator().actor(request.headers.get("Authorization"))
        if self.permission and not actor.holds(self.permission):
            raise Forbidden()
        return actor

    def check(self) -> None:
        """What must hold of the request that no schema of the route looks at."""
        keepable(request.view_args)
        if self.marks.location == "files":
            request.max_content_length = LARGEST_FILE + WRAPPING
        if not self.marks.question:
            refuse_query(request)
        if not self.marks.body and self.method in ("POST", "PUT", "PATCH"):
            refuse_body(request)

    def answer(self, **named: Any) -> Response:
        """Run the view's function in its unit of work; an Idempotency-Key that was seen gets its old answer."""
        repeatable = self._repeatable()
        context = {"permission": self.permission, "language": g.language, "correlation_id": g.request_id}
        if_match = version_asked(request)
        with self._traced() as trace, runtime().work(g.actor, **context, traceparent=trace, if_match=if_match) as work:
            if repeatable and (known := repeatable.claim(work, g.actor.operator_id)):
                return known
            response = self._render(work, self.function(work, **named))
            if repeatable:
                repeatable.keep(work, response)
            spans.note(http__response__status_code=response.status_code)
            return response

    def _traced(self):
        facts = {"http.request.method": self.method, "http.route": self.rule, "linli.correlation_id": g.request_id}
        return span(f"{self.method} {self.rule}", g.traceparent, kind="SERVER", attributes=facts)

    def _repeatable(self) -> idempotency.Repeatable | None:
        if self.method != "POST":
            return None
        principal = str(g.actor.id) if g.actor.id else None
        route = f"{self.method} {request.url_rule}"
        return idempotency.asked(request, principal=principal, route=route, required=self.marks.key_required)

    def _render(self, work, result: Any) -> Response:
        work.session.flush()
        if isinstance(result, Response):
            return result
        if self.dump is None:
            return Response(status=self.marks.status)
        body = self.dump(result)
        response = Response(to_json(body), self.marks.status, mimetype="application/json")
        version = get_value(result, "version", None)
        if isinstance(version, int):
            response.set_etag(str(version))
        if self.marks.status == 201 and (place := _place_of(body)):
            response.headers["Location"] = place
        return response.make_conditional(request) if self.method == "GET" and _is_conditional(request) else response


def _is_conditional(request: Request) -> bool:
    return any(name in request.headers for name in CONDITIONS)


def _place_of(body: dict) -> str | None:
    """Where the thing just made can be read, when there is such an address; a route's things all have one, or none."""
    place, known = f"{request.path}/{body.get('id')}", current_app.extensions.setdefault("linli.places", {})
    route = request.endpoint
    if route not in known:
        known[route] = current_app.url_map.bind("").test(place, "GET")
    return place if known[route] else None


def runtime() -> Runtime:
    return current_app.extensions["linli"]


def authenticator() -> Authenticator:
    return current_app.extensions["linli.auth"]
