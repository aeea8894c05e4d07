"""Who was sent to a ticket, how, and how they left it; and how an estate sends people out."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from chassis.model import Entity, OfEstate, Row
from services.tickets.events import DispatchPolicyChanged, SentBy

URGE_EVERY_HOURS = 4


def digest(secret: str) -> str:
    """Of 32 random bytes a plain hash is safe to keep."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Left(StrEnum):
    """How somebody was done with a ticket before it was finished."""

    RETURNED = "returned"
    DECLINED = "declined"
    TRANSFERRED = "transferred"
    REVOKED = "revoked"


class Choice(StrEnum):
    """How the one who is sent automatically is chosen."""

    BEST = "best"
    ROUND_ROBIN = "round_robin"


class Assignment(Row, OfEstate):
    """One sending of one person or contractor to one ticket. What spoke for an automatic choice stands in `factors`."""

    __table_args__ = (
        CheckConstraint("num_nonnulls(technician_id, contractor_id) = 1", name="who"),
        Index("assignment_ticket", "ticket_id"),
        Index("assignment_technician", "technician_id", "sent_at", postgresql_where="technician_id IS NOT NULL"),
        Index("assignment_link", "link_hash", unique=True, postgresql_where="link_hash IS NOT NULL"),
    )

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    technician_id: Mapped[UUID | None]
    contractor_id: Mapped[UUID | None]
    sent_by: Mapped[UUID | None]  # None: by itself
    way: Mapped[SentBy]
    sent_at: Mapped[datetime]
    factors: Mapped[list | None]  # [{"factor", "found", "points"}]
    left_at: Mapped[datetime | None]
    left_as: Mapped[Left | None]
    reason: Mapped[str | None] = mapped_column(info={"private": True})
    link_hash: Mapped[str | None]  # a contractor's way in; the link itself is nowhere
    link_until: Mapped[datetime | None]
    taken_on_at: Mapped[datetime | None]  # when the contractor said yes

    def leave(self, how: Left, *, at: datetime, reason: str | None = None) -> None:
        self.left_as, self.left_at, self.reason = how, at, reason
        self.link_hash = self.link_until = None

    def open_by_link(self, at: datetime, lasts: timedelta) -> str:
        """A new way in for a contractor, instead of any former one. → the secret, of which only the hash is kept"""
        secret = secrets.token_urlsafe(32)
        self.link_hash, self.link_until = digest(secret), at + lasts
        return secret

    def close_link(self) -> None:
        self.link_hash = self.link_until = None


class DispatchPolicy(Entity, OfEstate):
    """How an estate sends people out; its id is the estate's. Without one, dispatchers send and nobody claims."""

    automatic: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)  # codes of categories; "*" is all of them
    choice: Mapped[Choice] = mapped_column(default=Choice.BEST)
    claims: Mapped[bool] = mapped_column(default=False)
    urge_every_hours: Mapped[int] = mapped_column(default=URGE_EVERY_HOURS)

    def change(self, *, automatic: list[str], choice: Choice, claims: bool, urge_every_hours: int) -> None:
        self.automatic, self.choice, self.claims = automatic, choice, claims
        self.urge_every_hours = urge_every_hours
        self.record(
            DispatchPolicyChanged(
                estate_id=self.estate_id,
                automatic=automatic,
                choice=choice,
                claims=claims,
                urge_every_hours=urge_every_hours,
            )
        )

    def sends_itself(self, category: str | None) -> bool:
        return "*" in self.automatic or category in self.automatic
