"""What is said of an estate's working hours."""

from datetime import date
from uuid import UUID

from chassis.events import event, part


@part
class OpenHours:
    """Wall time, `09:00`; an end that is not later than the beginning is on the next day."""

    opens: str
    closes: str


@part
class WeekdayHours:
    """1 is Monday. Without hours it is closed."""

    weekday: int
    hours: list[OpenHours]


@part
class SpecialDay:
    """A day that differs from both week and public holidays."""

    day: date
    hours: list[OpenHours]
    reason: str


@event("tickets.calendar.changed", version=1)
class CalendarChanged:
    """An estate's working hours, by which limits in working time are counted, also those that run."""

    estate_id: UUID
    week: list[WeekdayHours]
    country: str | None
    subdivision: str | None
    days: list[SpecialDay]
