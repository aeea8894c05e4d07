"""Who must hear of a limit: the ladder of each estate, as the duty roster and the roles stand now."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from uuid import UUID

from sqlalchemy import select

from services.tickets.events import Level
from services.tickets.model import Duty, Estate, Staff
from services.tickets.model.clock import LADDER

MOST_TOLD = 50


class Ladders:
    """The ladders of some estates, asked for all of them together."""

    def __init__(self, work, estate_ids: Iterable[UUID]):
        self.estates = {each.id: each for each in work.scalars(select(Estate).where(Estate.id.in_(set(estate_ids))))}
        self.duties = _on_duty(work, self.estates.values())
        self.serving = cache(self._serving)
        self.holders = cache(lambda level: _holders(work, self.estates.values(), level))

    def next_above(self, clock) -> dict:
        """{"level", "told"}: the next rung with anybody on it above the one that was told; at the top, the highest that has
        somebody, again."""
        told = LADDER.index(clock.level) + 1 if clock.level else 0
        for level in [*LADDER[told:], *reversed(LADDER[:told])]:
            people = self._on_rung(level, clock)
            if people:
                return {"level": level, "told": people}
        return {"level": LADDER[min(told, len(LADDER) - 1)], "told": []}

    def _on_rung(self, level: Level, clock) -> list[UUID]:
        """Whoever has it; then who is on duty on the rung, or nobody being on duty, all who hold its role. Never somebody
        complained of."""
        if level is Level.ASSIGNEE:
            return _but(clock.complained_of, [clock.assignee_id] if clock.assignee_id else [])
        estate = self.estates.get(clock.estate_id)
        if estate is None:  # not yet heard of
            return []
        on_duty = self.serving(estate, LADDER.index(level))
        if told := _but(clock.complained_of, on_duty):
            return told
        holders = [id for post in estate.posts(level) for id in self.holders(level)[estate.operator_id, post]]
        return _but(clock.complained_of, sorted(holders))

    def _serving(self, estate: Estate, level: int) -> list[UUID]:
        return [each.person_id for each in self.duties[estate.operator_id, level] if each.serves(estate)]


def _but(complained_of: list[UUID], people: list[UUID]) -> list[UUID]:
    return [each for each in dict.fromkeys(people[:MOST_TOLD]) if each not in complained_of]


def _on_duty(work, estates: Iterable[Estate]) -> dict[tuple[UUID, int], list[Duty]]:
    """By operator and level, those on duty now in any of these estates."""
    found = defaultdict(list)
    operators, ids = {each.operator_id for each in estates}, {each.id for each in estates}
    here = Duty.estate_id.is_(None) | Duty.estate_id.in_(ids)
    for each in work.scalars(
        select(Duty).where(Duty.operator_id.in_(operators), here, Duty.now(work.now)).order_by(Duty.id)
    ):
        found[each.operator_id, each.level].append(each)
    return found


def _holders(work, estates: Iterable[Estate], level: Level) -> dict[tuple[UUID, str], list[UUID]]:
    """By operator and post, those who hold a post of this rung in any of these estates."""
    found = defaultdict(list)
    wanted = {post for estate in estates for post in estate.posts(level)}
    if wanted:
        those = select(Staff.operator_id, Staff.id, Staff.posts).where(Staff.posts.overlap(sorted(wanted)))
        for operator_id, id, posts in work.execute(those):
            for post in wanted.intersection(posts):
                found[operator_id, post].append(id)
    return found
