"""What a report's words say it is about. The reports are made up, as people write them: in Chinese and English, with slips.

`seen.tsv` was there while the words were chosen, `unseen.tsv` was written apart and is only measured with.
"""

import csv
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from services.tickets.events import Kind, Urgency
from services.tickets.model import wording
from services.tickets.model.classifier import Learnt, Proposal, propose
from services.tickets.model.taxonomy import STANDARD, Category, Limits, Problem, Taxonomy


@dataclass(frozen=True)
class Labelled:
    kind: Kind
    about: str  # `PLB/leak`; `-` where the words do not say
    emergency: bool
    report: str


def labelled(name: str) -> list[Labelled]:
    with (Path(__file__).parent / "reports" / f"{name}.tsv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [Labelled(Kind(row["kind"]), row["about"], row["emergency"] == "yes", row["report"]) for row in rows]


SEEN, UNSEEN = labelled("seen"), labelled("unseen")


def about(proposal: Proposal) -> str:
    return f"{proposal.category}/{proposal.problem or '-'}" if proposal.category else "-"


def proposed(report: str, kind: Kind = Kind.REPAIR, **how) -> Proposal:
    return propose(report, kind=kind, **{"taxonomy": STANDARD, **how})


def right(cases: list[Labelled], part: slice = slice(None)) -> float:
    """How many are proposed as they are labelled, of 1; `part` of `PLB/leak` that counts."""
    found = [about(proposed(each.report, each.kind)).split("/")[part] == each.about.split("/")[part] for each in cases]
    return sum(found) / len(cases)


def test_there_are_enough_reports_of_every_category_and_in_both_languages():
    everything = SEEN + UNSEEN
    chinese = [each for each in everything if not each.report.isascii()]

    assert len(everything) >= 200 and 80 <= len(chinese) <= len(everything) - 80
    assert {each.about.split("/")[0] for each in UNSEEN} == {category.code for category in STANDARD.categories} | {"-"}
    assert len({each.report for each in everything}) == len(everything)


def test_the_words_know_what_they_were_chosen_with():
    assert right(SEEN) >= 0.97


def test_they_know_most_of_what_they_have_never_seen():
    assert right(UNSEEN, slice(1)) >= 0.88  # the category
    assert right(UNSEEN) >= 0.85  # and the problem


@pytest.mark.parametrize("case", [each for each in SEEN + UNSEEN if each.emergency], ids=lambda each: each.report)
def test_no_emergency_is_overlooked(case):
    assert proposed(case.report, case.kind).urgency is Urgency.EMERGENCY


def test_hardly_anything_else_is_taken_for_an_emergency():
    calm = [each for each in SEEN + UNSEEN if not each.emergency]
    cried = [each.report for each in calm if proposed(each.report, each.kind).is_emergency]

    assert len(cried) / len(calm) <= 0.01, cried


@pytest.mark.parametrize(
    "report",
    [
        "电梯停了，没有困人",
        "无人被困，电梯停在3楼",
        "nobody is trapped but the lift is down",
        "有人在楼道抽烟，烟味很大",
        "邻居油烟味飘进来",
        "燃气灶打不着火",
        "no gas smell, only the boiler is off",
        "smoke detector battery low",
        "fire extinguisher missing",
        "someone smoking on the stairs",
    ],
)
def test_what_only_sounds_like_danger_is_none(report):
    assert not proposed(report).is_emergency


def test_danger_goes_before_what_more_words_speak_for():
    found = proposed("厨房水管漏水，下水也堵了，水压也低，还闻到煤气味")

    assert about(found) == "FIR/gas_smell" and found.is_emergency


def test_it_says_which_words_spoke_the_loudest_first():
    found = proposed("楼道灯坏了")

    assert [(each.words, each.speaks_for) for each in found.words] == [
        ("楼道灯", "ELC/corridor_light"),
        ("灯", "ELC"),
    ]
    assert found == proposed("楼道灯坏了")


def test_traditional_characters_full_width_letters_and_slips_are_read():
    assert wording.plain("電梯  壞了") == "电梯 坏了"
    assert about(proposed("電梯壞了，按鈕也失靈")) == about(proposed("电梯坏了，按钮也失灵"))
    assert about(proposed("ｔｏｉｌｅｔ ｂｌｏｃｋｅｄ")) == "PLB/blocked_drain"
    assert about(proposed("tiolet bloked")) == "PLB/blocked_drain"
    assert wording.plain("the small floor times") == "the small floor times"


def test_a_word_like_urgent_makes_it_urgent_and_no_more():
    assert proposed("楼道灯坏了，请马上来").urgency is Urgency.URGENT
    assert proposed("楼道灯坏了").urgency is Urgency.NORMAL


def test_nothing_is_proposed_where_the_words_say_nothing():
    assert proposed("你好，请回电") == Proposal(None, None, Urgency.NORMAL)


def test_what_the_operator_switched_off_is_not_proposed():
    without = [replace(each, off=each.code == "ELV") for each in STANDARD.categories]
    found = proposed("电梯按钮没反应", taxonomy=Taxonomy(tuple(without), ()))

    assert found.category != "ELV"


def test_what_the_operator_added_is_found_by_its_name_in_either_language():
    pool = Category("POL", "泳池", "Swimming pool", "pool", Limits(), (Problem("cold", "水温低", "Too cold"),))
    taxonomy = Taxonomy((*STANDARD.categories, pool), ())

    assert about(proposed("泳池水温低，孩子不敢下水", taxonomy=taxonomy)) == "POL/cold"
    assert about(proposed("the swimming pool is too cold again", taxonomy=taxonomy)) == "POL/cold"


def test_what_confirmed_tickets_taught_adds_to_the_words():
    taught = Learnt({"温泉": {"PLB/low_pressure": 2.5}, "泉馆": {"PLB/low_pressure": 2.0}})

    assert about(proposed("温泉馆又不行了")) == "-"
    assert about(proposed("温泉馆又不行了", learnt=taught)) == "PLB/low_pressure"
    assert about(proposed("温泉馆电梯困人", learnt=taught)) == "ELV/trapped"


def test_confusions_are_between_neighbours():
    """The list in the README, by category: what is proposed instead."""
    wrong = Counter(
        (each.about.split("/")[0], about(proposed(each.report, each.kind)).split("/")[0])
        for each in UNSEEN
        if about(proposed(each.report, each.kind)).split("/")[0] != each.about.split("/")[0]
    )

    assert all(count <= 3 for count in wrong.values()), wrong
