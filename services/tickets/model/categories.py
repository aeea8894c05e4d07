"""The parts of a taxonomy: place, category, problem; the skill each asks for, and how long each step may take."""

from dataclasses import dataclass, field
from datetime import timedelta

from services.tickets.events import Urgency


@dataclass(frozen=True)
class Limits:
    """How long until the ticket is reviewed and sent out, somebody is there, and it is resolved; None: no limit."""

    review: timedelta | None = None
    arrival: timedelta | None = None
    resolution: timedelta | None = None


@dataclass(frozen=True)
class Problem:
    """What may be wrong. Switched `off` it is not offered any more; tickets that have it keep it."""

    code: str
    zh: str
    en: str
    limits: Limits | None = None  # its own, where it is graver than its category
    urgency: Urgency = Urgency.NORMAL  # proposed for reports of it
    off: bool = False


@dataclass(frozen=True)
class Category:
    code: str
    zh: str
    en: str
    skill: str
    limits: Limits
    problems: tuple[Problem, ...] = field(default=())
    licensed: bool = False  # the skill's certificate must not have run out
    off: bool = False

    def problem(self, said: str) -> Problem | None:
        """The problem of this code or name that is offered."""
        return named(self.problems, said)


@dataclass(frozen=True)
class Place:
    """Where in an estate it may be."""

    code: str
    zh: str
    en: str
    off: bool = False


def named(things, said: str):
    """Of those that are offered, the one of this code or name, in either language."""
    said = said.strip().casefold()
    offered = (each for each in things if not each.off)
    return next((each for each in offered if said in (each.code.casefold(), each.zh, each.en.casefold())), None)


def within(*, review=None, arrival=None, resolution=None) -> Limits:
    """Limits in words: `within(review="15 min", resolution="7 d")`."""
    return Limits(*(_span(each) for each in (review, arrival, resolution)))


def _span(said: str | None) -> timedelta | None:
    if said is None:
        return None
    number, unit = said.split()
    return int(number) * {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[unit]
