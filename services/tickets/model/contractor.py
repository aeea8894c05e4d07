"""Firms from outside that an operator sends: what they can do, where, and how to reach them."""

from uuid import UUID

from sqlalchemy import ColumnElement, Index, Text, Uuid, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from chassis.actor import ALL, Actor
from chassis.actor import Kind as ActorKind
from chassis.model import Entity
from chassis.private import Sealed
from services.tickets.events import ContractorChanged, ContractorRegistered


class Contractor(Entity):
    """A firm, known in the estates it works for. One that is not `active` is sent nowhere."""

    __table_args__ = (Index("contractor_operator", "operator_id", "id"),)

    name: Mapped[str] = mapped_column(info={"private": True})  # of one man, as often as not
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text))
    estate_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    email: Mapped[str | None] = mapped_column(Sealed, info={"private": True})
    phone: Mapped[str | None] = mapped_column(Sealed, info={"private": True})
    active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        """Whoever holds the permission in one of its estates."""
        if actor.kind is ActorKind.SYSTEM:
            return true()
        estates = actor.estates(permission)
        mine = cls.operator_id == actor.operator_id
        return mine if estates is ALL else mine & cls.estate_ids.overlap(sorted(estates))

    def open_to(self, actor: Actor, permission: str) -> bool:
        return any(actor.may(permission, each) for each in self.estate_ids)

    @classmethod
    def registered(cls, **facts) -> "Contractor":
        contractor = cls(**facts)
        contractor._say(ContractorRegistered)
        return contractor

    def change(self, **facts) -> None:
        for name, value in facts.items():
            setattr(self, name, value)
        self._say(ContractorChanged)

    def works_in(self, estate_id: UUID) -> bool:
        return self.active and estate_id in self.estate_ids

    def _say(self, fact: type) -> None:
        self.record(
            fact(contractor_id=self.id, skills=self.skills, estate_ids=self.estate_ids, active=bool(self.active))
        )
