"""Ratings: what the owner's side thought of finished work."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.model import OfEstate, Row


class Rating(Row, OfEstate):
    """What the owner's side thought of one closure of a ticket."""

    __table_args__ = (
        UniqueConstraint("ticket_id", "closure"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
        Index("rating_technician", "technician_id", "rated_at"),
        Index("rating_rater", "rated_by"),
    )

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    closure: Mapped[int]
    technician_id: Mapped[UUID | None]
    contractor_id: Mapped[UUID | None]  # in the place of a technician
    score: Mapped[int]
    aspects: Mapped[dict]
    tags: Mapped[list]
    comment: Mapped[str | None]
    rated_by: Mapped[UUID]
    rated_at: Mapped[datetime]
