"""What can be wrong in an estate, and where: place × category × problem.

Every operator starts with the standard one and lays its own over it (`own_taxonomy.py`).
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from services.tickets.events import Kind, Urgency
from services.tickets.model import wording
from services.tickets.model.categories import Category, Limits, Place, Problem, named, within
from services.tickets.model.standard import CATEGORIES, PLACES

__all__ = ["CATEGORIES", "PLACES", "STANDARD", "Category", "Limits", "Place", "Problem", "Taxonomy", "Title", "within"]


class Title(NamedTuple):
    """What something is about in a few words, in both languages."""

    zh: str
    en: str


KINDS = {
    Kind.REPAIR: Title("报修", "Repair"),
    Kind.COMPLAINT: Title("投诉", "Complaint"),
    Kind.SUGGESTION: Title("建议", "Suggestion"),
    Kind.INQUIRY: Title("咨询", "Inquiry"),
}
SHORTEST = {True: 2, False: 4}  # letters of a name that is looked for in reports: Chinese, other


@dataclass(frozen=True)
class Taxonomy:
    """One operator's, as it is now. Codes are looked up with those switched off, names only among those offered."""

    categories: tuple[Category, ...]
    places: tuple[Place, ...]
    version: int = 0

    @cached_property
    def _by_code(self) -> dict[str, tuple[Category, dict[str, Problem]]]:
        return {each.code: (each, {problem.code: problem for problem in each.problems}) for each in self.categories}

    def category(self, said: str | None) -> Category | None:
        """The category of this code or name, in either language, that is offered."""
        return named(self.categories, said) if said else None

    def place(self, said: str | None) -> Place | None:
        return named(self.places, said) if said else None

    def at(self, category: str | None, problem: str | None) -> tuple[Category | None, Problem | None]:
        """Those of these codes, whether still offered or not."""
        known, problems = self._by_code.get(category, (None, {}))
        return known, problems.get(problem)

    def holds(self, category: str | None, problem: str | None) -> bool:
        """Whether this is offered."""
        known, met = self.at(category, problem)
        return known is not None and not known.off and (problem is None or (met is not None and not met.off))

    def limits(self, category: str | None, problem: str | None) -> Limits:
        """How long each step may take: the problem's own limits, else the category's, else none."""
        known, met = self.at(category, problem)
        return (met and met.limits) or (known.limits if known else Limits())

    def urgency(self, category: str | None, problem: str | None) -> Urgency:
        _, met = self.at(category, problem)
        return met.urgency if met else Urgency.NORMAL

    def title(self, kind: Kind, category: str | None, problem: str | None) -> Title:
        """What a ticket is about: nothing that anybody typed."""
        known, met = self.at(category, problem)
        if known is None:
            return KINDS[kind]
        return Title(f"{known.zh}：{met.zh}", f"{known.en}: {met.en}") if met else Title(known.zh, known.en)

    @cached_property
    def own_names(self) -> list[tuple[str, str]]:
        """The names that are not the standard ones: for those the classifier has better words."""
        return [each for each in self.spoken_names if each not in STANDARD.spoken_names]

    @cached_property
    def spoken_names(self) -> list[tuple[str, str]]:
        """(name in plain wording, `PLB` or `PLB/leak`) of all that is offered, longest first."""
        found = []
        for category in self.categories:
            found += [(name, category.code) for name in (category.zh, category.en)]
            for problem in category.problems:
                target = f"{category.code}/{problem.code}"
                found += [(name, target) for name in (problem.zh, problem.en)]
        plain = [(wording.plain(name), target) for name, target in found if self.holds(*_parted(target))]
        return sorted({each for each in plain if len(each[0]) >= SHORTEST[not each[0].isascii()]}, key=_longest_first)


STANDARD = Taxonomy(CATEGORIES, PLACES)


def category(said: str | None) -> Category | None:
    """The standard category of this code or name."""
    return STANDARD.category(said)


def limits(category_code: str | None, problem_code: str | None, known: Taxonomy = STANDARD) -> Limits:
    """How long each step may take, by the operator's own taxonomy where it is given."""
    return known.limits(category_code, problem_code)


@lru_cache(maxsize=4096)
def title(kind: Kind, category_code: str | None, problem_code: str | None) -> Title:
    """The standard title; tickets keep the one they were given."""
    return STANDARD.title(kind, category_code, problem_code)


def _longest_first(name: tuple[str, str]) -> tuple:
    return -len(name[0]), name


def _parted(target: str) -> tuple[str, str | None]:
    code, _, problem = target.partition("/")
    return code, problem or None
