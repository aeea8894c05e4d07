"""What an operator's reviewers confirmed teaches its classifier, and nobody else's."""

import re

import pytest
from sqlalchemy import insert, select, text

from chassis.ids import new_id
from services.tickets.model import LearntWord, Lesson, learning, wording
from services.tickets.model.classifier import NOTHING_LEARNT
from services.tickets.tests import factories
from services.tickets.tests.test_classifier import SEEN, UNSEEN


@pytest.fixture(autouse=True)
def _nothing_is_remembered():
    learning.forget()
    yield
    learning.forget()


def accepted(garden, description, category="PLB", problem="leak", **facts):
    ticket = garden.report(description=description, **facts)
    said = {"decision": "accept", "category": category, "problem": problem}
    return garden.do(garden.dispatcher, ticket, "review", said)


def learn(garden):
    garden.tickets.clock.advance(minutes=6)
    garden.tickets.tick()


def counts(garden):
    with garden.tickets.work() as work:
        return {(each.gram, each.target): each.seen for each in work.scalars(select(LearntWord))}


def taught(garden, seen, operator_id=None):
    """As if so many confirmed reports had been counted: {(gram, target): seen}."""
    rows = [
        {
            "id": new_id(),
            "operator_id": operator_id or garden.operator_id,
            "gram": gram,
            "target": target,
            "seen": number,
        }
        for (gram, target), number in seen.items()
    ]
    with garden.tickets.work() as work:
        work.execute(insert(LearntWord), rows)


SPA = {
    ("", "PLB/low_pressure"): 40,
    ("", "ELV/noise"): 60,
    ("温泉", "PLB/low_pressure"): 30,
    ("泉馆", "PLB/low_pressure"): 30,
}


def test_the_clock_counts_the_words_of_what_was_confirmed_each_report_once(garden):
    accepted(garden, "温泉漏水漏水 spa")
    accepted(garden, "溫泉又壞了")

    learn(garden)
    learn(garden)

    found = counts(garden)
    assert found[("", "PLB/leak")] == 2 and found[("温泉", "PLB/leak")] == 2
    assert found[("漏水", "PLB/leak")] == found[("spa", "PLB/leak")] == 1
    with garden.tickets.work() as work:
        assert work.scalars(select(Lesson)) == []


def test_only_repairs_that_somebody_called_something_teach(garden):
    garden.do(garden.dispatcher, garden.report(), "review", {"decision": "accept"})
    garden.do(garden.dispatcher, garden.report(), "review", {"decision": "reject", "reason": "重复"})
    accepted(garden, "态度很差", "CMP", "attitude", kind="complaint")

    learn(garden)

    assert counts(garden) == {}


def test_what_was_taught_is_proposed(garden):
    assert garden.report(description="温泉馆又不行了")["proposed"] is None
    learning.forget()
    taught(garden, SPA)

    proposed = garden.report(description="温泉馆又不行了")["proposed"]

    assert (proposed["category"], proposed["problem"]) == ("PLB", "low_pressure")
    assert "温泉" in proposed["words"][0]["words"]


def test_one_operators_lessons_are_not_anothers(garden):
    strangers = factories.Garden(garden.tickets, operator_id=factories.QY, code="QY-01")
    taught(garden, SPA)

    assert strangers.report(description="温泉馆又不行了")["proposed"] is None


def test_few_reports_and_seldom_words_teach_nothing(garden):
    few = dict.fromkeys(SPA, 5)
    taught(garden, few)
    with garden.tickets.work(garden.owner) as work:
        assert learning.learnt(work) is NOTHING_LEARNT

    seldom = {**SPA, ("温泉", "PLB/low_pressure"): learning.SELDOM - 1}
    with garden.tickets.work() as work:
        work.execute(text("DELETE FROM learnt_word"))
    learning.forget()
    taught(garden, seldom)
    with garden.tickets.work(garden.owner) as work:
        assert set(learning.learnt(work).points) == {"泉馆"}


def test_a_word_that_stands_everywhere_says_nothing():
    reports = {"PLB/leak": 100, "ELV/noise": 100}

    assert learning.points({"PLB/leak": 90, "ELV/noise": 90}, reports) == {}
    assert learning.points({"PLB/leak": 50}, reports)["PLB/leak"] > 3


def test_what_is_remembered_is_not_asked_again_for_minutes(garden, monkeypatch):
    with garden.tickets.work(garden.owner) as work:
        first = learning.learnt(work)
    taught(garden, SPA)
    with garden.tickets.work(garden.owner) as work:
        assert learning.learnt(work) is first
        now = learning.time.monotonic() + learning.FRESH + 1
        monkeypatch.setattr(learning.time, "monotonic", lambda: now)
        assert learning.learnt(work) is not first


def test_the_database_takes_reports_apart_as_the_classifier_does(garden):
    """Where nothing but the script differs: slips are mended by the classifier alone."""
    told = [each.report for each in SEEN + UNSEEN]
    unslipped = [each for each in told if wording.plain(each) == _only_spelt(each)]
    assert len(unslipped) > 150

    for description in unslipped[:12]:
        accepted(garden, description)
    learn(garden)

    expected = set().union(*(wording.grams(wording.plain(each)) for each in unslipped[:12]))
    assert {gram for gram, _ in counts(garden)} - {""} == expected


def _only_spelt(report: str) -> str:
    spelt = wording.unicodedata.normalize("NFKC", report).casefold().translate(wording.PLAIN).replace("’", "'")
    return re.sub(r"\s+", " ", spelt)
