"""Limits that warn, pass and climb; waits that end; and limits counted anew when what they follow from has changed.

Each job looks for due columns and moves what it finds a thousand at a time: one statement for the clocks with their events.
"""

from chassis.jobs import every
from chassis.moving import Moved
from services.tickets import events
from services.tickets.model import Clock, taxonomy
from services.tickets.model.clock import taken_back
from services.tickets.queries import running
from services.tickets.queries.escalation import Ladders


@every(seconds=20)
def count_anew(work):
    """A calendar or a policy has changed: the limits that run are counted from their start by what holds now."""
    found = running.outdated(work)
    counter = running.Counter(work, found)
    fresh = [(row, counter.moments(row)) for row in found]
    _move(
        work, events.ClockRescheduled, [_rescheduled(row, news, work.now) for row, news in fresh if _moves(row, news)]
    )
    running.note(work, [(row, news) for row, news in fresh if not _moves(row, news)])
    return len(found)


@every(seconds=20)
def end_long_pauses(work):
    """What may stop a clock stops it no longer than its cap."""
    found = running.due(work, Clock.to_resume(work.now), Clock.paused_until, running.COUNTED)
    counter = running.Counter(work, found)
    _move(work, events.ClockResumed, [(row, {**counter.moments(row), "paused_at": None}) for row in found])
    return len(found)


@every(seconds=20)
def warn_before_limits(work):
    """Three quarters of a limit are gone: tell who is to act."""
    found = running.due(work, Clock.to_warn(work.now), Clock.warn_at, [*running.CLIMBING, Clock.warned_at])
    ladders = Ladders(work, (row.estate_id for row in found))
    _move(work, events.ClockWarned, [(row, {"warned_at": work.now, **ladders.next_above(row)}) for row in found])
    return len(found)


@every(seconds=20)
def flag_missed_limits(work):
    """A limit has passed: say so, and let it climb."""
    found = running.due(work, Clock.to_breach(work.now), Clock.due_at, [Clock.breached_at, Clock.escalate_at])
    _move(work, events.ClockBreached, [(row, {"breached_at": work.now, "escalate_at": work.now}) for row in found])
    return len(found)


@every(seconds=20)
def escalate_missed_limits(work):
    """A passed limit goes up the ladder, rung by rung, until it is met; also on a ticket that nobody holds."""
    found = running.due(work, Clock.to_escalate(work.now), Clock.escalate_at, [*running.CLIMBING, Clock.escalate_at])
    ladders, again = Ladders(work, (row.estate_id for row in found)), work.now + work.settings.escalate_every
    _move(work, events.ClockEscalated, [(row, {"escalate_at": again, **ladders.next_above(row)}) for row in found])
    return len(found)


def _moves(row, news: dict) -> bool:
    return news["due_at"] != row.due_at


def _rescheduled(row, news: dict, now) -> tuple:
    return row, {**news, **taken_back(row, news["warn_at"], news["due_at"], now), "was_due_at": row.due_at}


def _move(work, fact: type, changed: list[tuple]) -> None:
    """One statement for all of them, and what each ticket is called."""
    moved = []
    for row, news in changed:
        title = taxonomy.title(row.kind, row.category, row.problem)
        moved.append(Moved(row, {**news, "title_zh": title.zh, "title_en": title.en}))
    work.move_many(Clock, fact, running.TELLING, moved)
