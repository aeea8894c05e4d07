"""Handovers: when buildings were accepted as completed, from which the developer's warranty runs."""

from datetime import date
from uuid import UUID, uuid5

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from chassis.model import Entity, OfEstate
from services.tickets.events import HandoverRecorded

WHOLE = ""  # of the estate


class Handover(Entity, OfEstate):
    __table_args__ = (UniqueConstraint("estate_id", "building"),)

    building: Mapped[str]  # its code, the first part of its units' codes; empty: the whole estate
    accepted_on: Mapped[date]

    @classmethod
    def id_of(cls, estate_id: UUID, building: str) -> UUID:
        return uuid5(estate_id, building)

    def record_day(self, accepted_on: date) -> None:
        self.accepted_on = accepted_on
        self.record(HandoverRecorded(estate_id=self.estate_id, building=self.building, accepted_on=accepted_on))
