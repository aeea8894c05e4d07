"""What is said of words exchanged on a ticket."""

from uuid import UUID

from chassis.events import event
from services.tickets.events.words import Kind, Side


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
    confidential: bool
