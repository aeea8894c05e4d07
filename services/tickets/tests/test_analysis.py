"""What a month says, held against a recount of the tickets themselves."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from services.tickets.jobs import analysis as clockwork
from services.tickets.model import Closure, MonthFigure
from services.tickets.model.figures import Dimension, Scope, Stage
from services.tickets.tests.factories import QY, Garden

MINUTE = timedelta(minutes=1)


@pytest.fixture
def counted(garden):
    """Count what ended, as the clock does. → the month as somebody reads it."""

    def counted(who=None, **query):
        clockwork.count_months(garden.tickets.runtime)
        answer = garden.tickets.client(who or garden.manager).get(
            "/analysis", query_string={"month": "2026-11", **query}
        )
        assert answer.status_code == 200, answer.json
        return answer.json

    return counted


def repaired(garden, *, minutes=(5, 10, 20, 40), category="PLB", cause="wear", **facts):
    """A repair whose steps take so many minutes: review, dispatch, arrival, work."""
    ticket = garden.report(unit_id=str(garden.home), category=category, **facts)
    ways = [
        (garden.dispatcher, "review", {"decision": "accept", "payer": "common"}),
        (garden.dispatcher, "dispatch", {"technician_id": str(garden.technician.id)}),
        (garden.technician, "start", {}),
        (garden.technician, "completion", {"resolution": "换了阀芯", "cause_code": cause}),
    ]
    for by, (who, act, body) in zip(minutes, ways, strict=True):
        garden.tickets.clock.advance(minutes=by)
        ticket = garden.do(who, ticket, act, body)
    return ticket


def test_a_month_says_where_the_time_went_and_names_the_bottleneck(garden, counted):
    repaired(garden, minutes=(5, 300, 20, 40))
    repaired(garden, minutes=(5, 200, 20, 40))
    [process] = counted()["processes"]
    assert (process["kind"], process["ended"], process["completed"]) == ("repair", 2, 2)
    assert [(each["stage"], each["p50_minutes"], each["p90_minutes"]) for each in process["stages"]] == [
        ("review", 5, 5), ("dispatch", 200, 300), ("arrival", 20, 20), ("work", 40, 40),
    ]  # fmt: skip
    assert process["bottleneck"]["stage"] == "dispatch"
    assert process["bottleneck"]["share"] == pytest.approx(500 / 630)


def test_ratings_count_and_silence_does_not(garden, counted):
    for score in (5, 2, None):
        ticket = repaired(garden)
        if score:
            garden.do(garden.owner, ticket, "rating", {"score": score})
    [process] = counted()["processes"]
    assert (process["rated"], process["rating"], process["low_ratings"]) == (2, 3.5, 1)


def test_work_that_came_back_is_counted_twice_and_as_reopened_once(garden, counted):
    ticket = repaired(garden)
    garden.tickets.clock.advance(days=1)
    garden.do(garden.owner, ticket, "reopening", {"reason": "又漏了"})
    garden.tickets.clock.advance(minutes=7)
    garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})
    garden.do(garden.technician, ticket, "start")
    garden.do(garden.technician, ticket, "completion", {"resolution": "又换了一次"})
    [process] = counted()["processes"]
    assert (process["completed"], process["reopened"]) == (2, 1)
    with garden.tickets.work() as work:
        first, second = work.scalars(select(Closure).order_by(Closure.closure))
    assert (first.reopened, second.reopened) == (True, False)
    assert second.began_at > first.ended_at and second.reviewed_at is None, "the new work began with the reopening"


def test_what_was_rejected_or_cancelled_has_ended_too(garden, counted):
    garden.do(garden.dispatcher, garden.report(), "review", {"decision": "reject", "reason": "重复"})
    garden.do(garden.owner, garden.report(), "cancellation", {"reason": "不需要了"})
    [process] = counted()["processes"]
    assert (process["ended"], process["completed"], process["rejected"], process["cancelled"]) == (2, 0, 1, 1)


def test_a_missed_limit_is_counted_by_limit_and_proposed_to_be_looked_at(garden, counted, monkeypatch):
    monkeypatch.setattr("services.tickets.queries.analysis.FEW", 1)
    ticket = garden.report(category="PLB")
    garden.tickets.clock.advance(hours=25)
    garden.tickets.tick()
    garden.do(garden.dispatcher, ticket, "review", {"decision": "reject", "reason": "重复"})
    told = counted()
    [process] = told["processes"]
    review = next(each for each in process["limits"] if each["limit"] == "review")
    assert (review["ran"], review["breached"], process["breached"]) == (1, 1, 1)
    assert {"kind": "repair", "reason": "missed", "about": "review", "figure": 1.0} in told["proposals"]


def test_the_same_fault_of_the_same_home_is_named(garden, counted):
    for _ in range(3):
        repaired(garden, problem="leak")
    repaired(garden, problem="burst")
    [repeat] = counted()["repeats"]
    assert (repeat["unit_id"], repeat["problem"], repeat["times"]) == (str(garden.home), "leak", 3)
    assert repeat["causes"] == ["wear"]


def test_the_figures_are_those_of_a_recount(garden, counted):
    """A seeded month of every outcome; the same numbers counted here, one by one, in Python."""
    chance = random.Random(20261101)
    rows = [a_closure(garden, chance) for _ in range(400)]
    with garden.tickets.work() as work:
        work.session.add_all(rows)
    counted()
    with garden.tickets.work() as work:
        lines = work.scalars(select(MonthFigure).where(MonthFigure.scope == Scope.ESTATE))
    assert {figures(line) for line in lines if line.dimension is not Dimension.PROBLEM} == recount(rows)


def a_closure(garden, chance: random.Random) -> Closure:
    began_at = datetime(2026, 11, chance.randint(2, 25), tzinfo=UTC)
    moments = [began_at + MINUTE * sum(chance.randint(1, 900) for _ in range(step)) for step in range(1, 5)]
    moments.sort()
    reviewed_at, dispatched_at, started_at, ended_at = moments
    return Closure(
        operator_id=garden.operator_id, estate_id=garden.estate_id, ticket_id=UUID(int=chance.getrandbits(128)), closure=0,
        outcome=chance.choice(["completed", "replied", "rejected", "cancelled"]),
        kind=chance.choice(["repair", "complaint"]), category=chance.choice(["PLB", "ELC", None]),
        cause=chance.choice(["wear", None]), urgency="normal", technician_id=chance.choice([garden.technician.id, None]),
        began_at=began_at, reviewed_at=reviewed_at, dispatched_at=chance.choice([dispatched_at, None]),
        started_at=chance.choice([started_at, None]), ended_at=ended_at, limits=chance.choice([{"review": 86400}, {}]),
        breached=chance.choice([["review"], []]), score=chance.choice([None, 1, 3, 5]), reopened=chance.random() < 0.1,
        touched_at=ended_at,
    )  # fmt: skip


def figures(line: MonthFigure) -> tuple:
    counts = (line.ended, line.completed, line.reopened, line.rated, line.score_sum, line.low_ratings, line.breached)
    stages = tuple(
        (stage, told["count"], told["total"], told["p50"], told["p90"])
        for stage in Stage
        if (told := line.stages.get(stage))
    )
    return (line.kind, line.dimension, line.value, *counts, stages)


def recount(rows: list[Closure]) -> set[tuple]:
    found = set()
    for dimension, value_of in VALUES.items():
        for key in {(row.kind, value_of(row)) for row in rows}:
            own = [row for row in rows if (row.kind, value_of(row)) == key]
            counts = Counter("completed" if row.outcome == "replied" else row.outcome for row in own)
            scores = [row.score for row in own if row.score]
            numbers = (
                len(own), counts["completed"], sum(row.reopened for row in own), len(scores), sum(scores),
                sum(score <= 2 for score in scores), sum(bool(row.breached) for row in own),
            )  # fmt: skip
            found.add((key[0], dimension, key[1], *numbers, stages_of(own)))
    return found


VALUES = {
    Dimension.ALL: lambda row: None,
    Dimension.CATEGORY: lambda row: row.category,
    Dimension.CAUSE: lambda row: row.cause,
    Dimension.TECHNICIAN: lambda row: row.technician_id and str(row.technician_id),
}


def stages_of(own: list[Closure]) -> tuple:
    ways = {
        Stage.REVIEW: lambda row: (row.began_at, row.reviewed_at),
        Stage.DISPATCH: lambda row: (row.reviewed_at, row.dispatched_at),
        Stage.ARRIVAL: lambda row: (row.dispatched_at, row.started_at),
        Stage.WORK: lambda row: (
            row.started_at or row.dispatched_at or row.reviewed_at or row.began_at,
            row.ended_at if row.outcome in ("completed", "replied") else None,
        ),
    }
    told = []
    for stage, way in ways.items():
        spans = sorted(int((b - a).total_seconds()) for a, b in map(way, own) if a and b)
        if spans:
            told.append((stage, len(spans), sum(spans), at_share(spans, 0.5), at_share(spans, 0.9)))
    return tuple(told)


def at_share(spans: list[int], share: float) -> int:
    """The first of the sorted spans at or beyond this share of them."""
    return next(span for place, span in enumerate(spans, 1) if place / len(spans) >= share - 1e-12)


def test_a_month_is_counted_again_when_something_in_it_changes(garden, counted):
    ticket = repaired(garden)
    assert counted()["processes"][0]["rated"] == 0
    garden.tickets.clock.advance(minutes=1)
    garden.do(garden.owner, ticket, "rating", {"score": 4})
    assert counted()["processes"][0]["rated"] == 1


def test_nothing_is_counted_again_when_nothing_changed(garden, counted):
    repaired(garden)
    counted()
    garden.tickets.clock.advance(minutes=11)  # an end that committed late would be found now
    settled = counted()["counted_at"]
    garden.tickets.clock.advance(hours=2)
    assert counted()["counted_at"] == settled


def test_a_month_that_is_over_is_said_once(garden, counted):
    repaired(garden)
    counted()
    assert said(garden) == []
    garden.tickets.clock.advance(days=12)
    garden.tickets.tick()
    garden.tickets.clock.advance(hours=2)
    garden.tickets.tick()
    [fact] = said(garden)
    assert (fact["month"], fact["ended"]) == ("2026-11-01", 1)
    assert fact["bottlenecks"][0]["stage"] == "work"


def said(garden) -> list[dict]:
    return [each.data for each in garden.tickets.said("tickets.analysis.published.v1")]


def test_the_head_office_counts_now_and_others_may_not(garden):
    head = garden.staff("head_office", scope="operator")
    repaired(garden)
    answer = garden.tickets.client(head).post("/analysis", {"month": "2026-11"})
    assert answer.status_code == 200 and answer.json["processes"][0]["ended"] == 1
    assert garden.tickets.client(garden.manager).post("/analysis", {"month": "2026-11"}).status_code == 403


def test_an_estate_manager_sees_the_own_estate_and_no_other(garden, counted):
    other = Garden(garden.tickets, operator_id=garden.operator_id, code="HY-E-02")
    strange = Garden(garden.tickets, operator_id=QY, code="QY-E-01")
    for each in (garden, other, strange):
        repaired(each)
    client = garden.tickets.client(garden.manager)
    assert counted()["scope_id"] == str(garden.estate_id)
    for elsewhere in (other, strange):
        assert (
            client.get(
                "/analysis", query_string={"month": "2026-11", "estate_id": str(elsewhere.estate_id)}
            ).status_code
            == 404
        )
        assert (
            client.get(
                "/analysis", query_string={"month": "2026-11", "region_id": str(elsewhere.region_id)}
            ).status_code
            == 404
        )
    head = garden.staff("head_office", scope="operator")
    assert counted(head)["processes"][0]["ended"] == 2, "the operator's two estates, and not the stranger's"
    listed = garden.tickets.client(head).get("/analysis/estates", query_string={"month": "2026-11"}).json["items"]
    assert {each["estate_id"] for each in listed} == {str(garden.estate_id), str(other.estate_id)}
    listed = client.get("/analysis/estates", query_string={"month": "2026-11"}).json["items"]
    assert [each["estate_id"] for each in listed] == [str(garden.estate_id)]


def test_breaches_name_the_step_that_ate_the_time(garden):
    head = garden.staff("head_office", scope="operator")
    ticket = garden.report(unit_id=str(garden.home))
    garden.tickets.clock.advance(hours=2)
    garden.do(garden.dispatcher, ticket, "review", {"decision": "accept", "payer": "common"})
    garden.tickets.clock.advance(hours=30)
    garden.tickets.tick()
    missed = garden.tickets.client(head).get("/breaches", query_string={"open": "true"}).json["items"]
    [breach] = [each for each in missed if each["clock"] == "review"]
    assert (breach["ticket_id"], breach["stage"], breach["stage_minutes"]) == (ticket["id"], "dispatch", 30 * 60)
    assert breach["over_minutes"] == 8 * 60
    assert garden.tickets.client(garden.technician).get("/breaches").status_code == 403


def test_work_that_was_given_back_began_when_it_was_filed(garden, counted):
    other = garden.staff("technician", skills=["plumber"])
    ticket = garden.report(unit_id=str(garden.home), category="PLB")
    garden.tickets.clock.advance(minutes=5)
    garden.do(garden.dispatcher, ticket, "review", {"decision": "accept", "payer": "common"})
    garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})
    garden.tickets.clock.advance(hours=3)
    garden.do(garden.technician, ticket, "return", {"reason": "缺工具"})
    garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(other.id)})
    garden.do(other, ticket, "start")
    garden.do(other, ticket, "completion", {"resolution": "换了阀芯"})
    [process] = counted()["processes"]
    assert [(each["stage"], each["p50_minutes"]) for each in process["stages"]][:2] == [
        ("review", 5),
        ("dispatch", 180),
    ]
