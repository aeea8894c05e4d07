"""Going back in time: the instant that a backup is of, and what a restored service mends before it runs.

Every service has a database of its own, and no transaction spans two. Yet a backup must not hold a listener that has heard
what its producer, in the same backup, does not know: versions and numbers would be given twice. So the relays stand still
while the snapshots are taken, milliseconds; an event that is not yet read cannot be heard. What was on its way at that
moment is still in the producer's outbox, marked as sent; after a restore it is said again and inboxes drop what they know
(docs/decisions/006).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import ModuleType

import psycopg
from sqlalchemy import delete, func, insert, select, text, update

from chassis import tables
from chassis.actor import SYSTEM

PAUSE = 7_203_613  # the advisory lock that a relay shares while it reads its outbox, and a backup holds alone
NOTHING = timedelta(0)


class AlreadyRecovered(Exception):
    """This database was mended after this restore; a second time would make heard events older than they are."""


# ── the instant of a backup ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Snapshot:
    """One database at the instant: `id` for `pg_dump --snapshot`, `session` for questions to the same rows."""

    id: str
    session: psycopg.Connection


@contextmanager
def one_instant(databases: Mapping[str, str]) -> Iterator[dict[str, Snapshot]]:
    """{service: snapshot} of all databases, given by their URLs, such that no listener is ahead of its producers.

    Writers are not held up, and the snapshots live until the block ends.

    Raises:
        psycopg.Error: a database is away, or was lost while the relays stood still; then there is no such instant.
    """
    with ExitStack() as open_sessions:
        sessions = {name: open_sessions.enter_context(_session(url)) for name, url in databases.items()}
        with relays_paused(sessions.values()):
            snapshots = {name: _snapshot(session) for name, session in sessions.items()}
        yield snapshots


@contextmanager
def relays_paused(sessions) -> Iterator[None]:
    """No relay reads its outbox meanwhile. A session that dies gives its lock back, and with it the backup is void."""
    for session in sessions:
        session.execute("SELECT pg_advisory_lock(%s)", [PAUSE])
    yield
    for session in sessions:
        if not session.execute("SELECT pg_advisory_unlock(%s)", [PAUSE]).fetchone()[0]:
            raise psycopg.OperationalError("a relay was not held still while the snapshots were taken; try again")


def _session(url: str) -> psycopg.Connection:
    """A connection that may wait and idle for as long as a dump takes, but not for a lock that never comes."""
    options = "-c lock_timeout=20s -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
    return psycopg.connect(url, autocommit=True, connect_timeout=10, options=options)


def _snapshot(session: psycopg.Connection) -> Snapshot:
    session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return Snapshot(session.execute("SELECT pg_export_snapshot()").fetchone()[0], session)


# ── after a restore ──────────────────────────────────────────────────────────────────────────────────────────────────


def after_restore(function: Callable) -> Callable:
    """Mark a function of a service's `jobs.py` to be run once, as the system, in a database that went back in time."""
    function.__after_restore__ = True
    return function


def mending_in(module: ModuleType) -> list[Callable]:
    return [thing for thing in vars(module).values() if getattr(thing, "__after_restore__", False)]


@dataclass(frozen=True)
class Recovery:
    """How many events are to be said again, and how many heard ones are remembered for longer."""

    said_again: int
    remembered: int


def recover(runtime, *, taken_at: datetime, release: str, since: timedelta | None = None) -> Recovery:
    """Mend a restored database. Before any role of any service runs, and in every service.

    Args:
        taken_at: the instant of the backup.
        since: say again only what was sent within this time before it; without, everything the outbox still holds.

    Raises:
        AlreadyRecovered: it was done before.
    """
    with runtime.work(SYSTEM, system=True) as work:
        work.execute(text("SET LOCAL statement_timeout = 0"))  # every row of a week's outbox and a fortnight's inbox
        _remember(work, taken_at=taken_at, release=release)
        recovery = Recovery(_say_again(work, taken_at, since), _remember_for_longer(work, work.now - taken_at))
        for table in (tables.jwks, tables.heartbeat):
            work.execute(delete(table))  # what was seen of others then
        for mend in runtime.service.after_restore:
            mend(work)
    return recovery


def _remember(work, *, taken_at: datetime, release: str) -> None:
    restored = tables.restoration
    if work.scalar(select(func.count()).select_from(restored).where(restored.c.taken_at == taken_at)):
        raise AlreadyRecovered(f"{work.service.name} was mended after this restore already; it may run")
    facts = {"taken_at": taken_at, "restored_at": work.now, "release": release, "ahead": _ahead(work)}
    work.execute(insert(restored).values(facts))


def _ahead(work) -> int:
    """How far transaction numbers must jump so that audit rows go on where they ended: a new server counts from 3."""
    highest = f"SELECT max(number) FROM ({HIGHEST}) AS numbers"
    return work.scalar(
        text(f"""
            SELECT greatest(coalesce(({highest}), 0) + 1 - pg_current_xact_id()::text::bigint,
            (SELECT max(ahead) FROM restoration), 0)""")
    )


HIGHEST = """
    SELECT max(xid)::text::bigint AS number FROM audit
    UNION ALL SELECT max(below_xid)::text::bigint FROM audit_seal"""


def _say_again(work, taken_at: datetime, since: timedelta | None) -> int:
    """What is marked as sent may have been lost with the broker: whoever has heard it, drops it."""
    box = tables.outbox
    sent = box.c.sent_at.is_not(None) if since is None else box.c.sent_at > taken_at - since
    return work.execute(update(box).where(sent).values(sent_at=None, attempts=0)).rowcount


def _remember_for_longer(work, gap: timedelta) -> int:
    """The time from the backup to now did not happen here: else the clock would forget, on the first day, what was heard
    before an old backup, and what is said again would have a second effect."""
    box = tables.inbox
    longer = update(box).values(processed_at=box.c.processed_at + max(gap, NOTHING))
    return work.execute(longer).rowcount
