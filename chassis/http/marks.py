"""What a view declares about itself. Each decorator leaves a mark on the function; `Blueprint` reads them.

@blp.post("/kites/<uuid:kite_id>/flight")
@allow("kites:fly")
@takes(Flight)
@gives(KiteView)
def fly_kite(work, kite_id, flight): …
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from marshmallow import Schema, fields

from chassis.http.fields import PageQuery
from chassis.http.fields import Schema as Strict

SIGNED_IN = "signed-in"  # anybody with a token
PUBLIC = "public"  # anybody at all

Shape = type[Schema] | Schema


@dataclass(frozen=True)
class Marks:
    """The sum of a view's declarations."""

    permission: str | None = None  # None: not declared, and the app will not start
    body: Shape | None = None
    location: str = "json"
    key_required: bool = False
    query: type[Schema] | None = None
    view: Shape | None = None
    line: Shape | None = None
    status: int | None = None  # None: it does not say what it gives
    binary: str | None = None
    refusals: tuple[int, ...] = ()

    @property
    def question(self) -> type[Schema] | None:
        """The query parameters in full."""
        return with_page(self.query) if self.line else self.query

    @property
    def answer(self) -> Shape | None:
        """The body of a good answer."""
        return page_of(self.line) if self.line else self.view


def marks_of(function: Callable) -> Marks:
    return getattr(function, "__marks__", Marks())


def _mark(**changes) -> Callable:
    def leave(function):
        function.__marks__ = replace(marks_of(function), **changes)
        return function

    return leave


def allow(permission: str) -> Callable:
    """Who may call: whoever holds the permission somewhere, anybody SIGNED_IN, or the PUBLIC."""
    return _mark(permission=permission)


def takes(body: Shape, *, form: bool = False, files: bool = False, idempotency: str = "offered") -> Callable:
    """A JSON body (or a form, or files as multipart), passed to the parameter that is not in the path.

    `idempotency="required"`, where money moves: a call without `Idempotency-Key` is refused.
    """
    location = "form" if form else "files" if files else "json"
    return _mark(body=body, location=location, key_required=idempotency == "required")


def asks(query: type[Schema]) -> Callable:
    """Query parameters, passed as `query`."""
    return _mark(query=query)


def gives(view: Shape | None = None, *, status: int | None = None, binary: str | None = None) -> Callable:
    """What a good answer holds: `gives(View)` 200, `gives(View, status=201)`, `gives(None)` 204, `gives(binary="image/png")`."""
    return _mark(view=view, status=status or (200 if view or binary else 204), binary=binary)


def lists(line: Shape) -> Callable:
    """A page of lines; `limit` and `after` join the query parameters."""
    return _mark(line=line, status=200)


def refuses(*statuses: int) -> Callable:
    """Further refusals worth telling the reader of the documentation."""
    return _mark(refusals=statuses)


@cache
def page_of(line: Shape) -> Shape:
    cls = line if isinstance(line, type) else type(line)
    members = {"items": fields.List(fields.Nested(line)), "next": fields.String(allow_none=True)}
    return type(f"{cls.__name__}Page", (Strict,), {**members, "__doc__": f"A page of {cls.__name__}."})


@cache
def with_page(query: type[Schema] | None) -> type[Schema]:
    """The query with `limit` and `after`."""
    return type(f"{query.__name__}Page", (query, PageQuery), {}) if query else PageQuery
