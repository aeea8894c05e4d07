"""An estate's working hours, and the days on which they differ: public holidays, make-up workdays 调休, the estate's own."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.model import Entity, OfEstate, Row
from services.tickets import events
from services.tickets.model import timing
from services.tickets.model.timing import Hours, Interval

OFFICE = (Interval.of("09:00", "12:00"), Interval.of("13:00", "18:00"))
WEEK = (OFFICE,) * 5 + (
    (),
    (),
)  # what 工作日 means in law: Monday to Friday, without public holidays, with make-up days
COUNTRY = "CN"


class CalendarDay(Row, OfEstate):
    """A day of its own hours, with the reason; none: closed. It goes before public holidays and the week."""

    __table_args__ = (UniqueConstraint("estate_id", "day"),)

    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id"), index=True)
    day: Mapped[date]
    hours: Mapped[list]  # [["09:00", "12:00"], …]
    reason: Mapped[str]


class Calendar(Entity, OfEstate):
    """An estate's calendar, under the estate's id; where there is none, the usual office hours hold."""

    week: Mapped[list]  # from Monday: [[["09:00", "12:00"], ["13:00", "18:00"]], …]
    country: Mapped[str | None]  # whose public holidays are kept
    subdivision: Mapped[str | None]
    days: Mapped[list[CalendarDay]] = relationship(
        order_by=CalendarDay.day, lazy="selectin", cascade="save-update, merge, delete, delete-orphan"
    )

    @classmethod
    def usual(cls, estate_id: UUID) -> "Calendar":
        week = [[_told(each) for each in hours] for hours in WEEK]
        return cls(id=estate_id, estate_id=estate_id, week=week, country=COUNTRY, days=[])

    def change(self, *, week: list, country: str | None, subdivision: str | None, days: list[dict]) -> None:
        """Other hours from now on, for all limits that run."""
        self.week, self.country, self.subdivision = week, country, subdivision
        known = {each.day: each for each in self.days}
        self.days = [self._day(known.get(each["day"]), **each) for each in sorted(days, key=lambda each: each["day"])]
        self.record(events.CalendarChanged(estate_id=self.estate_id, **self._said()))

    def counted(self, zone: str) -> timing.Calendar:
        """What counts by it."""
        return calendar_of(
            zone,
            _frozen(self.week),
            self.country,
            self.subdivision,
            tuple((each.day, _hours(each.hours)) for each in self.days),
        )

    def _day(self, known: CalendarDay | None, *, day: date, hours: list, reason: str) -> CalendarDay:
        found = known or CalendarDay(operator_id=self.operator_id, estate_id=self.estate_id, day=day)
        found.hours, found.reason = hours, reason
        return found

    def _said(self) -> dict:
        week = [
            events.WeekdayHours(weekday=number, hours=_open(hours)) for number, hours in enumerate(self.week, start=1)
        ]
        days = [events.SpecialDay(day=each.day, hours=_open(each.hours), reason=each.reason) for each in self.days]
        return {"week": week, "country": self.country, "subdivision": self.subdivision, "days": days}


def usual(zone: str) -> timing.Calendar:
    """What counts where an estate has set nothing."""
    return calendar_of(zone, WEEK, COUNTRY, None, ())


@lru_cache(maxsize=4096)
def calendar_of(
    zone: str, week: tuple[Hours, ...], country: str | None, subdivision: str | None, own: tuple
) -> timing.Calendar:
    """One calendar for all who ask: it holds the years it was asked for."""
    return timing.Calendar(ZoneInfo(zone), week, SpecialDays(week, country, subdivision, dict(own)))


class SpecialDays(Mapping):
    """Days that differ from the week, by year as they are asked for: holidays are closed, make-up workdays have the hours of
    the week's first open day, and the estate's own days go before both."""

    def __init__(self, week: tuple[Hours, ...], country: str | None, subdivision: str | None, own: dict[date, Hours]):
        self.workday = next(hours for hours in week if hours)
        self.country, self.subdivision, self.own = country, subdivision, own

    def __getitem__(self, day: date) -> Hours:
        found = self.own.get(day)
        return public_days(self.country, self.subdivision, day.year, self.workday)[day] if found is None else found

    def __iter__(self):
        return iter(self.own)

    def __len__(self) -> int:
        return len(self.own)


@lru_cache(maxsize=512)
def public_days(country: str | None, subdivision: str | None, year: int, workday: Hours) -> dict[date, Hours]:
    """A country's holidays, and the weekend days worked in their place, as far as they are announced."""
    if country is None:
        return {}
    import holidays

    known = holidays.country_holidays(country, subdiv=subdivision, years=year)
    worked = {day: workday for day in known.weekend_workdays if day.year == year}
    return {day: () for day in known if day.year == year} | worked


def is_known(country: str, subdivision: str | None) -> bool:
    """Whether the public holidays of this country, and of this part of it, are known."""
    import holidays

    parts = holidays.list_supported_countries(include_aliases=True)
    return country in parts and (subdivision is None or subdivision in parts[country])


def _frozen(week: list) -> tuple[Hours, ...]:
    return tuple(_hours(hours) for hours in week)


def _hours(told: list) -> Hours:
    return tuple(Interval.of(*each) for each in told)


def _told(interval: Interval) -> list[str]:
    return str(interval).split("–")


def _open(told: list) -> list[events.OpenHours]:
    return [events.OpenHours(opens=opens, closes=closes) for opens, closes in told]
