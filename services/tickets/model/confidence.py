"""Confidences: who filed a confidential complaint, kept apart from the complaint."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Index, func, select
from sqlalchemy.orm import Mapped, mapped_column

from chassis.actor import Actor
from chassis.actor import Kind as ActorKind
from chassis.ids import new_id
from chassis.model import Entity, OfEstate
from chassis.private import Sealed, seal
from services.tickets import events


class Confidence(Entity, OfEstate):
    """The complainant behind an alias, which differs from complaint to complaint.

    The complaint itself knows the alias and no home, so that whatever is made of it, a list, an export, an event, a figure,
    has nothing to hide.
    """

    __table_args__ = (Index("confidence_reporter", "reporter_id"), Index("confidence_ticket", "ticket_id"))

    ticket_id: Mapped[UUID]
    alias: Mapped[UUID]
    reporter_id: Mapped[UUID] = mapped_column(info={"private": True})
    unit_id: Mapped[UUID | None] = mapped_column(info={"private": True})
    contact_phone: Mapped[str | None] = mapped_column(Sealed, info={"private": True})
    disclosed_to: Mapped[UUID | None]
    disclosed_at: Mapped[datetime | None]
    disclosed_for: Mapped[str | None]  # the reason given

    @classmethod
    def taking(cls, report: dict) -> tuple["Confidence", dict]:
        """What a report says of its reporter. → it, and the report without"""
        alias, reporter_id = new_id(), report["reporter_id"]
        filed_by = alias if report["filed_by"] == reporter_id else report["filed_by"]
        kept = {name: report.get(name) for name in ("operator_id", "estate_id", "unit_id", "contact_phone")}
        anonymous = {"reporter_id": alias, "filed_by": filed_by, "unit_id": None, "contact_phone": None}
        return cls(alias=alias, reporter_id=reporter_id, **kept), {**report, **anonymous}

    @classmethod
    def tickets_of(cls, person_id: UUID | None) -> ColumnElement:
        """The confidential complaints of a person, as one array: by that an index is used."""
        return func.array(select(cls.ticket_id).where(cls.reporter_id == person_id).scalar_subquery())

    def alias_of(self, person_id: UUID) -> UUID:
        """How a person is named on the complaint."""
        return self.alias if person_id == self.reporter_id else person_id

    def told_as(self, actor: Actor) -> str:
        known = actor.kind is ActorKind.PERSON and actor.id == self.reporter_id
        return f"{actor.kind}/{self.alias}" if known else super().told_as(actor)

    def tell(self, ticket, step: str) -> None:
        """Let notify tell the complainant."""
        self.record(events.ConfidenceTold(**self._facts(ticket), step=step))

    def disclose(self, ticket, *, to: UUID, reason: str, at: datetime) -> None:
        """Somebody looks up who it is, and why is kept."""
        self.disclosed_to, self.disclosed_at, self.disclosed_for = to, at, reason
        self.record(events.ConfidenceDisclosed(**self._facts(ticket), disclosed_to=to, disclosed_at=at))

    def _facts(self, ticket) -> dict:
        return {
            "confidence_id": self.id,
            "ticket_id": ticket.id,
            "number": ticket.number,
            "estate_id": self.estate_id,
            "reporter_sealed": seal(str(self.reporter_id)),
        }
