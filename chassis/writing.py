"""What a unit of work made is written in one statement: its new rows, and the outbox and audit rows that tell of them.

The ORM writes row by row and table by table, a round trip each; most of a request's time went there (performance.md,
goal 1a). Changes and deletions are left to it. Keys are of our own making, so nothing is read back.
"""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache

from sqlalchemy import Connection, Table, inspect
from sqlalchemy.orm import RelationshipDirection, Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

MOST = 30_000  # values in a statement; PostgreSQL takes 65,535

Rows = list[tuple]
Piece = tuple[Table, tuple[str, ...], Rows]  # a table, its columns, and the values of each row in their order


# ── from objects to values ───────────────────────────────────────────────────────────────────────────────────────────


def pieces_of(session: Session) -> list[Piece]:
    """What is new in the session, to be written by `write`."""
    for thing in [*session.new, *session.dirty]:
        _hand_down_keys(thing)
    by_table: dict[Table, Rows] = {}
    for thing in session.new:
        mapper = inspect(thing).mapper
        by_table.setdefault(mapper.local_table, []).append(_values(mapper, thing))
    return [(table, tuple(table.columns.keys()), rows) for table, rows in by_table.items()]


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


def _values(mapper, thing) -> tuple:
    loaded = inspect(thing).dict
    for name in _names(mapper):
        if name not in loaded:
            set_committed_value(thing, name, None)
    return tuple(loaded[name] for name in _names(mapper))


@cache
def _names(mapper) -> tuple[str, ...]:
    """The attribute of each column of the table, in the table's order."""
    return tuple(mapper.get_property_by_column(column).key for column in mapper.local_table.columns)


# ── from values to one statement ─────────────────────────────────────────────────────────────────────────────────────


def piece(table: Table, rows: list[dict]) -> Piece:
    """Rows of a plain table, all with the same columns."""
    names = tuple(rows[0])
    return table, names, [tuple(row[name] for name in names) for row in rows]


def write(connection: Connection, pieces: Iterable[Piece]) -> None:
    """Insert all of it: in one statement, unless it is very much."""
    for batch in _batches(pieces):
        shape = tuple((table, names, len(rows)) for table, names, rows in batch)
        values = [value for table, names, rows in batch for value in _bound(connection.dialect, table, names, rows)]
        connection.exec_driver_sql(_statement(shape), tuple(values))


def _batches(pieces: Iterable[Piece]):
    batch, room = [], MOST
    for table, names, rows in pieces:
        while rows:
            fits = room // len(names)
            if not fits:
                yield batch
                batch, room = [], MOST
                continue
            batch.append((table, names, rows[:fits]))
            room -= len(names) * len(rows[:fits])
            rows = rows[fits:]
    if batch:
        yield batch


@lru_cache(maxsize=512)
def _statement(shape: tuple) -> str:
    inserts = [
        f'INSERT INTO "{table.name}" ({", ".join(names)}) VALUES {", ".join([_row(len(names))] * count)}'
        for table, names, count in shape
    ]
    *first, last = inserts
    return (f"WITH {', '.join(f'w{n} AS ({each})' for n, each in enumerate(first))} " if first else "") + last


def _row(width: int) -> str:
    return f"({', '.join(['%s'] * width)})"


def _bound(dialect, table: Table, names: tuple[str, ...], rows: Rows):
    """The values as the driver takes them."""
    processors = _processors(dialect, table, names)
    for row in rows:
        for value, process in zip(row, processors, strict=True):
            yield value if value is None or process is None else process(value)


@cache
def _processors(dialect, table: Table, names: tuple[str, ...]) -> list[Callable | None]:
    return [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
