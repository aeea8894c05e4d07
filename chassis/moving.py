"""Many entities changed at once, each with its event: for jobs that find them by the thousand (performance.md, goal 11b).

What an entity's own methods do one at a time, through the ORM, is here one statement for all: the changes, and the outbox and
audit rows that tell of them, put together where the rows lie. Rows come from a select of columns and were locked by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm.exc import StaleDataError

from chassis import outbox
from chassis.events import Envelope
from chassis.ids import new_id

NOBODY = UUID(int=0)
DIALECT = postgresql.dialect()
OWN = {
    "id",
    "subject",
    "operatorid",
    "estateid",
    "sequence",
    "data",
}  # what envelopes of one batch do not have in common


@dataclass(frozen=True, eq=False)  # by identity: it is a constant of its module
class Telling:
    """How SQL says what an event holds: {field: expression} over `moved`, the changed row, and whatever `join` joins to it."""

    said: dict[str, str]
    join: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """`row`, with its id, version and the columns that change, takes on `news`; what is no column of it is only said."""

    row: Any
    news: dict[str, Any]


def moment(expression: str) -> str:
    """A moment as events tell it."""
    return f"""to_char({expression} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""


def move(work, cls: type, fact: type, telling: Telling, moved: Sequence[Moved]) -> None:
    """Write it all; every piece of news has the same names.

    Raises:
        StaleDataError: a row has changed since it was read.
    """
    table, names = cls.__table__, tuple(moved[0].news)
    columns = [table.columns[name] for name in names if name in table.columns]
    news = [_told(each, columns) for each in moved]
    statement = _statement(table, fact, telling, names)
    told = (orjson.dumps(news).decode(), orjson.dumps(_envelope(work, fact)).decode())
    if work.session.connection().exec_driver_sql(statement, told).scalar() != len(moved):
        raise StaleDataError(f"a {table.name} has changed since it was read")


def _told(moved: Moved, columns: list[Column]) -> dict[str, Any]:
    row, news = moved.row, moved.news
    changes = {}
    for column in columns:
        before, after = getattr(row, column.name), news[column.name]
        if before != after:
            changes[column.name] = outbox.masked(column, [before, after])
    shard = outbox.shard_of(row.id)
    return {"id": row.id, "held": row.version, "event_id": new_id(), "shard": shard, "changes": changes, **news}


def _envelope(work, fact: type) -> dict[str, Any]:
    """What the envelopes of one batch have in common."""
    kind = fact.__event__
    whole = Envelope(
        id=NOBODY, source=f"/{work.service.name}", type=kind.type, subject=kind.aggregate, time=work.now, operator_id=NOBODY,
        sequence=1, correlation_id=work.correlation_id, causation_id=str(work.cause.id) if work.cause else None,
        traceparent=work.traceparent, actor=work.actor.named(), data={},
    )  # fmt: skip
    return {name: value for name, value in whole.to_dict().items() if name not in OWN}


@cache
def _statement(table: Table, fact: type, telling: Telling, names: tuple[str, ...]) -> str:
    type_, aggregate = fact.__event__.type, fact.__event__.aggregate
    columns = {name: table.columns[name].type.compile(DIALECT) for name in names if name in table.columns}
    record = {**RECORD, **dict.fromkeys(names, "jsonb"), **columns}
    data = ", ".join(f"'{name}', {expression}" for name, expression in _spoken(fact, telling, names))
    return f"""
WITH news AS (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS n({", ".join(f'"{name}" {kind}' for name, kind in record.items())})),
envelope AS (SELECT %s::jsonb AS shared),
moved AS (UPDATE "{table.name}" AS held SET version = held.version + 1, {", ".join(f'"{name}" = news."{name}"' for name in columns)}
  FROM news WHERE held.id = news.id AND held.version = news.held RETURNING held.*),
said AS (SELECT moved.id, moved.operator_id, moved.estate_id, moved.version, news.event_id, news.shard, news.changes,
  jsonb_build_object({data}) AS data FROM moved JOIN news ON news.id = moved.id {telling.join}),
told AS (INSERT INTO outbox
  (id, shard, operator_id, estate_id, aggregate_type, aggregate_id, aggregate_version, routing_key, event)
  SELECT event_id, shard, operator_id, estate_id, '{aggregate}', id, version, '{type_}', shared || jsonb_build_object('id', event_id,
    'subject', '{aggregate}/' || id, 'operatorid', operator_id, 'estateid', estate_id, 'sequence', version::text, 'data', data)
  FROM said, envelope),
logged AS (INSERT INTO audit
  (operator_id, estate_id, at, actor, action, subject_type, subject_id, version, changes, correlation_id)
  SELECT operator_id, estate_id, (shared ->> 'time')::timestamptz, shared ->> 'actor', '{type_}', '{aggregate}', id, version, changes,
    shared ->> 'correlationid' FROM said, envelope)
SELECT count(*) FROM moved"""


RECORD = {"id": "uuid", "held": "bigint", "event_id": "uuid", "shard": "smallint", "changes": "jsonb"}


def _spoken(fact: type, telling: Telling, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """(field, expression) of all that the event holds. Raises TypeError: somebody forgot one."""
    known = {**{name: f'news."{name}"' for name in names}, **telling.said}
    held = [field.name for field in fields(fact)]
    if missing := set(held) - known.keys():
        raise TypeError(f"nothing says {', '.join(sorted(missing))} of {fact.__name__}")
    return [(name, known[name]) for name in held]
