"""Running clocks as columns, with all that their jobs need; and their moments, counted anew for many at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import ColumnElement, Row, and_, bindparam, select, update

from chassis import moving
from services.tickets.events import ClockState, Counting
from services.tickets.model import Calendar, Clock, Estate, Pause, Ticket, calendar, timing
from services.tickets.model.clock import OWN, TO_BE_COUNTED, moments, stopped_by
from services.tickets.model.timed import ZONE

BATCH = 1_000
TITLE = {"title_zh", "title_en"}  # from the taxonomy, which the database does not know
CALLED = [Clock.id, Clock.version, Ticket.kind, Ticket.category, Ticket.problem]  # what every job needs
CLIMBING = [Clock.estate_id, Clock.level, Ticket.assignee_id, Ticket.complained_of]  # what the ladder asks
MOMENTS = [Clock.warn_at, Clock.due_at, Clock.escalate_at, Clock.paused_at, Clock.warned_at, Clock.breached_at]
COUNTED = [Clock.estate_id, Clock.ticket_id, Clock.clock, Clock.level, Clock.counting, Clock.counted_by, *MOMENTS]
COUNTED += [Clock.started_at, Clock.target]  # what is needed to count anew


def due(work, condition: ColumnElement[bool], by: ColumnElement, columns: list) -> list[Row]:
    """Clocks with their tickets, both locked: nobody dispatches a ticket while its limit passes. What another clock holds is
    left to it, a ticket somebody is working on is found next time."""
    found = select(*CALLED, *columns).join(Clock.ticket).where(condition).order_by(by).limit(BATCH)
    locked = found.with_for_update(skip_locked=True)
    return work.session.connection().execute(locked).all()  # past the ORM


def _said(name: str) -> str:
    """How SQL says a field of a clock's state."""
    whose = "moved" if name in OWN else "ticket"
    return moving.moment(f"{whose}.{name}") if name.endswith("_at") else f"{whose}.{name}"


TELLING = moving.Telling(
    {name: _said(name) for name in sorted({f.name for f in fields(ClockState)} - TITLE)}
    | {"clock_id": "moved.id", "ticket_id": "moved.ticket_id", "confidential": "ticket.confidence_id IS NOT NULL"}
    | {"level": "moved.level"},
    join="JOIN ticket ON ticket.id = moved.ticket_id",
)


class Counter:
    """Counts some clocks anew, from the pauses of their tickets and the calendars of their estates, read together."""

    def __init__(self, work, rows: Sequence[Row]):
        self.now = work.now
        self.pauses = _pauses(work, rows)
        working = {row.estate_id for row in rows if row.counting is Counting.WORKING}
        self.estates = {each.id: each for each in work.scalars(select(Estate).where(Estate.id.in_(working)))}

    def moments(self, row: Row) -> dict[str, datetime | int]:
        """When to warn, when it is due, and by which version of the calendar."""
        counted, version = self._counted(row)
        stopped = stopped_by(self.pauses[row.ticket_id], row.clock, self.now)
        warn_at, due_at = moments(row.started_at, row.target, counted, stopped)
        return {"warn_at": warn_at, "due_at": due_at, "counted_by": version}

    def _counted(self, row: Row) -> tuple[timing.Counted, int]:
        if row.counting is Counting.NATURAL:
            return timing.ALWAYS, 0
        estate = self.estates.get(row.estate_id)
        return estate.working_hours if estate else (calendar.usual(ZONE), 0)


def _pauses(work, rows: Sequence[Row]) -> dict:
    found = defaultdict(list)
    tickets = {row.ticket_id for row in rows}
    for each in work.scalars(select(Pause).where(Pause.ticket_id.in_(tickets))):
        found[each.ticket_id].append(each)
    return found


# ── what was counted by something else than holds now ────────────────────────────────────────────────────────────


def outdated(work) -> list[Row]:
    """Running limits in working time that an older calendar counted, and whatever is marked to be counted."""
    older = Clock.counted_by < Calendar.version
    by_calendar = select(Clock.id).join(Calendar, Calendar.estate_id == Clock.estate_id).where(Clock.to_count(), older)
    found = due(work, Clock.id.in_(by_calendar.limit(BATCH)), Clock.id, COUNTED)
    return found or due(work, and_(Clock.met_at.is_(None), Clock.counted_by == TO_BE_COUNTED), Clock.id, COUNTED)


def note(work, unmoved: Sequence[tuple[Row, dict]]) -> None:
    """Counted, and due when it was before: nothing to tell."""
    if unmoved:
        clock = Clock.__table__
        put = {"counted_by": bindparam("by"), "warn_at": bindparam("warn")}
        rows = [{"key": row.id, "by": news["counted_by"], "warn": news["warn_at"]} for row, news in unmoved]
        work.execute(update(clock).where(clock.c.id == bindparam("key")).values(put), rows)
