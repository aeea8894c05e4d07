"""Time that counts, against a count minute by minute; and each way in which others' service clocks were found wrong."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.tickets.model.timing import ALWAYS, Calendar, Interval, Span, Stop, due, elapsed, left, merged, warn_at

SHANGHAI, NEW_YORK, LORD_HOWE = (
    ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe")
)
STEADY = [ZoneInfo(name) for name in ("Asia/Shanghai", "Asia/Kolkata", "UTC", "America/Phoenix")]
CHANGING = [NEW_YORK, LORD_HOWE, *(ZoneInfo(name) for name in ("Europe/London", "America/Santiago"))]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MONDAY = date(2026, 11, 23)
LUNCH = (Interval.of("09:00", "12:00"), Interval.of("13:00", "18:00"))
NIGHT = (Interval.of("22:00", "06:00"),)


def office(zone=SHANGHAI, hours=LUNCH, **days) -> Calendar:
    """Monday to Friday; `days` by number of November 2026: `d28=hours`."""
    differing = {date(2026, 11, int(name[1:])): hours for name, hours in days.items()}
    return Calendar(zone, (hours,) * 5 + ((), ()), differing)


def at(said: str, zone=SHANGHAI) -> datetime:
    """`at("23 09:30")`: a wall time of November 2026."""
    return datetime.strptime(f"2026-11-{said}", "%Y-%m-%d %H:%M").replace(tzinfo=zone).astimezone(UTC)


def between(start: str, end: str) -> Span:
    return Span(at(start), at(end))


# ── what may be ──────────────────────────────────────────────────────────────────────────────────────────────────

quarters = st.integers(0, 95).map(lambda quarter: quarter * 15)
intervals = st.builds(lambda opens, length: Interval(opens, opens + length * 15), quarters, st.integers(1, 96))
hours = st.lists(intervals, max_size=3).map(tuple)
targets = st.integers(0, 60 * 60).map(lambda minutes: minutes * MINUTE)


def moments(month: int = 11):
    first = datetime(2026, month, 1, tzinfo=UTC)
    return st.integers(0, 40 * 24 * 60).map(lambda minutes: first + minutes * MINUTE)


@st.composite
def calendars(draw, zones=STEADY, month=11):
    week = draw(st.lists(hours, min_size=7, max_size=7).filter(any).map(tuple))
    days = st.integers(0, 40).map(lambda number: date(2026, month, 1) + number * DAY)
    return Calendar(draw(st.sampled_from(zones)), week, draw(st.dictionaries(days, hours, max_size=6)))


waits = st.integers(0, 3000).map(lambda minutes: minutes * MINUTE)
pauses = st.lists(st.builds(lambda start, length: Span(start, start + length), moments(), waits), max_size=4)


FEW = settings(max_examples=40, deadline=None)


def is_open(calendar: Calendar, instant: datetime) -> bool:
    """By the wall clock alone, in zones that never change it."""
    wall = instant.astimezone(calendar.zone)
    minute = wall.hour * 60 + wall.minute
    today, before = calendar.hours(wall.date()), calendar.hours(wall.date() - DAY)
    return any(i.opens <= minute < i.closes for i in today) or any(i.opens <= minute + 1440 < i.closes for i in before)


def counted(calendar: Calendar, paused: list[Span], start: datetime, end: datetime) -> timedelta:
    """Minute by minute."""
    minutes = (start + n * MINUTE for n in range(int((end - start) / MINUTE)))
    paused_at = lambda minute: any(pause.start <= minute < pause.end for pause in paused)  # noqa: E731
    return sum((MINUTE for each in minutes if is_open(calendar, each) and not paused_at(each)), timedelta())


# ── properties ───────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=30, deadline=None)
@given(calendars(), moments(), st.integers(0, 3 * 1440), pauses)
def test_what_elapses_is_what_a_count_minute_by_minute_finds(calendar, start, length, paused):
    end = start + length * MINUTE
    assert elapsed(start, end, calendar, paused) == counted(calendar, paused, start, end)


@FEW
@given(calendars([*STEADY, *CHANGING]), moments(), targets, pauses)
def test_a_limit_is_due_at_the_first_instant_by_which_its_target_has_elapsed(calendar, start, target, paused):
    end = due(start, target, calendar, paused)
    assert elapsed(start, end, calendar, paused) == target
    if target:
        assert elapsed(start, end - timedelta(seconds=1), calendar, paused) < target


@FEW
@given(calendars([*STEADY, *CHANGING]), moments(), targets, targets, pauses)
def test_a_limit_in_two_parts_is_the_same_limit(calendar, start, first, second, paused):
    halfway = due(start, first, calendar, paused)
    assert due(halfway, second, calendar, paused) == due(start, first + second, calendar, paused)


@FEW
@given(moments(), targets, pauses)
def test_natural_hours_run_through_nights_and_holidays(start, target, paused):
    ends = due(start, target, ALWAYS, paused)
    waited = sum(
        (each.length for each in merged(Span(max(p.start, start), min(p.end, ends)) for p in paused)), timedelta()
    )
    assert ends == start + target + waited


@FEW
@given(calendars([*STEADY, *CHANGING]), moments(), targets, pauses)
def test_the_warning_comes_when_three_quarters_have_elapsed(calendar, start, target, paused):
    warned = warn_at(start, target, calendar, paused)
    assert elapsed(start, warned, calendar, paused) == target * 0.75
    assert warned <= due(start, target, calendar, paused)


@FEW
@given(calendars(), moments(), targets, pauses, st.randoms())
def test_pauses_told_in_any_order_in_pieces_or_twice_are_the_same_pauses(calendar, start, target, paused, random):
    pieces = [
        half for p in paused for half in (Span(p.start, p.start + p.length / 2), Span(p.start + p.length / 2, p.end))
    ]
    again = [*pieces, *paused]
    random.shuffle(again)
    assert due(start, target, calendar, again) == due(start, target, calendar, paused)


@pytest.mark.parametrize("zone", CHANGING, ids=str)
@FEW
@given(data=st.data())
def test_where_the_wall_clock_changes_hours_that_adjoin_neither_overlap_nor_leave_a_gap(zone, data):
    """A day cut anywhere is still the whole day, of 23, 24 or 25 hours: 24 open hours are natural hours."""
    cuts = sorted(data.draw(st.sets(quarters.filter(bool), max_size=5)))
    pieces = tuple(Interval(*each) for each in zip([0, *cuts], [*cuts, 1440], strict=True))
    start = data.draw(moments(data.draw(st.sampled_from([3, 4, 9, 10, 11]))))
    target = data.draw(targets)
    assert due(start, target, Calendar(zone, (pieces,) * 7)) == start + target


@pytest.mark.parametrize("zone", CHANGING, ids=str)
@FEW
@given(data=st.data())
def test_a_later_wall_time_is_never_an_earlier_instant(zone, data):
    calendar = data.draw(calendars([zone], month=data.draw(st.sampled_from([3, 10]))))
    start = data.draw(moments(3))
    spans = list(islice(calendar.spans(start), 40))
    assert all(span.start < span.end for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


@FEW
@given(calendars(), calendars(), moments(), targets, pauses)
def test_what_was_counted_by_another_calendar_leaves_no_trace(before, after, start, target, paused):
    """Counted from scratch: the moment found under the old calendar is no part of the new one's."""
    assume(due(start, target, before, paused))
    assert elapsed(start, due(start, target, after, paused), after, paused) == target


# ── where others' clocks were wrong ──────────────────────────────────────────────────────────────────────────────


def test_a_paused_clock_does_not_tick():
    """frappe/helpdesk 1554: the pause still ticked."""
    pause = between("23 10:00", "23 11:30")
    assert elapsed(at("23 09:00"), at("23 11:30"), office(), [pause]) == HOUR
    assert due(at("23 09:00"), 2 * HOUR, office(), [pause]) == at("23 13:30")


@FEW
@given(calendars(), moments(), targets)
def test_a_pause_outside_the_hours_costs_nothing(calendar, start, target):
    """frappe/helpdesk 2449: the hold time was added to the start as natural time, wrong over nights and holidays."""
    night = [Span(one.end, other.start) for one, other in pairwise(islice(calendar.spans(start), 6))]
    assert due(start, target, calendar, night) == due(start, target, calendar)


def test_a_hold_over_a_holiday_is_worth_its_working_hours_only():
    """frappe/helpdesk 2449, by example: held Friday noon to Monday noon costs five hours of Friday and three of Monday."""
    assert due(at("20 09:00"), 8 * HOUR, office(), [between("20 12:00", "23 12:00")]) == at("23 18:00")


def test_lunch_and_shifts_stop_the_clock():
    """frappe/helpdesk 2212, 1528; chatwoot 14009: one interval a day knew neither lunch nor split shifts."""
    assert due(at("23 11:00"), 2 * HOUR, office()) == at("23 14:00")
    assert elapsed(at("23 12:10"), at("23 12:50"), office()) == timedelta()


def test_a_shift_over_midnight_belongs_to_the_day_on_which_it_begins():
    """frappe/helpdesk 2212: shifts. A holiday closes the shift that begins on it, not the tail of the one before."""
    nights = office(hours=NIGHT, d25=())
    assert due(at("23 23:00"), 8 * HOUR, nights) == at("24 23:00")
    assert due(at("24 23:00"), 8 * HOUR, nights) == at("26 23:00")


def test_a_limit_that_fits_ends_at_closing_time_and_not_the_next_morning():
    """The last minute of a day belongs to it; the next limit begins the next morning."""
    assert due(at("23 09:00"), 8 * HOUR, office()) == at("23 18:00")
    assert due(at("23 09:00"), 8 * HOUR + MINUTE, office()) == at("24 09:01")


def test_what_is_filed_out_of_hours_begins_at_the_next_opening():
    """chatwoot 13392: the wall clock counted nights and weekends."""
    assert due(at("20 20:00"), HOUR, office()) == at("23 10:00")
    assert due(at("21 10:00"), HOUR, office()) == at("23 10:00")


def test_a_make_up_workday_counts_and_its_holiday_does_not():
    """调休: the Saturday is worked for the Monday."""
    swapped = office(d28=LUNCH, d30=())
    assert due(at("27 17:00"), 9 * HOUR, swapped) == at("28 18:00")
    assert elapsed(at("30 00:00"), at("30 23:59"), swapped) == timedelta()


def test_no_reminder_falls_into_the_night():
    """zammad 4432: reminders at midnight. A warning in working time is a moment of working time."""
    warned = warn_at(at("23 17:00"), 4 * HOUR, office())
    assert warned == at("24 11:00")


@FEW
@given(calendars(), moments(), targets, pauses)
def test_a_changed_limit_keeps_the_pauses(calendar, start, target, paused):
    """glpi 6902, 15605: the pause was lost when the agreement changed. What has elapsed does not depend on the target."""
    now = start + 3 * DAY
    gone = elapsed(start, now, calendar, paused)
    assert elapsed(start, due(start, gone + target, calendar, paused), calendar, paused) == gone + target


def test_each_limit_counts_by_itself():
    """zammad 5177, 3140: one clock overruled another. A limit depends on its own start, target and pauses alone."""
    arrival, resolution = (due(at("23 09:00"), target, office()) for target in (HOUR, 8 * HOUR))
    assert (arrival, resolution) == (at("23 10:00"), at("23 18:00"))


# ── edges ────────────────────────────────────────────────────────────────────────────────────────────────────────


@FEW
@given(moments())
def test_no_time_at_all_is_due_at_once(start):
    assert due(start, timedelta(), office()) == start


def test_days_without_hours_are_passed_over():
    assert due(at("20 17:00"), 2 * HOUR, office(d23=(), d24=(), d25=())) == at("26 10:00")


def test_a_week_that_never_opens_is_refused():
    with pytest.raises(ValueError, match="hours on one"):
        Calendar(SHANGHAI, ((),) * 7)


@pytest.mark.parametrize(("opens", "closes"), [("9:00", "12:00"), ("09:60", "12:00"), ("25:00", "26:00"), ("a", "b")])
def test_what_is_no_time_of_a_day_is_refused(opens, closes):
    with pytest.raises(ValueError, match=r"time of a day|invalid literal"):
        Interval.of(opens, closes)


def test_an_hour_that_does_not_exist_is_no_time():
    """New York, 8 March 2026: 02:00 to 03:00 is left out; hours over it are shorter, hours within it are none."""
    day = date(2026, 3, 8)
    for hours, length in ((("01:00", "04:00"), 2 * HOUR), (("02:00", "03:00"), 0 * HOUR), (("02:30", "04:00"), HOUR)):
        calendar = Calendar(NEW_YORK, ((),) * 6 + ((Interval.of(*hours),),))
        start = datetime(day.year, day.month, day.day, tzinfo=NEW_YORK).astimezone(UTC)
        assert elapsed(start, start + DAY, calendar) == length


def test_an_hour_that_comes_twice_counts_for_the_interval_that_ends_it():
    """New York, 1 November 2026: 01:00 to 02:00 comes twice."""
    start = datetime(2026, 11, 1, tzinfo=NEW_YORK).astimezone(UTC)
    for hours, length in (
        (("00:00", "03:00"), 4 * HOUR),
        (("01:00", "01:30"), HOUR / 2),
        (("01:30", "02:00"), 1.5 * HOUR),
    ):
        assert elapsed(start, start + DAY, Calendar(NEW_YORK, ((),) * 6 + ((Interval.of(*hours),),))) == length


def test_a_day_that_a_country_left_out_has_no_hours():
    """Samoa had no 30 December 2011."""
    calendar = Calendar(ZoneInfo("Pacific/Apia"), (LUNCH,) * 7)
    start = datetime(2011, 12, 29, 20, 0, tzinfo=ZoneInfo("Pacific/Apia")).astimezone(UTC)
    assert elapsed(start, start + DAY, calendar) == 8 * HOUR


# ── pauses ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_stop_lasts_until_it_ended_and_never_beyond_its_cap():
    stop = Stop(at("23 10:00"), until=at("24 10:00"))
    assert stop.span(at("23 11:00")).end == at("23 11:00")
    assert stop.span(at("27 11:00")).end == at("24 10:00")
    assert Stop(stop.start, stop.until, end=at("23 12:00")).span(at("27 11:00")).end == at("23 12:00")
    assert stop.span(at("23 09:00")).length == timedelta()  # seen before it began


def test_the_cap_is_for_all_pauses_of_a_reason_together():
    taken = [between("23 10:00", "23 15:00"), between("24 10:00", "24 12:00")]
    assert left(10 * HOUR, None, taken) == 3 * HOUR
    assert left(6 * HOUR, None, taken) == timedelta()
    assert left(10 * HOUR, 2, taken) == timedelta()
    assert left(10 * HOUR, 3, taken) == 3 * HOUR
