"""Limits that warn, pass and climb.

Each job looks for due columns; a row another clock holds is left to it, a ticket somebody is working on is found next time.
"""

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from chassis.jobs import every
from services.tickets.model import Clock
from services.tickets.queries import escalation


@every(seconds=20)
def end_long_pauses(work):
    """A question stops a clock no longer than its cap."""
    found = _due(work, Clock.to_resume(work.now))
    for clock in found:
        clock.resume(work.now)
    return len(found)


@every(seconds=20)
def warn_before_limits(work):
    """Three quarters of a limit are gone: tell who is to act."""
    found = _due(work, Clock.to_warn(work.now))
    for clock in found:
        level, told = escalation.responsible(work, clock)
        clock.warn(level, told, at=work.now)
    return len(found)


@every(seconds=20)
def flag_missed_limits(work):
    """A limit has passed: say so, and let it climb."""
    found = _due(work, Clock.to_breach(work.now))
    for clock in found:
        clock.breach(work.now)
    return len(found)


@every(seconds=20)
def escalate_missed_limits(work):
    """A passed limit goes up the ladder, rung by rung, until it is met; also on a ticket that nobody holds."""
    found = _due(work, Clock.to_escalate(work.now))
    for clock in found:
        level, told = escalation.responsible(work, clock)
        clock.escalate(level, told, again=work.settings.escalate_every, at=work.now)
    return len(found)


def _due(work, condition):
    """Clocks with their tickets, both locked: nobody dispatches a ticket while its limit passes."""
    return work.due(select(Clock).join(Clock.ticket).options(contains_eager(Clock.ticket)).where(condition))
