"""Statements that are built once for all questions of one shape, and sent with the values of each.

Building a list's statement anew for every request, and finding out that it is the one of the request before, took longer
than reading its rows. Here a function builds it with stand-ins: it sees which values were given but not what they are,
and of the actor what a condition may depend on. What it asked the actor is noted, and only an actor who answers
the same gets the same statement. So a statement holds nobody's values, and no answer that was another's.

Rows are read past the ORM, as tuples with names, which is for columns and for bundles of them.
"""

import threading
from collections import namedtuple
from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import itemgetter
from typing import Any

import psycopg
from sqlalchemy import DateTime, Select, Uuid, bindparam, select
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Bundle

from chassis.actor import ALL, Actor
from chassis.paging import Order

MOST_QUESTIONS = 256  # that are kept: a caller chooses which filters to give
MOST_ANSWERS = 32  # by which actors differ in one of them
LIMIT = "page_limit"


class Asked:
    """The actor as a shaped statement knows it: ids and the instant are stand-ins, answers are noted in `notes`."""

    id = bindparam("actor_id", type_=Uuid())
    operator_id = bindparam("actor_operator", type_=Uuid())
    at = bindparam("actor_at", type_=DateTime(timezone=True))

    def __init__(self, actor: Actor):
        self._actor = actor
        self.notes: list[tuple[str, tuple, Any]] = []

    @property
    def kind(self):
        return self._noted("_kind")

    def holds(self, permission: str) -> bool:
        return self._noted("holds", permission)

    def holds_wherever(self, other: str | None, permission: str) -> bool:
        return self._noted("holds_wherever", other, permission)

    def has_scope(self, kind: str) -> bool:
        return self._noted("has_scope", kind)

    def estates(self, permission: str | None = None):
        """ALL, or as many stand-ins as there is room for."""
        room, note = self._noted("_room", permission), len(self.notes) - 1
        return ALL if room is None else [bindparam(_estate(note, n), type_=Uuid()) for n in range(room)]

    def _noted(self, question: str, *about):
        answer = _answer(self._actor, question, about)
        self.notes.append((question, about, answer))
        return answer


def _answer(actor: Actor, question: str, about: tuple) -> Any:
    if question == "_kind":
        return actor.kind
    if question == "_room":
        estates = actor.estates(*about)
        return None if estates is ALL else _room(len(estates))
    return getattr(actor, question)(*about)


def _room(count: int) -> int:
    """The next power of two: so there are few shapes, whatever the number of estates."""
    return 1 << (count - 1).bit_length() if count else 0


def _estate(note: int, number: int) -> str:
    return f"actor_estate_{note}_{number}"


class Standing:
    """The unit of work as a shaped statement knows it."""

    now = Asked.at

    def __init__(self, work):
        self.actor = Asked(work.actor)
        self.permission = work.permission

    def seen(self, cls: type) -> Select:
        return select(cls).where(cls.visible_to(self.actor, self.permission))


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Kept:
    """A statement, and what an actor must answer for it to be theirs."""

    def __init__(self, statement: Select, notes: list):
        self.statement = statement
        self.notes = notes
        self.pages = lru_cache(maxsize=16)(self._page)

    def fits(self, actor: Actor) -> bool:
        return all(_answer(actor, question, about) == answer for question, about, answer in self.notes)

    def values(self, actor: Actor) -> dict[str, Any]:
        told = {"actor_id": actor.id, "actor_operator": actor.operator_id, "actor_at": actor.at}
        for note, (question, about, room) in enumerate(self.notes):
            if question == "_room" and room:
                estates = list(actor.estates(*about))
                told |= {_estate(note, n): estates[min(n, len(estates) - 1)] for n in range(room)}
        return told

    def _page(self, dialect: Dialect, by: tuple, goes_on: bool) -> "Plan":
        order = Order(list(by))
        ordered = self.statement.order_by(*by).limit(bindparam(LIMIT))
        return Plan(order.beyond(ordered, order.stand_ins()) if goes_on else ordered, dialect)


class Shaped:
    """A statement with the values of one question."""

    def __init__(self, kept: Kept, values: dict[str, Any]):
        self.kept = kept
        self.values = values

    def page(self, connection: Connection, by: list, limit: int, place: dict[str, Any]) -> list:
        """Rows in this order, from a place on (`Order.place`) if one is given."""
        plan = self.kept.pages(connection.dialect, tuple(by), bool(place))
        return plan.rows(connection, {**self.values, **place, LIMIT: limit})


_kept: dict[tuple, list[Kept]] = {}
_keeping = threading.Lock()


def shaped(build: Callable[..., Select], work, asked: dict[str, Any]) -> Shaped:
    """`build(work, **asked)`, of which True, False, None and what is absent are its shape, and all else are values."""
    shape = tuple((name, value if value is None or value.__class__ is bool else "…") for name, value in asked.items())
    kept = _found(build, work, shape)
    given = {f"asked_{name}": asked[name] for name, said in shape if said == "…"}
    return Shaped(kept, {**kept.values(work.actor), **given})


def _found(build: Callable, work, shape: tuple) -> Kept:
    asked = build, work.permission, shape
    for kept in _kept.get(asked, ()):
        if kept.fits(work.actor):
            return kept
    standing = Standing(work)
    stand_ins = {name: bindparam(f"asked_{name}") if said == "…" else said for name, said in shape}
    made = Kept(build(standing, **stand_ins), standing.actor.notes)
    with _keeping:
        _kept[asked] = [made, *_kept.pop(asked, ())][:MOST_ANSWERS]
        if len(_kept) > MOST_QUESTIONS:
            del _kept[next(iter(_kept))]  # the one that was kept first
    return made


# ── one statement, ready to be sent ──────────────────────────────────────────────────────────────────────────────────


class Plan:
    """The text of a select of columns and bundles, how its values are written and how its rows are read."""

    def __init__(self, statement: Select, dialect: Dialect):
        chosen = [each["expr"] for each in statement.column_descriptions]
        columns = {_named(part): part for each in chosen for part in _parts(each)}
        bare = statement.with_only_columns(*columns.values(), maintain_column_froms=True)
        compiled = bare.compile(dialect=dialect)
        asked = [name for name, bind in compiled.binds.items() if bind.required]
        whole = compiled.construct_expanded_state(dict.fromkeys(asked))
        writes = {name: whole.processors.get(name, _as_it_is) for name in whole.parameters}
        self.text = whole.statement
        self.fixed = {name: writes[name](told) for name, told in whole.parameters.items() if name not in asked}
        self.written = [(name, writes[name]) for name in asked]
        self.read = _reader(chosen, columns, dialect)

    def rows(self, connection: Connection, values: dict[str, Any]) -> list:
        """Raises DBAPIError, as the engine would."""
        sent = self.fixed | {name: write(values[name]) for name, write in self.written}
        driver = connection.connection.driver_connection
        try:
            with driver.cursor() as cursor:
                return self.read(cursor.execute(self.text, sent).fetchall())
        except psycopg.Error as error:
            gone, dialect = driver.closed, connection.dialect
            raise DBAPIError.instance(
                self.text, None, error, psycopg.Error, True, connection_invalidated=gone, dialect=dialect
            ) from error


def _named(column) -> tuple:
    """The same for the same column, however it was come by."""
    return column.entity_namespace, column.key


def _parts(chosen) -> Iterable:
    return [part for each in chosen.exprs for part in _parts(each)] if isinstance(chosen, Bundle) else [chosen]


def _as_it_is(value):
    return value


def _reader(chosen: list, columns: dict, dialect: Dialect) -> Callable[[list], list]:
    """A function from raw rows to lines, which are tuples with names."""
    makes = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns.values()]
    named = {f"make{n}": make for n, make in enumerate(makes) if make}
    values = ", ".join(f"make{n}(row[{n}])" if make else f"row[{n}]" for n, make in enumerate(makes))
    line = namedtuple("Line", [each.name if isinstance(each, Bundle) else each.key for each in chosen])
    parts = [_placed(each, list(columns)) for each in chosen]
    named |= {"line": line._make} | {f"part{n}": part for n, part in enumerate(parts) if callable(part)}
    told = ", ".join(f"part{n}(row)" if callable(part) else f"row[{part}]" for n, part in enumerate(parts))
    exec(f"def read(rows):\n return [line(({told},)) for row in [({values},) for row in rows]]\n", named)
    return named["read"]


def _placed(chosen, columns: list[tuple]) -> int | Callable:
    """Where in a row it stands, or how it is made of it."""
    if not isinstance(chosen, Bundle):
        return columns.index(_named(chosen))
    makes = [
        itemgetter(part) if isinstance(part, int) else part for part in (_placed(e, columns) for e in chosen.exprs)
    ]
    return chosen.create_row_processor(None, makes, [each.key for each in chosen.exprs])
