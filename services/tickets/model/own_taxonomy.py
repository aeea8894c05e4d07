"""An operator's own taxonomy, laid over the standard one: names, skills, limits, what is switched off, what was added.

Every report, title and limit asks for it, so a process remembers it, and asks only for its version, and that seldom.
"""

import time
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Mapped

from chassis.model import Entity
from services.tickets.events import CategoryFacts, PlaceFacts, ProblemFacts, TaxonomyChanged, Urgency
from services.tickets.model.categories import Category, Limits, Place, Problem
from services.tickets.model.taxonomy import STANDARD, Taxonomy

STEPS = ("review", "arrival", "resolution")
FRESH = 2.0  # seconds in which a change is heard of everywhere
MOST = 10_000  # operators remembered by one process


class OperatorTaxonomy(Entity):
    """What one operator changed and added; its id is the operator's. Lists of what is said of each code, and no more:

    categories [{"code", "zh", "en", "skill", "licensed", "off", "limits": {"review": minutes, …}, "problems": [{"code", "zh",
    "en", "urgency", "off", "limits"}]}], places [{"code", "zh", "en", "off"}]
    """

    categories: Mapped[list]
    places: Mapped[list]

    def lay(self, *, categories: list[dict], places: list[dict]) -> None:
        """Replace it all."""
        self.categories, self.places = categories, places
        laid = self.merged(self.version + 1)
        self.record(TaxonomyChanged(taxonomy_id=self.id, **_facts(laid)))

    def merged(self, version: int) -> Taxonomy:
        return Taxonomy(
            tuple(_laid(STANDARD.categories, self.categories, _category)),
            tuple(_laid(STANDARD.places, self.places, _place)),
            version,
        )


# ── laying one over the other ────────────────────────────────────────────────────────────────────────────────────


def _laid(standard, own: list[dict], make) -> list:
    """The standard ones in their order, changed where something is said of them, and then what was added."""
    said = {each["code"]: each for each in own}
    known = {each.code: make(each, said.pop(each.code, {})) for each in standard}
    return [*known.values(), *(make(None, each) for each in said.values())]


def _category(known: Category | None, own: dict) -> Category:
    known = known or Category(own["code"], "", "", skill="", limits=Limits())
    problems = tuple(_laid(known.problems, own.get("problems") or [], _problem))
    limits = _limits(own.get("limits")) or known.limits
    return replace(known, **_given(own, "zh", "en", "skill", "licensed", "off"), limits=limits, problems=problems)


def _problem(known: Problem | None, own: dict) -> Problem:
    known = known or Problem(own["code"], "", "")
    urgency = Urgency(own.get("urgency") or known.urgency)
    limits = _limits(own.get("limits")) or known.limits
    return replace(known, **_given(own, "zh", "en", "off"), urgency=urgency, limits=limits)


def _place(known: Place | None, own: dict) -> Place:
    return replace(known or Place(own["code"], "", ""), **_given(own, "zh", "en", "off"))


def _given(own: dict, *names: str) -> dict:
    return {name: own[name] for name in names if own.get(name) is not None}


def _limits(minutes: dict | None) -> Limits | None:
    if minutes is None:
        return None
    return Limits(*(minutes.get(step) and timedelta(minutes=minutes[step]) for step in STEPS))


# ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────────


def _facts(taxonomy: Taxonomy) -> dict:
    return {
        "categories": [_category_facts(each) for each in taxonomy.categories],
        "places": [PlaceFacts(**vars(each)) for each in taxonomy.places],
    }


def _category_facts(category: Category) -> CategoryFacts:
    named = {name: getattr(category, name) for name in ("code", "zh", "en", "skill", "licensed", "off")}
    problems = [_problem_facts(each) for each in category.problems]
    return CategoryFacts(**named, **_minutes(category.limits), problems=problems)


def _problem_facts(problem: Problem) -> ProblemFacts:
    named = {name: getattr(problem, name) for name in ("code", "zh", "en", "urgency", "off")}
    return ProblemFacts(**named, **_minutes(problem.limits or Limits()))


def _minutes(limits: Limits) -> dict:
    spans = {step: getattr(limits, step) for step in STEPS}
    return {f"{step}_minutes": span and int(span.total_seconds() // 60) for step, span in spans.items()}


# ── remembering ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Seen:
    """A taxonomy, and until when (of the monotonic clock) it is not asked whether it is still the newest."""

    until: float
    taxonomy: Taxonomy


_seen: dict[UUID, Seen] = {}


def current(work, operator_id: UUID | None = None) -> Taxonomy:
    """The operator's taxonomy, at most FRESH seconds old: the caller's, or in a job that of a ticket."""
    operator_id = operator_id or work.actor.operator_id
    seen = _seen.get(operator_id)
    if seen is None or seen.until < time.monotonic():
        if len(_seen) >= MOST:
            _seen.clear()
        seen = _seen[operator_id] = Seen(time.monotonic() + FRESH, _newest(work, operator_id, seen))
    return seen.taxonomy


def forget(operator_id: UUID | None = None) -> None:
    """Ask anew at once; of every operator, without one."""
    if operator_id is None:
        _seen.clear()
    _seen.pop(operator_id, None)


def _newest(work, operator_id: UUID, seen: Seen | None) -> Taxonomy:
    version = work.scalar(select(OperatorTaxonomy.version).where(OperatorTaxonomy.id == operator_id)) or 0
    if seen and seen.taxonomy.version == version:
        return seen.taxonomy
    if not version:
        return STANDARD
    return work.scalar(select(OperatorTaxonomy).where(OperatorTaxonomy.id == operator_id)).merged(version)
