"""What is said of confidential complaints to the one who may know: to notify, under seal."""

from datetime import datetime
from uuid import UUID

from chassis.events import event


@event("tickets.confidence.told", version=1, pii=True)
class ConfidenceTold:
    """Something happened to a confidential complaint, `step`: tell its reporter. Other events of it name only an alias."""

    confidence_id: UUID
    ticket_id: UUID
    number: str
    estate_id: UUID
    step: str
    reporter_sealed: str


@event("tickets.confidence.disclosed", version=1, pii=True)
class ConfidenceDisclosed:
    """Somebody who may looked up who the complainant is; the complainant is told."""

    confidence_id: UUID
    ticket_id: UUID
    number: str
    estate_id: UUID
    disclosed_to: UUID
    disclosed_at: datetime
    reporter_sealed: str
