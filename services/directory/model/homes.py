"""Units and who holds them when."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Index, Numeric, UniqueConstraint, cast, func, select, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.actor import Actor, Kind
from chassis.errors import Conflict, Invalid
from chassis.i18n import Sentence
from chassis.model import OfEstate, within
from services.directory import events
from services.directory.events import Relation, UnitState
from services.directory.model.places import Estate
from services.directory.model.told import Told, homes_of, refers_to, staffed

HANDED_OVER = {UnitState.DELIVERED, UnitState.FITTING_OUT, UnitState.OCCUPIED, UnitState.LET, UnitState.VACANT}
MOVES = {
    UnitState.UNSOLD: {UnitState.UNDELIVERED},
    UnitState.UNDELIVERED: {UnitState.UNSOLD, UnitState.DELIVERED},  # a sale may fall through
    **{state: HANDED_OVER - {state, UnitState.DELIVERED} for state in HANDED_OVER},  # a handover is not taken back
}
BEFORE_ITS_START = Sentence("The last day lies before the first day.", "结束日期早于开始日期。")


class IllegalMove(Conflict):
    en = "A unit that is {state} cannot become {to}; reload it and look at its state."
    zh = "房屋当前状态为「{state}」，不能变为「{to}」，请刷新后再试。"


class AlreadyEnded(Conflict):
    en = "This occupancy has already ended or was declared void; enter a new one instead."
    zh = "该入住关系已结束或已作废，请新建。"


class AlreadyHeld(Conflict):
    en = "For these days the unit already has this owner or relation; end the earlier occupancy first."
    zh = "该房屋在此期间已有业主或相同关系，请先结束原关系。"


class Unit(Told, OfEstate):
    """A home, shop or parking place. `code` is `B-U-FFRR`; residents hear it as it is spoken."""

    BEGUN, CHANGED, RESTATED = events.UnitRegistered, events.UnitChanged, events.UnitRestated
    building_id: Mapped[UUID] = refers_to("building.id")
    entrance_id: Mapped[UUID | None]
    code: Mapped[str]
    spoken_zh: Mapped[str]
    spoken_en: Mapped[str]
    floor: Mapped[int]
    gross_area: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    net_area: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    usage: Mapped[events.Usage]
    state: Mapped[UnitState]
    __table_args__ = (UniqueConstraint("estate_id", "code"), Index("unit_building", "building_id"))

    def facts(self) -> dict:
        net = None if self.net_area is None else f"{self.net_area:.2f}"
        return super().facts() | {"gross_area": f"{self.gross_area:.2f}", "net_area": net}

    def change(self, *, state: UnitState | None = None, **facts) -> None:
        if state not in (None, self.state):
            if state not in MOVES[self.state]:
                raise IllegalMove(state=self.state, to=state)
            facts["state"] = state
        super().change(**facts)

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        """Staff see their estates' units; everybody else their own, whether the token names them or only the estate."""
        if actor.kind is Kind.SYSTEM:
            return true()
        held = select(Occupancy.unit_id).where(Occupancy.person_id == actor.id, Occupancy.open())
        wide = cls.id.in_(held) if _holds_by_estate(actor) else cls.id.in_(homes_of(actor))
        return (cls.operator_id == actor.operator_id) & (within(cls.estate_id, staffed(actor, permission)) | wide)


def spoken(building, entrance: dict | None, code: str) -> tuple[str, str]:
    """How residents say a code: `3-2-0601` is 3栋2单元601, a code of another form follows the building's name."""
    if not entrance:
        return f"{building.name_zh}{code}", f"{building.name_en}, {code}"
    door = code.rpartition("-")[2].lstrip("0")
    return f"{building.name_zh}{entrance['name_zh']}{door}", f"{building.name_en}, {entrance['name_en']}, {door}"


def _holds_by_estate(actor: Actor) -> bool:
    return any(role.name in set(Relation) and role.scope.startswith("estate:") for role in actor.roles)


class Occupancy(Told, OfEstate):
    """A person's hold on a unit between two days of the estate's calendar; the last day is included."""

    BEGUN, CHANGED, RESTATED = events.OccupancyStarted, events.OccupancyChanged, events.OccupancyRestated
    unit_id: Mapped[UUID] = refers_to("unit.id")
    person_id: Mapped[UUID] = refers_to("person.id")
    relation: Mapped[Relation]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    void: Mapped[bool] = mapped_column(default=False)
    person = relationship("Person", viewonly=True)
    unit = relationship("Unit", viewonly=True)
    __table_args__ = (
        Index("occupancy_estate", "estate_id", "starts_on", "id"),
        Index("occupancy_person", "person_id"),
        Index("occupancy_unit", "unit_id"),
    )

    @classmethod
    def register(cls, **facts):
        occupancy = cls(**facts)
        occupancy._check_days()
        occupancy.say(cls.BEGUN)
        return occupancy

    def change(self, **facts) -> None:
        """Correct the dates."""
        if self.void:
            raise AlreadyEnded()
        if self._take(facts):
            self._check_days()
            self.say(self.CHANGED)

    def end(self, on: date) -> None:
        if self.void or self.ends_on is not None:
            raise AlreadyEnded()
        self.ends_on = on
        self._check_days()
        self.say(events.OccupancyEnded)

    def declare_void(self) -> None:
        """It was entered by mistake and never was."""
        if self.void:
            raise AlreadyEnded()
        self.void = True
        self.say(events.OccupancyEnded)

    def _check_days(self) -> None:
        if self.ends_on is not None and self.ends_on < self.starts_on:
            raise Invalid(errors={"ends_on": [BEFORE_ITS_START]})

    @classmethod
    def open(cls) -> ColumnElement[bool]:
        """Without a known last day."""
        return cls.void.is_(False) & cls.ends_on.is_(None)

    @classmethod
    def current(cls, at: datetime) -> ColumnElement[bool]:
        """Holding at this instant, by the calendar of the estate (joined)."""
        today = cast(func.timezone(Estate.timezone, at), Date)
        return cls.void.is_(False) & (cls.starts_on <= today) & (cls.ends_on.is_(None) | (cls.ends_on >= today))

    def overlaps(self) -> ColumnElement[bool]:
        """Occupancies of the same unit on some of the same days."""
        kind = type(self)
        same = (kind.unit_id == self.unit_id) & (kind.id != self.id) & kind.void.is_(False)
        later = kind.ends_on.is_(None) | (kind.ends_on >= self.starts_on)
        return same & later & (kind.starts_on <= self.ends_on if self.ends_on else true())

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        """Staff see their estates'; an owner, who lives in the home; everybody, their own."""
        if actor.kind is Kind.SYSTEM:
            return true()
        own = (cls.person_id == actor.id) | cls.unit_id.in_(homes_of(actor, Relation.OWNER, Relation.CO_OWNER))
        return (cls.operator_id == actor.operator_id) & (within(cls.estate_id, staffed(actor, permission)) | own)
