"""People and companies: a name in plain, everything else that is private as ciphertext."""

from uuid import UUID

from sqlalchemy import ColumnElement, Index, select, true
from sqlalchemy.orm import Mapped, mapped_column

from chassis.actor import ALL, Actor, Kind
from chassis.errors import Conflict
from chassis.model import within
from chassis.private import Sealed, blind_index, seal
from services.directory import events
from services.directory.model.homes import Occupancy
from services.directory.model.staff import Staff
from services.directory.model.told import Told, staffed

INDEXED = ("phone", "other_phone", "email")


ERASED = "已注销 (erased)"


class StillBound(Conflict):
    en = "This person still {what}; end that first, then erase."
    zh = "此人仍有未结束的关系（{what}），请先办结再注销。"


class Person(Told):
    """`…_index` columns find a phone or an e-mail without opening it.

    `first_estate_id` is the estate whose staff entered the person, and who see them before they hold a home.
    """

    BEGUN, CHANGED, RESTATED = events.PersonRegistered, events.PersonChanged, events.PersonRestated
    kind: Mapped[events.PersonKind] = mapped_column(default=events.PersonKind.NATURAL)
    name: Mapped[str] = mapped_column(info={"private": True})
    language: Mapped[str]
    first_estate_id: Mapped[UUID | None]
    phone: Mapped[str | None] = mapped_column(Sealed, info={"private": True})
    phone_index: Mapped[str | None] = mapped_column(info={"private": True})
    other_phone: Mapped[str | None] = mapped_column(Sealed, info={"private": True})
    other_phone_index: Mapped[str | None] = mapped_column(info={"private": True})
    email: Mapped[str | None] = mapped_column(Sealed, info={"private": True})
    email_index: Mapped[str | None] = mapped_column(info={"private": True})
    __table_args__ = (
        Index("person_name", "operator_id", "name"),
        *(Index(f"person_{each}", f"{each}_index") for each in INDEXED),
    )

    def __init__(self, **facts):
        super().__init__(**facts, **_indexes(facts))

    def change(self, **facts) -> None:
        super().change(**facts, **_indexes(facts))

    def erase(self) -> None:
        """Nothing says any more who it was. What they held and did stays, under their id."""
        self.change(name=ERASED, phone=None, other_phone=None, email=None)
        self.record(events.PersonErased(person_id=self.id))

    @property
    def phone_sealed(self) -> str | None:
        return self.phone and seal(self.phone)

    @property
    def email_sealed(self) -> str | None:
        return self.email and seal(self.email)

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        """Oneself; and for staff, those who hold a unit, work, or were entered in their estates."""
        if actor.kind is Kind.SYSTEM:
            return true()
        mine, estates = cls.operator_id == actor.operator_id, staffed(actor, permission)
        if estates is ALL:
            return mine
        living = select(Occupancy.id).where(Occupancy.person_id == cls.id, within(Occupancy.estate_id, estates))
        working = select(Staff.id).where(Staff.id == cls.id, Staff.works_in(estates))
        known = within(cls.first_estate_id, estates) | living.correlate(cls).exists() | working.correlate(cls).exists()
        return mine & (known | (cls.id == actor.id))


def _indexes(facts: dict) -> dict:
    return {f"{name}_index": facts[name] and blind_index(facts[name]) for name in INDEXED if name in facts}
