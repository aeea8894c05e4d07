"""What is said of tickets, from the report to the end."""

from datetime import date, datetime
from uuid import UUID

from chassis.events import event, part
from services.tickets.events.clocks import Due
from services.tickets.events.words import Channel, Kind, Outcome, Payer, SentBy, State, Urgency


@part
class TicketState:
    """A ticket's public state, said with every fact about it. The title names category and problem, nothing personal.

    Of a confidential ticket `reporter_id` is an alias that stands for nobody else, and there is no unit.
    """

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
    confidential: bool
    filed_by: UUID
    assignee_id: UUID | None
    contractor_id: UUID | None
    filed_at: datetime
    reviewed_at: datetime | None
    dispatched_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    closed_at: datetime | None
    appointed_from: datetime | None
    appointed_to: datetime | None
    arrived_at: datetime | None
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
    """The ticket was accepted, and it is known who will pay; a developer is bound until `warranty_until`, if we know."""

    warranty_until: date | None


@event("tickets.ticket.rejected", version=1)
class TicketRejected(TicketState):
    """The ticket was refused; the reason stands on it."""


@event("tickets.ticket.dispatched", version=1)
class TicketDispatched(TicketState):
    """Somebody was sent: `assignee_id`, or a firm from outside: `contractor_id`. `way` says how it came to that."""

    way: SentBy


@event("tickets.ticket.appointed", version=1)
class TicketAppointed(TicketState):
    """A time to come was agreed: `appointed_from` to `appointed_to`."""


@event("tickets.ticket.arrived", version=1)
class TicketArrived(TicketState):
    """Whoever was sent is there."""


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
    cause_code: str | None
    charged_fen: int


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


@event("tickets.ticket.assigned", version=1)
class TicketAssigned(TicketState):
    """Somebody is to answer it: `assignee_id`; never one complained of."""


@event("tickets.ticket.replied", version=1)
class TicketReplied(TicketState):
    """The answer is given, and stands on the ticket. The reporter may contest a complaint's, once."""

    outcome: Outcome
    closes_at: datetime


@event("tickets.ticket.contested", version=1)
class TicketContested(TicketState):
    """The complainant does not accept the answer: somebody else looks at it again."""


@event("tickets.ticket.confirmed", version=1)
class TicketConfirmed(TicketState):
    """The owner's side says that it is mended, or accepts the answer."""


@event("tickets.suggestion.put_on_agenda", version=1)
class SuggestionPutOnAgenda(TicketState):
    """A suggestion is for the estate's next monthly meeting to decide. Its words stay on the ticket."""


@event("tickets.ticket.restated", version=1)
class TicketRestated(TicketState):
    """A ticket as it is now."""
