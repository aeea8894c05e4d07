"""What the tickets service says. Facts only: never the words of a report, a name or a phone number."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.events import event, part


class Kind(StrEnum):
    REPAIR = "repair"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    INQUIRY = "inquiry"


class Channel(StrEnum):
    PORTAL = "portal"
    PHONE = "phone"
    WECHAT = "wechat"
    DESK = "desk"
    PATROL = "patrol"
    PARTNER = "partner"


class Urgency(StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class State(StrEnum):
    SUBMITTED = "submitted"
    NEEDS_ANSWER = "needs_answer"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    STARTED = "started"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Payer(StrEnum):
    OWNER = "owner"
    COMMON = "common"
    DEVELOPER_WARRANTY = "developer_warranty"
    MAINTENANCE_FUND = "maintenance_fund"
    THIRD_PARTY = "third_party"


class Limit(StrEnum):
    """What a clock measures. Review: from filing until somebody suitable is sent."""

    REVIEW = "review"


class Level(StrEnum):
    """The rungs of the escalation ladder, from the desk upwards."""

    DISPATCHER = "dispatcher"
    ESTATE_MANAGER = "estate_manager"
    REGION_MANAGER = "region_manager"
    HEAD_OFFICE = "head_office"


class Side(StrEnum):
    """Who speaks: the home, or the people who look after it."""

    RESIDENT = "resident"
    STAFF = "staff"


@part
class Due:
    """One limit on a ticket; it runs until it is met."""

    clock: Limit
    due_at: datetime
    warned_at: datetime | None
    breached_at: datetime | None
    met_at: datetime | None


# ── tickets ──────────────────────────────────────────────────────────────────────────────────────────────────────


@part
class TicketState:
    """A ticket's public state, said with every fact about it. The title names category and problem, nothing personal."""

    ticket_id: UUID
    number: str
    estate_id: UUID
    unit_id: UUID | None
    place: str | None
    kind: Kind
    category: str | None
    problem: str | None
    title_zh: str
    title_en: str
    urgency: Urgency
    channel: Channel
    state: State
    payer: Payer | None
    reporter_id: UUID
    filed_by: UUID
    assignee_id: UUID | None
    filed_at: datetime
    reviewed_at: datetime | None
    dispatched_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    closed_at: datetime | None
    reopened: int
    dues: list[Due]


@event("tickets.ticket.submitted", version=1)
class TicketSubmitted(TicketState):
    """Somebody reported something. `filed_by` differs from `reporter_id` when staff filed it for them."""


@event("tickets.ticket.asked", version=1)
class TicketAsked(TicketState):
    """Staff need to know more before they can decide; the question stands on the ticket."""


@event("tickets.ticket.answered", version=1)
class TicketAnswered(TicketState):
    """The reporter's side answered the question; the review goes on."""


@event("tickets.ticket.reviewed", version=1)
class TicketReviewed(TicketState):
    """The ticket was accepted, and it is known who will pay."""


@event("tickets.ticket.rejected", version=1)
class TicketRejected(TicketState):
    """The ticket was refused; the reason stands on it."""


@event("tickets.ticket.dispatched", version=1)
class TicketDispatched(TicketState):
    """A technician was sent: `assignee_id`."""


@event("tickets.ticket.started", version=1)
class TicketStarted(TicketState):
    """The technician is at work."""


@event("tickets.ticket.held", version=1)
class TicketHeld(TicketState):
    """Work waits, for parts or for a decision; the reason stands on the ticket."""


@event("tickets.ticket.resumed", version=1)
class TicketResumed(TicketState):
    """Work goes on where it was held: `state`."""


@event("tickets.ticket.completed", version=1)
class TicketCompleted(TicketState):
    """The work is done; the owner may now rate it, or reopen it until `reopen_until`."""

    labour_minutes: int | None
    parts_fen: int
    closes_at: datetime
    reopen_until: datetime


@event("tickets.ticket.rated", version=1)
class TicketRated(TicketState):
    """The owner's side rated the finished work, 1 to 5."""

    score: int
    aspects: dict
    tags: list[str]


@event("tickets.ticket.reminded", version=1)
class TicketReminded(TicketState):
    """Nobody has rated the finished work yet; it closes by itself at `closes_at`."""

    closes_at: datetime


@event("tickets.ticket.reopened", version=1)
class TicketReopened(TicketState):
    """The owner's side says it is not mended; `reopened` counts how often."""


@event("tickets.ticket.cancelled", version=1)
class TicketCancelled(TicketState):
    """The reporter's side no longer needs it, or staff withdrew it."""


@event("tickets.ticket.closed", version=1)
class TicketClosed(TicketState):
    """The ticket closed by itself. Not `rated`: silence is never satisfaction, leave it out of averages."""

    rated: bool


@event("tickets.ticket.restated", version=1)
class TicketRestated(TicketState):
    """A ticket as it is now."""


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────────────


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
    assignee_id: UUID | None


@event("tickets.clock.started", version=1)
class ClockStarted(ClockState):
    """A limit began to run."""


@event("tickets.clock.paused", version=1)
class ClockPaused(ClockState):
    """The limit waits for the reporter's answer, at most until `paused_until`."""

    paused_until: datetime


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


# ── comments ─────────────────────────────────────────────────────────────────────────────────────────────────────


@event("tickets.comment.added", version=1)
class CommentAdded:
    """Somebody wrote on a ticket. An internal comment is for staff only."""

    comment_id: UUID
    internal: bool
    side: Side
    author_id: UUID
    ticket_id: UUID
    number: str
    estate_id: UUID
    unit_id: UUID | None
    kind: Kind
    title_zh: str
    title_en: str
    reporter_id: UUID
    assignee_id: UUID | None
