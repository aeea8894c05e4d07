"""Shifts that people take in turn, and the duty roster that follows from them."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Index, select, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.actor import ALL, Actor, Kind
from chassis.errors import Conflict, Invalid
from chassis.i18n import Sentence
from chassis.model import within
from services.directory import events
from services.directory.model.places import Estate
from services.directory.model.told import Told, refers_to

# The rung of the ladder on which a role stands when it is on duty; 0 is the assignee's own.
LEVELS = {
    "technician": 0,
    "inspector": 0,
    "cashier": 0,
    "service_desk": 1,
    "dispatcher": 1,
    "estate_manager": 2,
    "region_manager": 3,
    "head_office": 4,
    "admin": 4,
}
PLANNED_AHEAD = timedelta(days=14)
ENDS_FIRST = Sentence("The end must come after the beginning.", "结束时间必须晚于开始时间。")


class DutyOver(Conflict):
    en = "This duty is cancelled or over; enter a new one instead."
    zh = "该值班已取消或已结束，请新建。"


class GivenUp(Conflict):
    en = "This shift was given up; define a new one instead."
    zh = "该班次已停用，请新建。"


class Somewhere(Told):
    """Holds in one estate; without one in all estates of the region; without either in all of the operator."""

    __abstract__ = True

    @property
    def scope(self) -> str:
        if self.estate_id:
            return f"estate:{self.estate_id}"
        return f"region:{self.region_id}" if self.region_id else "operator"

    def open_to(self, actor: Actor, permission: str) -> bool:
        """Above a single estate only those may act whose own role reaches as far."""
        if self.estate_id:
            return actor.may(permission, self.estate_id)
        return actor.estates(permission) is ALL or (
            actor.holds(permission) and any(role.scope == self.scope for role in actor.roles)
        )

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        if actor.kind is Kind.SYSTEM:
            return true()
        estates = actor.estates("directory:see_staff" if permission is None else permission)
        regions = select(Estate.region_id).where(within(Estate.id, estates))
        above = cls.estate_id.is_(None) & (cls.region_id.is_(None) | cls.region_id.in_(regions))
        return (cls.operator_id == actor.operator_id) & (within(cls.estate_id, estates) | above)


class Shift(Somewhere):
    """`begins` and `ends` are times of day on the clock of `timezone`; `ends` at or before `begins` means the next day.

    The roster is planned 14 days ahead; `planned_until` is the last day for which it was.
    """

    BEGUN, CHANGED, RESTATED = events.ShiftDefined, events.ShiftChanged, events.ShiftRestated
    estate_id: Mapped[UUID | None]
    region_id: Mapped[UUID | None]
    role: Mapped[str]
    level: Mapped[int]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    begins: Mapped[str]
    ends: Mapped[str]
    timezone: Mapped[str]
    rotation: Mapped[list]
    starts_on: Mapped[date]
    planned_until: Mapped[date]
    active: Mapped[bool] = mapped_column(default=True)
    __table_args__ = (Index("shift_planned_until", "planned_until", postgresql_where="active"),)

    def __init__(self, *, rotation, starts_on, **facts):
        people = [str(each) for each in rotation]
        super().__init__(rotation=people, starts_on=starts_on, planned_until=starts_on - timedelta(days=1), **facts)

    def facts(self) -> dict:
        return super().facts() | {"rotation": [UUID(each) for each in self.rotation]}

    def change(self, *, at: datetime, rotation=None, **facts) -> None:
        """From tomorrow on the roster follows the new rule; who is on duty today stays."""
        if not self.active:
            raise GivenUp()
        if rotation is not None:
            facts["rotation"] = [str(each) for each in rotation]
        if self._take(facts):
            self.planned_until = max(self.starts_on - timedelta(days=1), self.today(at))
            self.say(self.CHANGED)

    def today(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.timezone)).date()

    def plan(self, at: datetime) -> list["Duty"]:
        """The duties from where the plan ends to 14 days ahead; what is over already is left out."""
        today, duties = self.today(at), []
        self.planned_until = max(self.planned_until, today - timedelta(days=2))
        while self.planned_until < today + PLANNED_AHEAD:
            self.planned_until += timedelta(days=1)
            duties.append(self._duty_on(self.planned_until))
        return [duty for duty in duties if duty.ends_at > at]

    def _duty_on(self, day: date) -> "Duty":
        zone, begins, ends = ZoneInfo(self.timezone), time.fromisoformat(self.begins), time.fromisoformat(self.ends)
        last = day if ends > begins else day + timedelta(days=1)
        turn = (day - self.starts_on).days % len(self.rotation)
        return Duty.register(
            operator_id=self.operator_id,
            shift_id=self.id,
            estate_id=self.estate_id,
            region_id=self.region_id,
            role=self.role,
            level=self.level,
            person_id=UUID(self.rotation[turn]),
            starts_at=datetime.combine(day, begins, zone).astimezone(UTC),
            ends_at=datetime.combine(last, ends, zone).astimezone(UTC),
        )


class Duty(Somewhere):
    """One person on duty from one instant to another, on a rung of the ladder (1 dispatcher … 4 head office)."""

    BEGUN, CHANGED, RESTATED = events.DutyScheduled, events.DutyChanged, events.DutyRestated
    shift_id: Mapped[UUID | None] = refers_to("shift.id")
    estate_id: Mapped[UUID | None]
    region_id: Mapped[UUID | None]
    role: Mapped[str]
    level: Mapped[int]
    person_id: Mapped[UUID] = refers_to("person.id")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    cancelled: Mapped[bool] = mapped_column(default=False)
    person = relationship("Person", viewonly=True)
    __table_args__ = (
        Index("duty_estate", "operator_id", "estate_id", "ends_at"),
        Index("duty_shift", "shift_id", "starts_at"),
    )

    def __init__(self, **facts):
        super().__init__(**facts)
        self._check_hours()

    def change(self, *, at: datetime, **facts) -> None:
        self._check_ahead(at)
        if self._take(facts):
            self._check_hours()
            self.say(self.CHANGED)

    def cancel(self, at: datetime) -> None:
        self._check_ahead(at)
        self.cancelled = True
        self.say(events.DutyCancelled)

    def _check_ahead(self, at: datetime) -> None:
        if self.cancelled or self.ends_at <= at:
            raise DutyOver()

    def _check_hours(self) -> None:
        if self.ends_at <= self.starts_at:
            raise Invalid(errors={"ends_at": [ENDS_FIRST]})

    @classmethod
    def on(cls, at: datetime) -> ColumnElement[bool]:
        return cls.cancelled.is_(False) & (cls.starts_at <= at) & (cls.ends_at > at)
