"""Shaping what can be reported: an operator's own names, limits, additions, and what it does not offer."""

from collections import Counter

from sqlalchemy.dialects.postgresql import insert

from chassis.errors import Conflict, Invalid
from chassis.i18n import Sentence
from services.tickets.model import OperatorTaxonomy, own_taxonomy
from services.tickets.model.taxonomy import Taxonomy

TWICE = Sentence("A code or name stands here twice.", "代码或名称重复。")
NAMELESS = Sentence(
    "What is new needs a name in Chinese and English, a category also a skill.",
    "新增项须有中英文名称，新增类别还须有技能。",
)
UNKNOWN = Sentence("There is no such category.", "没有该类别。")


class KnownAlready(Conflict):
    en = "“{code}” is there already; change it by PUT, or choose another code."
    zh = "代码「{code}」已存在；请用 PUT 修改，或改用其他代码。"


def shape(work, *, categories, places) -> OperatorTaxonomy:
    """Replace all that the operator changed and added."""
    own = _own(work)
    _lay(work, own, categories, places)
    return own


def add_category(work, **category) -> OperatorTaxonomy:
    own = _own(work)
    _must_be_new(category["code"], own.merged(own.version).categories)
    _lay(work, own, [*own.categories, category], own.places)
    return own


def add_problem(work, *, category, **problem) -> OperatorTaxonomy:
    own = _own(work)
    known, _ = own.merged(own.version).at(category, None)
    if known is None:
        raise Invalid(errors={"category": [UNKNOWN]})
    _must_be_new(problem["code"], known.problems)
    said = {each["code"]: each for each in own.categories}
    mine = said.get(category, {"code": category})
    said[category] = {**mine, "problems": [*(mine.get("problems") or []), problem]}
    _lay(work, own, list(said.values()), own.places)
    return own


def add_place(work, **place) -> OperatorTaxonomy:
    own = _own(work)
    _must_be_new(place["code"], own.merged(own.version).places)
    _lay(work, own, own.categories, [*own.places, place])
    return own


def _own(work) -> OperatorTaxonomy:
    """The operator's, locked; made when it has none yet. It is nobody's who answers for some estates only."""
    work.require(work.permission, None)
    mine = {"id": work.actor.operator_id, "operator_id": work.actor.operator_id, "version": 0}
    work.execute(insert(OperatorTaxonomy).values(**mine, categories=[], places=[]).on_conflict_do_nothing())
    return work.take(OperatorTaxonomy, work.actor.operator_id)


def _lay(work, own: OperatorTaxonomy, categories: list[dict], places: list[dict]) -> None:
    _must_be_said_once(categories, places)
    own.lay(categories=categories, places=places)
    _must_be_named(own.merged(own.version))
    own_taxonomy.forget(own.id)


def _must_be_new(code: str, among) -> None:
    if any(each.code == code for each in among):
        raise KnownAlready(code=code)


def _must_be_said_once(categories: list[dict], places: list[dict]) -> None:
    for name, things in (("categories", categories), ("places", places)):
        if _repeats(each["code"] for each in things):
            raise Invalid(errors={name: [TWICE]})
    if any(_repeats(problem["code"] for problem in each.get("problems") or []) for each in categories):
        raise Invalid(errors={"categories": [TWICE]})


def _must_be_named(taxonomy: Taxonomy) -> None:
    """Every name means one thing among those offered beside it."""
    for name, things in (("categories", taxonomy.categories), ("places", taxonomy.places)):
        _check(name, things)
    for category in taxonomy.categories:
        _check("categories", category.problems)
    if not all(category.skill for category in taxonomy.categories):
        raise Invalid(errors={"categories": [NAMELESS]})


def _check(name: str, things) -> None:
    offered = [each for each in things if not each.off]
    if not all(each.zh and each.en for each in things):
        raise Invalid(errors={name: [NAMELESS]})
    if _repeats(each.zh for each in offered) or _repeats(each.en.casefold() for each in offered):
        raise Invalid(errors={name: [TWICE]})


def _repeats(values) -> bool:
    return any(count > 1 for count in Counter(values).values())
