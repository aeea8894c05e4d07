"""Words exchanged on a ticket, between the home and the staff or among the staff."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.actor import Actor
from chassis.model import Entity, OfEstate
from services.tickets.events import CommentAdded, Side


class Comment(Entity, OfEstate):
    """What somebody wrote. An internal comment exists for staff only; none is ever changed."""

    __table_args__ = (Index("comment_ticket", "ticket_id", "id"), Index("comment_author", "author_id"))

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    author_id: Mapped[UUID]
    side: Mapped[Side]
    internal: Mapped[bool]
    text: Mapped[str] = mapped_column(info={"private": True})
    ticket = relationship("Ticket")

    @classmethod
    def written(cls, ticket, *, author_id: UUID, side: Side, internal: bool, text: str) -> "Comment":
        author_id = ticket.named(author_id)
        comment = cls(
            ticket=ticket, estate_id=ticket.estate_id, author_id=author_id, side=side, internal=internal, text=text
        )
        comment.record(
            CommentAdded(
                comment_id=comment.id,
                internal=internal,
                side=side,
                author_id=author_id,
                ticket_id=ticket.id,
                number=ticket.number,
                estate_id=ticket.estate_id,
                unit_id=ticket.unit_id,
                kind=ticket.kind,
                title_zh=ticket.title_zh,
                title_en=ticket.title_en,
                reporter_id=ticket.reporter_id,
                assignee_id=ticket.assignee_id,
                confidential=ticket.confidential,
            )
        )
        if ticket.confidential and side is Side.STAFF and not internal:
            ticket.confidence.tell(ticket, CommentAdded.__event__.type)
        return comment

    def told_as(self, actor: Actor) -> str:
        return self.ticket.told_as(actor)
