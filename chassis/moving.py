"""Many entities changed at once, each with its event: for jobs that find them by the thousand (performance.md, goal 11b).

What an entity's own methods do one at a time, through the ORM, is here one statement for all: the changes, and the outbox and
audit rows that tell of them. Rows come from a select of columns and were locked by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm.exc import StaleDataError

from chassis import outbox, tables, writing


@dataclass(frozen=True, slots=True)
class Moved:
    """`row` (with id, operator_id, estate_id, version, and the columns that change) takes on `changes`; `fact` tells of it."""

    row: Any
    changes: dict[str, Any]
    fact: Any


def move(work, cls: type, moved: Sequence[Moved]) -> None:
    """Write it all; every change is of the same columns.

    Raises:
        StaleDataError: a row has changed since it was read.
    """
    for first in range(0, len(moved), writing.MOST):
        _move(work, cls.__table__, moved[first : first + writing.MOST])


def _move(work, table: Table, moved: Sequence[Moved]) -> None:
    news = [{"id": each.row.id, "version": each.row.version + 1, **each.changes} for each in moved]
    envelopes = [_envelope(work, each) for each in moved]
    audit = [outbox.audit_row(envelope, _told(each, table)) for envelope, each in zip(envelopes, moved, strict=True)]
    pieces = [(table, news), (tables.outbox, [outbox.outbox_row(each) for each in envelopes]), (tables.audit, audit)]
    connection = work.session.connection()
    statement = _statement(tuple((each, tuple(rows[0])) for each, rows in pieces))
    told = tuple(writing.as_json(connection.dialect, *each) for each in pieces)
    if connection.exec_driver_sql(statement, told).scalar() != len(moved):
        raise StaleDataError(f"a {table.name} has changed since it was read")


def _envelope(work, moved: Moved):
    return outbox.envelope_of(work, moved.row, moved.fact, moved.row.version + 1, actor=work.actor.named())


def _told(moved: Moved, table: Table) -> dict[str, list]:
    """As `outbox.changes_of`: {column: [before, after]}."""
    before = {name: getattr(moved.row, name) for name in moved.changes}
    changed = {name: [before[name], after] for name, after in moved.changes.items() if before[name] != after}
    return {name: outbox.masked(table.c[name], change) for name, change in changed.items()}


@cache
def _statement(shape: tuple) -> str:
    (table, columns), *told = shape
    changed = ", ".join(f'"{column}" = news."{column}"' for column in columns if column != "id")
    insertions = "".join(f", w{n} AS ({writing.insertion(*each)})" for n, each in enumerate(told))
    return (
        f'WITH news AS (SELECT * FROM json_populate_recordset(NULL::"{table.name}", %s)), moved AS (UPDATE "{table.name}" AS held'
        f" SET {changed} FROM news WHERE held.id = news.id AND held.version = news.version - 1 RETURNING held.id)"
        f"{insertions} SELECT count(*) FROM moved"
    )
