"""The operator and its places: regions, estates, buildings with their entrances."""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, UniqueConstraint, select, true
from sqlalchemy.orm import Mapped

from chassis.actor import ALL, Actor, Kind
from chassis.model import OfEstate, within
from services.directory import events
from services.directory.model.told import Told, refers_to


class Operator(Told):
    """A property company, and as such the tenant of everything below it."""

    BEGUN, CHANGED, RESTATED = events.OperatorRegistered, events.OperatorChanged, events.OperatorRestated
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    __table_args__ = (UniqueConstraint("code"),)

    def __init__(self, **facts):
        super().__init__(**facts)
        self.operator_id = self.id

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        return true() if actor.kind is Kind.SYSTEM else cls.id == actor.operator_id


class Region(Told):
    BEGUN, CHANGED, RESTATED = events.RegionRegistered, events.RegionChanged, events.RegionRestated
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    __table_args__ = (UniqueConstraint("operator_id", "code"),)

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        """Regions of the estates that the actor sees; one that is still empty, only to those who see all."""
        if actor.kind is Kind.SYSTEM:
            return true()
        mine, estates = cls.operator_id == actor.operator_id, actor.estates(permission)
        return mine if estates is ALL else mine & cls.id.in_(select(Estate.region_id).where(within(Estate.id, estates)))


class Estate(Told, OfEstate):
    BEGUN, CHANGED, RESTATED = events.EstateRegistered, events.EstateChanged, events.EstateRestated
    region_id: Mapped[UUID] = refers_to("region.id")
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    address_zh: Mapped[str]
    address_en: Mapped[str]
    timezone: Mapped[str]
    __table_args__ = (UniqueConstraint("operator_id", "code"),)

    def __init__(self, **facts):
        super().__init__(**facts)
        self.estate_id = self.id

    def today(self, at):
        """The date on the estate's own calendar."""
        return at.astimezone(ZoneInfo(self.timezone)).date()


class Building(Told, OfEstate):
    """`entrances` holds {entrance_id, code, name_zh, name_en} for each stairwell 单元."""

    BEGUN, CHANGED, RESTATED = events.BuildingRegistered, events.BuildingChanged, events.BuildingRestated
    code: Mapped[str]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    kind: Mapped[events.BuildingKind]
    floors: Mapped[int]
    entrances: Mapped[list]
    __table_args__ = (UniqueConstraint("estate_id", "code"),)

    def facts(self) -> dict:
        entrances = [
            events.EntranceFacts(**{**each, "entrance_id": UUID(str(each["entrance_id"]))}) for each in self.entrances
        ]
        return super().facts() | {"entrances": entrances}
