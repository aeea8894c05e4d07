"""Closures: one line for each time a ticket came to an end, as figures need it. Nothing in it is anybody's words."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from chassis.model import OfEstate, Row
from services.tickets.events import Kind, State, Urgency


class Closure(Row, OfEstate):
    """One end of a ticket: completed, replied, rejected or cancelled. A ticket that was reopened has several, counted from 0.

    It is written in the transaction of the end, and changes afterwards only when it is rated or reopened.
    """

    __table_args__ = (
        UniqueConstraint("ticket_id", "closure"),
        Index("closure_month", "operator_id", "ended_at"),
        Index("closure_touched", "touched_at"),
        Index("closure_repeat", "estate_id", "category", "ended_at"),
    )

    ticket_id: Mapped[UUID]  # which may have gone to the archive since
    closure: Mapped[int]
    outcome: Mapped[State]
    kind: Mapped[Kind]
    category: Mapped[str | None]
    problem: Mapped[str | None]
    cause: Mapped[str | None]
    urgency: Mapped[Urgency]
    unit_id: Mapped[UUID | None]
    place: Mapped[str | None]
    technician_id: Mapped[UUID | None]
    began_at: Mapped[datetime]  # filed, or reopened
    reviewed_at: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime]
    limits: Mapped[dict]  # {limit: seconds} of those that ran
    breached: Mapped[list[str]] = mapped_column(ARRAY(Text))
    score: Mapped[int | None]
    reopened: Mapped[bool] = mapped_column(default=False)
    touched_at: Mapped[datetime]

    @classmethod
    def of(cls, ticket, at: datetime) -> "Closure":
        """The end that `ticket` has just come to."""
        began_at = _began(ticket)
        ran = [clock for clock in ticket.clocks if clock.started_at >= began_at]
        return cls(
            operator_id=ticket.operator_id,
            closure=ticket.reopened,
            outcome=ticket.state,
            technician_id=ticket.assignee_id,
            cause=ticket.cause_code,
            began_at=began_at,
            ended_at=at,
            touched_at=at,
            limits={clock.clock.value: clock.target for clock in ran},
            breached=sorted({clock.clock.value for clock in ran if clock.breached_at}),
            **{name: getattr(ticket, name) for name in TAKEN},
            **{name: _since(getattr(ticket, name), began_at) for name in MOMENTS},
        )

    def rate(self, score: int, at: datetime) -> None:
        self.score, self.touched_at = score, at

    def reopen(self, at: datetime) -> None:
        """The work was not the end after all."""
        self.reopened, self.touched_at = True, at


TAKEN = ("estate_id", "kind", "category", "problem", "urgency", "unit_id", "place")
MOMENTS = ("reviewed_at", "dispatched_at", "started_at")


def _began(ticket) -> datetime:
    """Filed; after a reopening, that is when the new work began."""
    return ticket.closures[-1].touched_at if ticket.closures else ticket.filed_at


def _since(moment: datetime | None, began_at: datetime) -> datetime | None:
    """A reopened ticket keeps the moment of its first review, which is no part of the new work."""
    return moment if moment and moment >= began_at else None
