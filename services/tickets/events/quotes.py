"""What is said of work that its owner pays for: what it would cost, what the owner says to that, and what is to be charged."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.events import event, part
from services.tickets.events.words import Kind, Urgency


class QuoteState(StrEnum):
    OFFERED = "offered"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@part
class QuoteFacts:
    """A quote and the ticket it is for. Its lines stand on it; amounts are in fen."""

    quote_id: UUID
    ticket_id: UUID
    number: str
    estate_id: UUID
    unit_id: UUID | None
    kind: Kind
    title_zh: str
    title_en: str
    urgency: Urgency
    reporter_id: UUID
    assignee_id: UUID | None
    labour_fen: int
    parts_fen: int
    total_fen: int
    offered_by: UUID
    offered_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None


@event("tickets.quote.offered", version=1)
class QuoteOffered(QuoteFacts):
    """The owner is to decide on what the work would cost."""


@event("tickets.quote.agreed", version=1)
class QuoteAgreed(QuoteFacts):
    """The owner agrees to this price: `decided_by`."""


@event("tickets.quote.refused", version=1)
class QuoteRefused(QuoteFacts):
    """The owner does not agree; nothing may be charged."""


@event("tickets.quote.withdrawn", version=1)
class QuoteWithdrawn(QuoteFacts):
    """Another quote took its place before the owner decided."""


@event("tickets.charge.agreed", version=1)
class ChargeAgreed:
    """The work is done, and this is to be charged to the owner of the unit, who agreed to no less."""

    quote_id: UUID
    ticket_id: UUID
    number: str
    estate_id: UUID
    unit_id: UUID
    labour_fen: int
    parts_fen: int
    discount_fen: int
    amount_fen: int
    agreed_by: UUID
    agreed_at: datetime
    completed_at: datetime
