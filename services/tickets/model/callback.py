"""Call-backs 回访: asking the owner's side how it was, where they said it was bad or said nothing."""

import hashlib
from dataclasses import fields
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Index, Text, UniqueConstraint, and_, exists
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.actor import Actor
from chassis.errors import Conflict
from chassis.model import Entity, OfEstate
from services.tickets import events
from services.tickets.events import CallbackFacts, Kind, Reached, Urgency, Why
from services.tickets.model.ticket import Ticket

LOW_SCORE = 2  # and below
SEED = "call-back"


class AlreadySettled(Conflict):
    en = "This call-back is settled already: {outcome}."
    zh = "该回访已完成，结果为「{outcome}」。"


class Callback(Entity, OfEstate):
    """One call to make about one end of a ticket."""

    __table_args__ = (
        UniqueConstraint("ticket_id", "closure"),
        Index("callback_estate", "estate_id", "due_at", "id"),
        Index("callback_operator", "operator_id", "due_at", "id"),
        Index("callback_due", "due_at", postgresql_where="settled_at IS NULL AND missed_at IS NULL"),
    )

    ticket_id: Mapped[UUID]
    closure: Mapped[int]
    why: Mapped[Why]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    missed_at: Mapped[datetime | None]
    outcome: Mapped[Reached | None]
    note: Mapped[str | None] = mapped_column(info={"private": True})
    settled_by: Mapped[UUID | None]
    settled_at: Mapped[datetime | None]
    ticket = relationship(Ticket, primaryjoin="foreign(Callback.ticket_id) == Ticket.id")

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        """Whoever sees the ticket, so never somebody complained of."""
        seen = exists().where(Ticket.id == cls.ticket_id, Ticket.visible_to(actor, permission))
        return and_(super().visible_to(actor, permission), seen)

    @classmethod
    def opened(cls, ticket: Ticket, why: Why, *, told: list[UUID], within: timedelta, at: datetime) -> "Callback":
        callback = cls(
            operator_id=ticket.operator_id,
            estate_id=ticket.estate_id,
            ticket_id=ticket.id,
            ticket=ticket,
            closure=ticket.reopened,
            why=why,
            opened_at=at,
            due_at=at + within,
        )
        callback._say(events.CallbackOpened, told=told)
        return callback

    def miss(self, told: list[UUID], *, at: datetime) -> None:
        self.missed_at = at
        self._say(events.CallbackMissed, told=told)

    def settle(self, outcome: Reached, *, by: UUID, note: str | None, at: datetime) -> None:
        if self.outcome:
            raise AlreadySettled(outcome=self.outcome)
        self.outcome, self.note, self.settled_by, self.settled_at = outcome, note, by, at
        self._say(events.CallbackSettled, outcome=outcome, settled_by=by, settled_at=at)

    def told_as(self, actor: Actor) -> str:
        return self.ticket.told_as(actor)

    @property
    def callback_id(self) -> UUID:
        return self.id

    def _say(self, fact: type, **more) -> None:
        own = {"callback_id", "why", "opened_at", "due_at"}
        facts = {f.name: getattr(self if f.name in own else self.ticket, f.name) for f in fields(CallbackFacts)}
        self.record(fact(**facts, **more))


class CallbackPolicy(Entity):
    """Whom an operator calls back; its id is the operator's. A low rating always is."""

    __table_args__ = (CheckConstraint("sample_percent BETWEEN 0 AND 100", name="sample_percent"),)

    sample_percent: Mapped[int] = mapped_column(default=5)  # of what closed unrated
    always: Mapped[list[str]] = mapped_column(ARRAY(Text), default=lambda: [Kind.COMPLAINT.value])
    hours: Mapped[int] = mapped_column(default=24)  # until when

    @classmethod
    def usual(cls, operator_id: UUID) -> "CallbackPolicy":
        """Of an operator that has not chosen."""
        always = [Kind.COMPLAINT.value, Urgency.EMERGENCY.value]
        return cls(id=operator_id, operator_id=operator_id, version=0, sample_percent=5, always=always, hours=24)

    @property
    def within(self) -> timedelta:
        return timedelta(hours=self.hours)

    def change(self, *, sample_percent: int, always: list[str], hours: int) -> None:
        self.sample_percent, self.always, self.hours = sample_percent, always, hours
        self.record(events.CallbackPolicyChanged(sample_percent=sample_percent, always=always, hours=hours))

    def asks_about(self, ticket: Ticket) -> Why | None:
        """Why somebody is called back about what closed unrated; a confidential complainant never is by chance."""
        if ticket.confidential:
            return None
        if {ticket.kind.value, ticket.urgency.value} & set(self.always):
            return Why.POLICY
        return Why.SAMPLE if drawn(ticket.id, ticket.reopened) < self.sample_percent else None


def drawn(ticket_id: UUID, closure: int) -> int:
    """A number below 100 for each end of each ticket: as good as chance, and the same for whoever draws again."""
    digest = hashlib.sha256(f"{SEED} {ticket_id} {closure}".encode()).digest()
    return int.from_bytes(digest[:8]) % 100
