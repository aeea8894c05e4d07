"""Clocks: how long a ticket may wait for something, and who hears of it when it waits too long."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.actor import Actor
from chassis.model import Entity, OfEstate
from services.tickets import events
from services.tickets.events import ClockState, Counting, Level, Limit
from services.tickets.model import timing
from services.tickets.model.limits import Target
from services.tickets.model.pause import Pause

LADDER = list(Level)  # the rungs, lowest first; on the duty roster the dispatcher's is level 1
TO_BE_COUNTED = -1  # in `counted_by`: whatever the calendar says


class Clock(Entity, OfEstate):
    """One limit on one ticket. Its moments follow from start, target, what counts and the ticket's pauses; they are found
    from these anew whenever one of them changes. Its due columns are what the jobs look for."""

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"), index=True)
    clock: Mapped[Limit]
    started_at: Mapped[datetime]
    target: Mapped[int]  # seconds
    counting: Mapped[Counting]
    counted_by: Mapped[int]  # the version of the estate's calendar; 0: the usual one
    warn_at: Mapped[datetime]
    due_at: Mapped[datetime]
    escalate_at: Mapped[datetime | None]
    level: Mapped[Level | None]  # the highest rung that was told
    paused_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]
    ticket = relationship("Ticket", back_populates="clocks")

    @classmethod
    def wound(cls, ticket, limit: Limit, target: Target, at: datetime) -> "Clock":
        ticket.counted(
            target.counting
        )  # what it is counted by is read before the clock is there: half of it is not written
        clock = cls(operator_id=ticket.operator_id, estate_id=ticket.estate_id, clock=limit, started_at=at)
        ticket.clocks.append(clock)
        clock.aim(target, at)
        return clock

    def start(self) -> None:
        self._say(events.ClockStarted)

    def aim(self, target: Target, at: datetime) -> None:
        self.target, self.counting = int(target.span.total_seconds()), target.counting
        self.count(at)

    def count(self, at: datetime) -> None:
        """Find its moments from the start, as things stand at `at`."""
        counted, self.counted_by = self.ticket.counted(self.counting)
        stopped = stopped_by(self.ticket.pauses, self.clock, at) if self.started_at < at else []
        self.warn_at, self.due_at = moments(self.started_at, self.target, counted, stopped)

    def pause(self, until: datetime, reason: events.Waiting, at: datetime) -> None:
        """Wait for somebody else."""
        self.paused_at, self.paused_until = at, until
        self._say(events.ClockPaused, paused_until=until, waiting_for=reason)

    def resume(self, at: datetime) -> None:
        """Run on."""
        self.paused_at = None
        self.count(at)
        self._say(events.ClockResumed)

    def restart(self, target: Target, *, since: datetime, at: datetime) -> None:
        """It counts from another start, such as an appointment."""
        self.started_at, was_due_at = since, self.due_at
        self.aim(target, at)
        for name, value in taken_back(self, self.warn_at, self.due_at, at).items():
            setattr(self, name, value)
        self._say(events.ClockRescheduled, was_due_at=was_due_at)

    def meet(self, at: datetime) -> None:
        """What it asked for was done, or is no longer wanted."""
        if self.met_at is None:
            self.met_at, self.paused_at, self.escalate_at = at, None, None
            self._say(events.ClockMet)

    def told_as(self, actor: Actor) -> str:
        return self.ticket.told_as(actor)

    # ── what the jobs look for ───────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def running(cls) -> ColumnElement[bool]:
        return and_(cls.met_at.is_(None), cls.paused_at.is_(None))

    @classmethod
    def to_warn(cls, at: datetime) -> ColumnElement[bool]:
        return and_(cls.running(), cls.warned_at.is_(None), cls.breached_at.is_(None), cls.warn_at <= at)

    @classmethod
    def to_breach(cls, at: datetime) -> ColumnElement[bool]:
        return and_(cls.running(), cls.breached_at.is_(None), cls.due_at <= at)

    @classmethod
    def to_escalate(cls, at: datetime) -> ColumnElement[bool]:
        return and_(cls.running(), cls.escalate_at <= at)

    @classmethod
    def to_resume(cls, at: datetime) -> ColumnElement[bool]:
        return and_(cls.met_at.is_(None), cls.paused_at.is_not(None), cls.paused_until <= at)

    @classmethod
    def to_count(cls) -> ColumnElement[bool]:
        return and_(cls.met_at.is_(None), cls.counting == Counting.WORKING)

    # ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def clock_id(self) -> UUID:
        return self.id

    def _say(self, fact: type, **more) -> None:
        state = {f.name: getattr(self if f.name in OWN else self.ticket, f.name) for f in fields(ClockState)}
        self.record(fact(**state, **more))


OWN = {"clock_id", "clock", "due_at", "warned_at", "breached_at"}  # of what is said; the rest is the ticket's


# ── what follows from what ───────────────────────────────────────────────────────────────────────────────────────


def moments(started_at: datetime, target: int, counted: timing.Counted, stopped: list) -> tuple[datetime, datetime]:
    """When to warn, and when it is due."""
    what = (started_at, timedelta(seconds=target), counted, stopped)
    return timing.warn_at(*what), timing.due(*what)


def stopped_by(pauses: Iterable[Pause], limit: Limit, at: datetime) -> list[timing.Span]:
    """When a limit stood still, seen at `at`."""
    return [each.stop.span(at) for each in pauses if each.stops(limit)]


def taken_back(clock, warn_at: datetime, due_at: datetime, at: datetime) -> dict:
    """What of a clock still holds when its moments move: a warning or a breach whose time is yet to come does not."""
    missed = clock.breached_at is not None and due_at <= at
    return {
        "warned_at": clock.warned_at if warn_at <= at else None,
        "breached_at": clock.breached_at if missed else None,
        "escalate_at": clock.escalate_at if missed else None,
        "level": clock.level if missed or warn_at <= at else None,
    }


Index(
    "clock_warn",
    Clock.warn_at,
    postgresql_where=and_(Clock.running(), Clock.warned_at.is_(None), Clock.breached_at.is_(None)),
)
Index(
    "clock_next",
    Clock.operator_id,
    Clock.due_at,
    Clock.id,
    postgresql_where=and_(Clock.running(), Clock.breached_at.is_(None)),
)
Index("clock_breach", Clock.due_at, postgresql_where=and_(Clock.running(), Clock.breached_at.is_(None)))
Index("clock_escalate", Clock.escalate_at, postgresql_where=Clock.running())
Index("clock_resume", Clock.paused_until, postgresql_where=and_(Clock.met_at.is_(None), Clock.paused_at.is_not(None)))
MISSED = {"postgresql_where": Clock.breached_at.is_not(None)}
Index("clock_missed", Clock.estate_id, Clock.due_at.desc(), Clock.id.desc(), **MISSED)
Index("clock_missed_operator", Clock.operator_id, Clock.due_at.desc(), Clock.id.desc(), **MISSED)
Index(
    "clock_calendar",
    Clock.estate_id,
    Clock.counted_by,
    postgresql_where=Clock.to_count(),
)
Index("clock_recount", Clock.id, postgresql_where=and_(Clock.met_at.is_(None), Clock.counted_by == TO_BE_COUNTED))
