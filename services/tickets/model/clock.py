"""Clocks: how long a ticket may wait for something, and who hears of it when it waits too long."""

from dataclasses import fields
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.actor import Actor
from chassis.model import Entity, OfEstate
from services.tickets import events
from services.tickets.events import ClockState, Level, Limit

LADDER = list(Level)  # the rungs, lowest first
WARNING = 0.75  # of the limit


class Clock(Entity, OfEstate):
    """One limit on one ticket, in natural hours. Its due columns are what the jobs look for."""

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"), index=True)
    clock: Mapped[Limit]
    started_at: Mapped[datetime]
    warn_at: Mapped[datetime]
    due_at: Mapped[datetime]
    escalate_at: Mapped[datetime | None]
    level: Mapped[Level | None]  # the highest rung that was told
    paused_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]  # kept afterwards: a clock stops once
    warned_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]
    ticket = relationship("Ticket", back_populates="clocks")

    @classmethod
    def wound(cls, ticket, clock: Limit, limit: timedelta, at: datetime) -> "Clock":
        clock = cls(
            operator_id=ticket.operator_id,
            estate_id=ticket.estate_id,
            clock=clock,
            started_at=at,
            warn_at=at + limit * WARNING,
            due_at=at + limit,
        )
        ticket.clocks.append(clock)
        return clock

    def start(self) -> None:
        self._say(events.ClockStarted)

    def pause(self, cap: timedelta, at: datetime) -> None:
        """Wait for somebody else's answer, once and no longer than `cap`."""
        if self.paused_until is None and self.met_at is None:
            self.paused_at, self.paused_until = at, at + cap
            self._say(events.ClockPaused, paused_until=self.paused_until)

    def resume(self, at: datetime) -> None:
        """Run on; what was left when it stopped is left now."""
        if self.paused_at is None:
            return
        waited = min(at, self.paused_until) - self.paused_at
        self.warn_at += waited
        self.due_at += waited
        self.paused_at = None
        self._say(events.ClockResumed)

    def meet(self, at: datetime) -> None:
        """What it asked for was done, or is no longer wanted."""
        if self.met_at is None:
            self.met_at, self.paused_at, self.escalate_at = at, None, None
            self._say(events.ClockMet)

    def warn(self, level: Level, told: list[UUID], at: datetime) -> None:
        self.warned_at, self.level = at, level
        self._say(events.ClockWarned, level=level, told=told)

    def breach(self, at: datetime) -> None:
        """The limit has passed: from now on it climbs."""
        self.breached_at = self.escalate_at = at
        self._say(events.ClockBreached)

    def escalate(self, level: Level, told: list[UUID], again: timedelta, at: datetime) -> None:
        """Tell the next rung; unless met it climbs on `again` later, and at the top knocks again."""
        self.level, self.escalate_at = level, at + again
        self._say(events.ClockEscalated, level=level, told=told)

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

    # ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def clock_id(self) -> UUID:
        return self.id

    def _say(self, fact: type, **more) -> None:
        own = {"clock_id", "clock", "due_at", "warned_at", "breached_at"}
        state = {f.name: getattr(self if f.name in own else self.ticket, f.name) for f in fields(ClockState)}
        self.record(fact(**state, **more))


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
