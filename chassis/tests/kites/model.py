"""Kites, their owners' notes, and copies of the winds that another service reports."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from chassis.errors import Conflict
from chassis.model import Copy, Entity, OfEstate, Row
from chassis.tests.kites.events import KiteBuilt, KiteFlown, KitePainted, KiteRestated


class State(StrEnum):
    GROUNDED = "grounded"
    FLYING = "flying"


class AlreadyUp(Conflict):
    en = "A kite that is flying cannot be flown; bring it down first."
    zh = "风筝正在空中，请先收回再放飞。"


class Kite(Entity, OfEstate):
    colour: Mapped[str]
    state: Mapped[State] = mapped_column(default=State.GROUNDED)
    flights: Mapped[int] = mapped_column(default=0)
    owner_phone: Mapped[str | None] = mapped_column(info={"private": True})
    check_due: Mapped[datetime | None]

    @classmethod
    def build(cls, **facts):
        kite = cls(**facts)
        kite.record(KiteBuilt(kite_id=kite.id, estate_id=kite.estate_id, colour=kite.colour))
        return kite

    def fly(self):
        if self.state is State.FLYING:
            raise AlreadyUp()
        self.state, self.flights = State.FLYING, self.flights + 1
        self.record(KiteFlown(kite_id=self.id, estate_id=self.estate_id, flights=self.flights))

    def paint(self, colour):
        self.colour = colour
        self.record(KitePainted(kite_id=self.id, estate_id=self.estate_id, colour=colour))

    def restated(self):
        return KiteRestated(kite_id=self.id, estate_id=self.estate_id, colour=self.colour, flights=self.flights)


class Note(Row, OfEstate):
    text: Mapped[str]


class Wind(Copy, OfEstate):
    force: Mapped[int]
