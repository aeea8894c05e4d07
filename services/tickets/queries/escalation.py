"""Who must hear of a missed limit."""

from uuid import UUID

from sqlalchemy import select

from services.tickets.events import Level
from services.tickets.model import Clock, Duty, Estate, Staff
from services.tickets.model.clock import LADDER

MOST_TOLD = 50


def responsible(work, clock: Clock) -> tuple[Level, list[UUID]]:
    """The next rung with anybody on it above the one that was told; at the top, the highest that has somebody, again."""
    estate = work.get(Estate, clock.estate_id)
    told = LADDER.index(clock.level) + 1 if clock.level else 0
    for level in [*LADDER[told:], *reversed(LADDER[:told])]:
        people = _on_rung(work, estate, level, clock.ticket.complained_of)
        if people:
            return level, people
    return LADDER[min(told, len(LADDER) - 1)], []


def _on_rung(work, estate: Estate, level: Level, complained_of: list[UUID]) -> list[UUID]:
    """Who is on duty on this rung now; nobody on the roster: all who hold its role. Never somebody complained of."""
    on_duty = (
        select(Duty.person_id)
        .where(Duty.here(estate, work.now), Duty.level == LADDER.index(level) + 1)
        .order_by(Duty.id)
    )
    holders = (
        select(Staff.id)
        .where(Staff.operator_id == estate.operator_id, Staff.posts.overlap(estate.posts(level)))
        .order_by(Staff.id)
    )
    for people in (on_duty, holders):
        found = [each for each in dict.fromkeys(work.scalars(people.limit(MOST_TOLD))) if each not in complained_of]
        if found:
            return found
    return []
