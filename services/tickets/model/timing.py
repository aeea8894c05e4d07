"""Time that counts: working calendars, pauses, and the moments that follow from them. Pure, and counted from scratch each time.

A limit is a start, a target and what counts towards it. Nothing is ever added to a moment found earlier: a changed calendar,
policy or pause gives the same moments as if it had always stood so.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

DAY = 24 * 60  # minutes
ONE_DAY = timedelta(days=1)
WARNING = 0.75  # of the target


class Span(NamedTuple):
    """From one instant to a later one, both aware UTC; the end does not belong to it."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return self.end - self.start


class Counted(Protocol):
    """What counts towards a limit."""

    def spans(self, since: datetime) -> Iterator[Span]:
        """The stretches that count from `since` on, in order, apart from each other, without end."""


# ── calendars ────────────────────────────────────────────────────────────────────────────────────────────────────


class Interval(NamedTuple):
    """Minutes of a day from its midnight. One that closes after 24:00 runs into the next day, and belongs to this one."""

    opens: int
    closes: int

    @classmethod
    def of(cls, opens: str, closes: str) -> "Interval":
        """`of("22:00", "06:00")`, `of("00:00", "24:00")`. Raises ValueError."""
        opens, closes = _minute(opens), _minute(closes)
        return cls(opens, closes if closes > opens else closes + DAY)

    def __str__(self) -> str:
        return f"{_clock_face(self.opens)}–{_clock_face(self.closes if self.closes <= DAY else self.closes - DAY)}"


Hours = tuple[Interval, ...]  # of one day, in any order; none: closed


@dataclass(frozen=True)
class Calendar:
    """When work is done: hours by weekday from Monday, and days that differ, such as holidays and make-up workdays 调休."""

    zone: ZoneInfo
    week: tuple[Hours, ...]
    days: Mapping[date, Hours] = field(default_factory=dict, hash=False)

    def __post_init__(self):
        """Raises ValueError for a week that never opens: no limit would ever end."""
        if len(self.week) != 7 or not any(self.week):
            raise ValueError("a week has seven days, and hours on one of them at least")

    def hours(self, day: date) -> Hours:
        found = self.days.get(day)
        return self.week[day.weekday()] if found is None else found

    def spans(self, since: datetime) -> Iterator[Span]:
        day = since.astimezone(self.zone).date() - ONE_DAY  # whose last hours may reach over midnight
        after = since
        while True:
            for interval in sorted(self.hours(day)):
                start, end = (max(moment(self.zone, day, minute), after) for minute in interval)
                if start < end:
                    yield Span(start, end)
                    after = end
            day += ONE_DAY


@dataclass(frozen=True)
class RoundTheClock:
    """Natural hours: nights and holidays count."""

    def spans(self, since: datetime) -> Iterator[Span]:
        yield Span(since, datetime.max.replace(tzinfo=UTC))


ALWAYS = RoundTheClock()


@lru_cache(maxsize=65_536)
def moment(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """The instant of a wall time. One that a change of time leaves out is the instant of that change; one that comes twice,
    its first: so later wall times are never earlier instants, and hours that adjoin neither overlap nor leave a gap."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return _change_between(zone, second, first) if second < first else first


def _change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The instant, to the second, at which the zone's offset changes."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        before, after = (before, middle) if middle.astimezone(zone).utcoffset() == offset else (middle, after)
    return after


def _minute(said: str) -> int:
    hours, _, minutes = said.partition(":")
    found = int(hours) * 60 + int(minutes)
    if not (len(said) == 5 and int(minutes) < 60 and 0 <= found <= DAY):
        raise ValueError(f"{said!r} is no time of a day")
    return found


def _clock_face(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


# ── pauses ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Stop:
    """A wait for somebody else: from `start` until it ended, and never longer than `until`, its cap."""

    start: datetime
    until: datetime
    end: datetime | None = None

    def span(self, at: datetime) -> Span:
        """What of it stops a clock, seen at `at`."""
        return Span(self.start, max(self.start, min(self.until, at if self.end is None else self.end)))


def left(cap: timedelta, times: int | None, taken: Iterable[Span]) -> timedelta:
    """How long one more pause of a reason may last, after these: `cap` is for all of them together, `times` how many."""
    taken = list(taken)
    if times is not None and len(taken) >= times:
        return timedelta()
    return max(timedelta(), cap - sum((each.length for each in taken), timedelta()))


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same stretches in order and apart: what was paused twice at once is paused once."""
    found: list[Span] = []
    for span in sorted(each for each in spans if each.start < each.end):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _running(counted: Counted, since: datetime, paused: Iterable[Span]) -> Iterator[Span]:
    """The stretches that count and are not paused."""
    pauses = merged(paused)
    for start, end in counted.spans(since):
        for pause in pauses:
            if pause.end <= start:
                continue
            if pause.start >= end:
                break
            if pause.start > start:
                yield Span(start, pause.start)
            start = pause.end
        if start < end:
            yield Span(start, end)


# ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────


def due(start: datetime, target: timedelta, counted: Counted = ALWAYS, paused: Iterable[Span] = ()) -> datetime:
    """The first instant by which `target` has been counted since `start`."""
    rest = target
    if rest <= timedelta():
        return start
    for span in _running(counted, start, paused):
        if span.length >= rest:
            return span.start + rest
        rest -= span.length
    raise AssertionError("what counts has no end")


def warn_at(start: datetime, target: timedelta, counted: Counted = ALWAYS, paused: Iterable[Span] = ()) -> datetime:
    """When three quarters of the target are gone."""
    return due(start, target * WARNING, counted, paused)


def elapsed(start: datetime, at: datetime, counted: Counted = ALWAYS, paused: Iterable[Span] = ()) -> timedelta:
    """What has been counted from `start` to `at`."""
    total = timedelta()
    for span in _running(counted, start, paused):
        if span.start >= at:
            break
        total += min(span.end, at) - span.start
    return total
