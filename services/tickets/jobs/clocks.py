"""Limits that warn, pass and climb; waits that end; and limits counted anew when what they follow from has changed.

Each job looks for due columns and moves what it finds a thousand at a time: one statement for the clocks with their events.
"""

from chassis.jobs import every
from chassis.moving import Moved
from services.tickets import events
from services.tickets.model import Clock
from services.tickets.model.clock import taken_back
from services.tickets.queries import running
from services.tickets.queries.escalation import Ladders
from services.tickets.queries.running import Counter, state_of


@every(seconds=20)
def count_anew(work):
    """A calendar or a policy has changed: the limits that run are counted from their start by what holds now."""
    found = running.outdated(work)
    counter = Counter(work, found)
    fresh = [(row, counter.moments(row)) for row in found]
    moved = [_rescheduled(row, news, work.now) for row, news in fresh if news["due_at"] != row.due_at]
    work.move_many(Clock, moved)
    running.note(work, [(row, news) for row, news in fresh if news["due_at"] == row.due_at])
    return len(found)


@every(seconds=20)
def end_long_pauses(work):
    """What may stop a clock stops it no longer than its cap."""
    found = running.due(work, Clock.to_resume(work.now), by=Clock.paused_until)
    counter = Counter(work, found)
    work.move_many(Clock, [_resumed(row, counter.moments(row)) for row in found])
    return len(found)


@every(seconds=20)
def warn_before_limits(work):
    """Three quarters of a limit are gone: tell who is to act."""
    found = running.due(work, Clock.to_warn(work.now), by=Clock.warn_at)
    ladders = Ladders(work, (row.estate_id for row in found))
    work.move_many(Clock, [_warned(row, *ladders.next_above(row), work.now) for row in found])
    return len(found)


@every(seconds=20)
def flag_missed_limits(work):
    """A limit has passed: say so, and let it climb."""
    found = running.due(work, Clock.to_breach(work.now), by=Clock.due_at)
    work.move_many(Clock, [_breached(row, work.now) for row in found])
    return len(found)


@every(seconds=20)
def escalate_missed_limits(work):
    """A passed limit goes up the ladder, rung by rung, until it is met; also on a ticket that nobody holds."""
    found = running.due(work, Clock.to_escalate(work.now), by=Clock.escalate_at)
    ladders, again = Ladders(work, (row.estate_id for row in found)), work.now + work.settings.escalate_every
    work.move_many(Clock, [_escalated(row, *ladders.next_above(row), again) for row in found])
    return len(found)


# ── one clock each ───────────────────────────────────────────────────────────────────────────────────────────────


def _rescheduled(row, news: dict, now) -> Moved:
    changes = {**news, **taken_back(row, news["warn_at"], news["due_at"], now)}
    return _moved(row, changes, events.ClockRescheduled, was_due_at=row.due_at)


def _resumed(row, news: dict) -> Moved:
    return _moved(row, {**news, "paused_at": None}, events.ClockResumed)


def _warned(row, level, told, now) -> Moved:
    return _moved(row, {"warned_at": now, "level": level}, events.ClockWarned, level=level, told=told)


def _breached(row, now) -> Moved:
    return _moved(row, {"breached_at": now, "escalate_at": now}, events.ClockBreached)


def _escalated(row, level, told, again) -> Moved:
    return _moved(row, {"level": level, "escalate_at": again}, events.ClockEscalated, level=level, told=told)


def _moved(row, changes: dict, fact: type, **more) -> Moved:
    state = state_of(row)
    said = {name: value for name, value in changes.items() if name in state}
    return Moved(row, changes, fact(**{**state, **said}, **more))
