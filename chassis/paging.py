"""Pages by key: what follows the last row shown is found by that row's place in the order, however far down it lies.

A cursor holds the values by which the last row was ordered, as base64 of JSON. Callers pass it back as it is. What is
made up is refused, or is a place in the list like any other: who sees what is the statement's to say, never the cursor's.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import BindParameter, ColumnElement, Select, UnaryExpression, bindparam, literal, tuple_
from sqlalchemy.sql.operators import desc_op

PLACE = "place_"
READ: dict[type, Callable[[str], Any]] = {
    UUID: UUID,
    datetime: lambda told: datetime.fromisoformat(told).astimezone(UTC),
    date: date.fromisoformat,
}


@dataclass(frozen=True)
class Page:
    """A stretch of a list, and the opaque cursor of what follows, or None at the end."""

    items: list
    next: str | None


class Order:
    """The columns that a list is ordered by: all of them upwards or all downwards, and the last one unique."""

    def __init__(self, by: list[ColumnElement]):
        self.by = by
        downwards = {isinstance(each, UnaryExpression) and each.modifier is desc_op for each in by}
        if len(downwards) > 1:
            raise TypeError("a list is ordered upwards or downwards, not by one column so and by another so")
        self.down = downwards.pop()
        self.columns = [each.element if self.down else each for each in by]

    def after(self, statement: Select, cursor: str) -> Select:
        """What follows the cursor. Raises ValueError or TypeError for one that is none of this list's."""
        place = [
            literal(value, each.type) for value, each in zip(self.place(cursor).values(), self.columns, strict=True)
        ]
        return self.beyond(statement, place)

    def place(self, cursor: str) -> dict[str, Any]:
        """The values by their stand-ins' names. Raises ValueError or TypeError for a cursor that is none of this list's."""
        told = orjson.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        if not isinstance(told, list) or len(told) != len(self.columns):
            raise ValueError("a cursor of another list")
        pairs = enumerate(zip(told, self.columns, strict=True))
        return {f"{PLACE}{n}": _read(value, each.type) for n, (value, each) in pairs}

    def stand_ins(self) -> list[BindParameter]:
        """For a statement that is built before the place is known."""
        return [bindparam(f"{PLACE}{n}", type_=each.type) for n, each in enumerate(self.columns)]

    def beyond(self, statement: Select, place: list) -> Select:
        here, there = tuple_(*self.columns), tuple_(*place)
        return statement.where(here < there if self.down else here > there)

    def cursor(self, row) -> str:
        """The place of this row."""
        return base64.urlsafe_b64encode(orjson.dumps([_value(row, column) for column in self.columns])).decode()


def _read(told: Any, kind) -> Any:
    """A value of a column's type, from what a cursor says of it."""
    python_type = kind.python_type
    if python_type in READ or issubclass(python_type, Enum):
        if not isinstance(told, str):
            raise TypeError(told)
        return READ.get(python_type, python_type)(told)
    if type(told) is not python_type:
        raise TypeError(told)
    return told


def _value(row, column: ColumnElement) -> Any:
    """The column's value: of the row itself, or of the entity in it that the column belongs to."""
    if not hasattr(row, "_mapping"):
        return getattr(row, column.key)
    if column in row._mapping:
        return row._mapping[column]
    return getattr(next(each for each in row if isinstance(each, column.entity_namespace)), column.key)
