"""Proposes from the words of a report what it is about and how urgent it is. A person confirms.

Deterministic and open: it says which words spoke, for what, with how many points. What operators confirmed adds to the
words that everybody starts with (`learning.py`); nothing goes out, nothing is trained elsewhere.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache

from services.tickets.events import Kind, Urgency
from services.tickets.model import lexicon, wording

ENOUGH = 3.0  # points below which nothing is proposed
TITLE = 4.0  # points of a name of the operator's own taxonomy, found as it is
AHEAD = {  # what a kind is more, and less, likely to be about
    Kind.REPAIR: {"CMP": -6.0, "SUG": -6.0},
    Kind.COMPLAINT: {"CMP": 2.0, "SUG": -4.0},
    Kind.SUGGESTION: {"SUG": 10.0, "CMP": -4.0},
    Kind.INQUIRY: {"CMP": 2.0},
}
MOST_WORDS = 8


@dataclass(frozen=True)
class Spoken:
    """Words of the report that spoke for something: `PLB/leak`, or `PLB` as a whole."""

    words: str
    speaks_for: str
    points: float


@dataclass(frozen=True)
class Proposal:
    """What a report seems to be about; None where its words do not say. The loudest words come first."""

    category: str | None
    problem: str | None
    urgency: Urgency
    words: tuple[Spoken, ...] = ()

    @property
    def is_emergency(self) -> bool:
        return self.urgency is Urgency.EMERGENCY


@dataclass(frozen=True)
class Learnt:
    """What an operator's confirmed tickets taught: {gram: {"PLB/leak": points}}."""

    points: dict[str, dict[str, float]] = field(default_factory=dict)
    MOST = 5.0  # points that all grams together may bring to one target

    def hear(self, text: str) -> list[Spoken]:
        brought: dict[str, list] = defaultdict(list)
        for gram in sorted(wording.grams(text)):
            for target, points in self.points.get(gram, {}).items():
                brought[target].append((points, gram))
        return [self._together(target, found) for target, found in brought.items()]

    def _together(self, target: str, found: list) -> Spoken:
        loudest = " ".join(gram for _, gram in sorted(found, reverse=True)[:3])
        total = sum(points for points, _ in found)
        return Spoken(loudest, target, max(-self.MOST, min(self.MOST, total)))


NOTHING_LEARNT = Learnt()


def propose(text: str, *, kind: Kind, taxonomy, learnt: Learnt = NOTHING_LEARNT) -> Proposal:
    """`taxonomy` is the operator's: what it switched off is not proposed, what it added is found by its names."""
    plain = wording.plain(text)
    emergencies = _alarms(plain)
    spoken = [*emergencies, *_faults(plain), *_names(plain, taxonomy), *learnt.hear(plain)]
    spoken = [each for each in spoken if taxonomy.holds(*_parted(each.speaks_for))]
    category, problem = _emergency(emergencies, taxonomy) or _likeliest(spoken, kind)
    mine = [each for each in spoken if _parted(each.speaks_for)[0] == category]
    loudest = sorted(mine, key=lambda each: (-each.points, each.speaks_for, each.words))[:MOST_WORDS]
    return Proposal(category, problem, _urgency(plain, category, problem, taxonomy), tuple(loudest))


# ── what speaks ──────────────────────────────────────────────────────────────────────────────────────────────────


def _alarms(plain: str) -> list[Spoken]:
    """Danger to people. A denial just before it ("nobody is trapped") takes it back."""
    bare = _patterns().harmless.sub(lambda found: "·" * len(found[0]), plain)
    found = _search(_patterns().emergencies, bare)
    return [spoken for spoken, start in found if not _patterns().denied.search(bare[max(0, start - 24) : start])]


def _faults(plain: str) -> list[Spoken]:
    return [spoken for spoken, _ in _search(_patterns().faults, plain)]


def _names(plain: str, taxonomy) -> list[Spoken]:
    """What an operator named itself, called by its name: at first the only way to find what it added."""
    return [Spoken(name, target, TITLE) for name, target in taxonomy.own_names if name in plain]


def _search(patterns, text: str) -> list[tuple[Spoken, int]]:
    found = ((target, points, pattern.search(text)) for target, points, pattern in patterns)
    return [(Spoken(met[0].strip(), target, points), met.start()) for target, points, met in found if met]


@dataclass(frozen=True)
class Patterns:
    emergencies: list
    faults: list
    harmless: re.Pattern
    denied: re.Pattern
    urgent: re.Pattern


@cache
def _patterns() -> Patterns:
    def compiled(words):
        return [(target, points, re.compile(said)) for target, each in words.items() for points, said in each]

    one = (re.compile(each) for each in (lexicon.HARMLESS, lexicon.DENIED, lexicon.URGENT))
    return Patterns(compiled(lexicon.EMERGENCIES), compiled(lexicon.FAULTS), *one)


# ── what it comes to ─────────────────────────────────────────────────────────────────────────────────────────────


def _emergency(spoken: list[Spoken], taxonomy) -> tuple[str, str] | None:
    """Danger goes before all else, also before what more words speak for."""
    known = [each for each in spoken if taxonomy.holds(*_parted(each.speaks_for))]
    return _parted(max(known, key=lambda each: each.points).speaks_for) if known else None


def _likeliest(spoken: list[Spoken], kind: Kind) -> tuple[str | None, str | None]:
    """The category with the most points, counting of its problems the loudest; and that problem."""
    sums: dict[str, float] = defaultdict(float)
    for each in spoken:
        sums[each.speaks_for] += each.points
    ranked = sorted((-_total(sums, code, kind), code) for code in {_parted(target)[0] for target in sums})
    if not ranked or -ranked[0][0] < ENOUGH:
        return None, None
    code = ranked[0][1]
    problems = sorted((-points, target) for target, points in sums.items() if target.startswith(f"{code}/"))
    return code, (_parted(problems[0][1])[1] if problems and -problems[0][0] >= ENOUGH else None)


def _total(sums: dict[str, float], code: str, kind: Kind) -> float:
    best = max((points for target, points in sums.items() if target.startswith(f"{code}/")), default=0.0)
    return sums.get(code, 0.0) + best + AHEAD[kind].get(code, 0.0)


def _urgency(plain: str, category: str | None, problem: str | None, taxonomy) -> Urgency:
    own = taxonomy.urgency(category, problem)
    pressed = Urgency.URGENT if _patterns().urgent.search(plain) else Urgency.NORMAL
    return max(own, pressed, key=list(Urgency).index)


def _parted(target: str) -> tuple[str, str | None]:
    category, _, problem = target.partition("/")
    return category, problem or None
