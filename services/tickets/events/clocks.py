"""What is said of limits: they run, wait, warn, pass, climb, and are met."""

from datetime import datetime
from uuid import UUID

from chassis.events import event, part
from services.tickets.events.words import Kind, Level, Limit, State, Urgency, Waiting


@part
class Due:
    """One limit on a ticket; it runs until it is met."""

    clock: Limit
    due_at: datetime
    warned_at: datetime | None
    breached_at: datetime | None
    met_at: datetime | None


@part
class ClockState:
    """A running limit and the ticket it belongs to."""

    clock_id: UUID
    clock: Limit
    due_at: datetime
    warned_at: datetime | None
    breached_at: datetime | None
    ticket_id: UUID
    number: str
    estate_id: UUID
    unit_id: UUID | None
    kind: Kind
    title_zh: str
    title_en: str
    urgency: Urgency
    state: State
    reporter_id: UUID
    confidential: bool
    assignee_id: UUID | None


@event("tickets.clock.started", version=1)
class ClockStarted(ClockState):
    """A limit began to run."""


@event("tickets.clock.paused", version=1)
class ClockPaused(ClockState):
    """The limit waits for somebody else, at most until `paused_until`."""

    paused_until: datetime
    waiting_for: Waiting | None


@event("tickets.clock.resumed", version=1)
class ClockResumed(ClockState):
    """The limit runs again; `due_at` has moved by the time it waited."""


@event("tickets.clock.met", version=1)
class ClockMet(ClockState):
    """What the limit asked for was done. `breached_at` tells whether in time."""


@event("tickets.clock.warned", version=1)
class ClockWarned(ClockState):
    """Three quarters of the time are gone. `told` are the persons to act now."""

    level: Level
    told: list[UUID]


@event("tickets.clock.breached", version=1)
class ClockBreached(ClockState):
    """The limit has passed."""


@event("tickets.clock.escalated", version=1)
class ClockEscalated(ClockState):
    """A passed limit went up to the next level. `told` are the persons who have it now; never one complained of."""

    level: Level
    told: list[UUID]


@event("tickets.clock.rescheduled", version=1)
class ClockRescheduled(ClockState):
    """What the limit follows from has changed, such as the calendar or the appointment: it was counted anew from the start.

    A warning or breach that no longer holds is taken back: `warned_at`, `breached_at` are as they stand now.
    """

    was_due_at: datetime
