"""What the directory says, as far as tickets need it: places, people, who lives where, who works and who is on duty."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Index, Select, Text, Uuid, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.actor import Actor
from chassis.model import Copy, OfEstate, within
from services.tickets.model import calendar, timing
from services.tickets.model.calendar import Calendar
from services.tickets.model.taxonomy import Category


class Estate(Copy):
    region_id: Mapped[UUID] = mapped_column(index=True)
    code: Mapped[str]
    timezone: Mapped[str]

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        return (cls.operator_id == actor.operator_id) & within(cls.id, actor.estates(permission))

    @property
    def estate_id(self) -> UUID:
        return self.id

    calendar = relationship(Calendar, primaryjoin="foreign(Calendar.id) == Estate.id", uselist=False, viewonly=True)

    @property
    def working_hours(self) -> tuple[timing.Calendar, int]:
        """What counts towards limits in working time, and the version of what says so; 0: nothing was set here."""
        if self.calendar is None:
            return calendar.usual(self.timezone), 0
        return self.calendar.counted(self.timezone), self.calendar.version

    def today(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.timezone)).date()

    @property
    def scopes(self) -> list[str]:
        """The scopes of a role that reach this estate."""
        return ["operator", f"region:{self.region_id}", f"estate:{self.id}"]

    def posts(self, role: str) -> list[str]:
        return [f"{role}@{scope}" for scope in self.scopes]


class Unit(Copy, OfEstate):
    code: Mapped[str]


class Person(Copy):
    name: Mapped[str]


class Occupancy(Copy, OfEstate):
    """Who holds a unit, from one day to another of the estate's calendar."""

    __table_args__ = (Index("occupancy_person", "person_id"), Index("occupancy_unit", "unit_id"))

    unit_id: Mapped[UUID]
    person_id: Mapped[UUID]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    void: Mapped[bool]

    @classmethod
    def current(cls, at: datetime, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
        """Whether there is an occupancy of these conditions at this instant."""
        return exists(cls._holding(cls.id, at).where(*conditions))

    @classmethod
    def homes_of(cls, person_id: UUID | None, at: datetime) -> ColumnElement:
        """The units a person holds at this instant, as one array: by that an index is used, by an EXISTS none."""
        return func.array(cls._holding(cls.unit_id, at).where(cls.person_id == person_id).scalar_subquery())

    @classmethod
    def estates_of(cls, person_id: UUID | None, at: datetime) -> ColumnElement:
        """The estates in which a person holds anything at this instant, as one array."""
        return func.array(cls._holding(cls.estate_id, at).where(cls.person_id == person_id).scalar_subquery())

    @classmethod
    def _holding(cls, column, at: datetime) -> Select:
        today = func.timezone(Estate.timezone, at).cast(Date)
        open_ended = cls.ends_on.is_(None) | (cls.ends_on >= today)
        now = (~cls.void, cls.starts_on <= today, open_ended)
        return select(column).join(Estate, Estate.id == cls.estate_id).where(*now)


class Staff(Copy):
    """A member of staff, under the person's id. `posts` are the roles with their scopes: `technician@estate:<id>`."""

    __table_args__ = (
        Index("staff_operator", "operator_id"),
        Index("staff_posts", "posts", postgresql_using="gin"),  # for the clock: row-level security hides it from others
    )

    posts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text))
    certificates: Mapped[list]  # [{"skill", "expires_on"}]

    def works_in(self, estate: Estate) -> bool:
        """Whether this is a technician who reaches the estate."""
        return not set(estate.posts("technician")).isdisjoint(self.posts)

    def reaches(self, estate: Estate) -> bool:
        """Whether this person works for the estate, in whatever role."""
        return any(post.partition("@")[2] in estate.scopes for post in self.posts)

    def nearness(self, estate: Estate) -> str:
        """The narrowest scope by which a technician reaches the estate: `estate`, `region` or `operator`."""
        posts = dict(zip(("operator", "region", "estate"), estate.posts("technician"), strict=True))
        return next(scope for scope in ("estate", "region", "operator") if posts[scope] in self.posts)

    def certificate(self, category: Category | None, today: date) -> str:
        """For work of this category: `not_needed`, `valid`, `expired` or `none`. Work is not given to an expired one."""
        if category is None or not category.licensed:
            return "not_needed"
        ends = [each["expires_on"] for each in self.certificates if each["skill"] == category.skill]
        if any(end is None or date.fromisoformat(end) >= today for end in ends):
            return "valid"
        return "expired" if ends else "none"


class Duty(Copy):
    """A person on duty for a time: in the estate, else in all of the region, else in all of the operator's."""

    __table_args__ = (Index("duty_time", "operator_id", "ends_at"),)

    estate_id: Mapped[UUID | None]
    region_id: Mapped[UUID | None]
    person_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    level: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    cancelled: Mapped[bool]

    @classmethod
    def here(cls, estate: Estate, at: datetime) -> ColumnElement[bool]:
        whole = cls.estate_id.is_(None) & ((cls.region_id == estate.region_id) | cls.region_id.is_(None))
        return (cls.operator_id == estate.operator_id) & cls.now(at) & ((cls.estate_id == estate.id) | whole)

    @classmethod
    def now(cls, at: datetime) -> ColumnElement[bool]:
        return (cls.starts_at <= at) & (cls.ends_at > at) & ~cls.cancelled

    def serves(self, estate: Estate) -> bool:
        """Whether the estate is among those it is for; as `here` asks the database."""
        if self.estate_id is None:
            return self.region_id in (None, estate.region_id)
        return self.estate_id == estate.id
