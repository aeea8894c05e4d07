"""What a unit of work made is written in one statement: its new rows, and the outbox and audit rows that tell of them.

The ORM writes row by row and table by table, a round trip each; most of a request's time went there (performance.md,
goal 1a). Here the rows of a table travel as one JSON value, so that the statement is the same for any number of them and
stays prepared. Changes and deletions are left to the ORM. Keys are of our own making, so nothing is read back.
"""

from collections.abc import Callable, Iterable
from functools import cache

import orjson
from sqlalchemy import Connection, Table, TypeDecorator, inspect
from sqlalchemy.orm import RelationshipDirection, Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

MOST = 5_000  # rows in a statement

Piece = tuple[Table, list[dict]]  # a table and its rows, all with the same columns


# ── from objects to values ───────────────────────────────────────────────────────────────────────────────────────────


def pieces_of(session: Session) -> list[Piece]:
    """What is new in the session, to be written by `write`."""
    for thing in [*session.new, *session.dirty]:
        _hand_down_keys(thing)
    by_table: dict[Table, list[dict]] = {}
    for thing in session.new:
        mapper = inspect(thing).mapper
        by_table.setdefault(mapper.local_table, []).append(_values(mapper, thing))
    return sorted(by_table.items(), key=lambda piece: _place(piece[0]))  # it may take several statements


@cache
def _place(table: Table) -> int:
    """Among the tables of its service, where those that it points at come first."""
    return table.metadata.sorted_tables.index(table)


def settle(session: Session) -> None:
    """What was new is written: the session holds it as if it had read it."""
    fresh = list(session.new)
    for thing in fresh:
        session.expunge(thing)
        make_transient_to_detached(thing)
        inspect(thing).expired_attributes.clear()  # all columns are here, and relations load when they are asked for
    session.add_all(fresh)


def _hand_down_keys(thing) -> None:
    """As a flush does: what points at another thing by a relation takes over its key."""
    loaded = inspect(thing).dict
    for relation in _relations(type(thing)):
        related = loaded.get(relation.key)
        if related is None:
            continue
        for near, far in relation.local_remote_pairs:
            if relation.direction is RelationshipDirection.MANYTOONE:
                _put(thing, near, related, far)
            else:
                for child in related:
                    _put(child, far, thing, near)


def _put(thing, column, source, source_column) -> None:
    name, value = column.key, getattr(source, source_column.key)
    if getattr(thing, name) != value:
        setattr(thing, name, value)


@cache
def _relations(cls: type) -> tuple:
    return tuple(relation for relation in inspect(cls).relationships if not relation.viewonly)


def _values(mapper, thing) -> dict:
    loaded = inspect(thing).dict
    for _, name in _columns(mapper):
        if name not in loaded:
            set_committed_value(thing, name, None)
    return {column: loaded[name] for column, name in _columns(mapper)}


@cache
def _columns(mapper) -> list[tuple[str, str]]:
    """(column, attribute) of the whole table."""
    return [(column.name, mapper.get_property_by_column(column).key) for column in mapper.local_table.columns]


# ── from values to one statement ─────────────────────────────────────────────────────────────────────────────────────


def write(connection: Connection, pieces: Iterable[Piece]) -> None:
    """Insert all of it: in one statement, unless it is very much."""
    for batch in _batches(pieces):
        shape = tuple((table, tuple(rows[0])) for table, rows in batch)
        connection.exec_driver_sql(_statement(shape), tuple(as_json(connection.dialect, *each) for each in batch))


def _batches(pieces: Iterable[Piece]):
    batch, room = [], MOST
    for table, rows in pieces:
        while rows:
            batch.append((table, rows[:room]))
            rows, room = rows[room:], room - len(rows[:room])
            if not room:
                yield batch
                batch, room = [], MOST
    if batch:
        yield batch


@cache
def _statement(shape: tuple) -> str:
    *first, last = [insertion(table, columns) for table, columns in shape]
    return (f"WITH {', '.join(f'w{n} AS ({each})' for n, each in enumerate(first))} " if first else "") + last


def insertion(table: Table, columns: tuple[str, ...]) -> str:
    named = ", ".join(f'"{column}"' for column in columns)
    return f'INSERT INTO "{table.name}" ({named}) SELECT {named} FROM json_populate_recordset(NULL::"{table.name}", %s)'


def as_json(dialect, table: Table, rows: list[dict]) -> str:
    """The rows as JSON: PostgreSQL reads each value as its column's type."""
    for column, process in _sealing(dialect, table):
        rows = [{**row, column: process(row[column])} if row.get(column) is not None else row for row in rows]
    return orjson.dumps(rows, default=_as_text).decode()


@cache
def _sealing(dialect, table: Table) -> list[tuple[str, Callable]]:
    """The columns whose values are written otherwise than they are read, such as sealed ones."""
    columns = [column for column in table.columns if isinstance(column.type, TypeDecorator)]
    return [(column.name, column.type.dialect_impl(dialect).bind_processor(dialect)) for column in columns]


def _as_text(value) -> str:
    """What JSON has no form for, as PostgreSQL reads it."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
