"""Door 3: limits that warn, pass and climb; finished work that is asked about, and closes. Time is moved, not waited for."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from chassis.actor import SYSTEM
from chassis.recovery import recover
from services.tickets import jobs
from services.tickets.handlers import dispatch
from services.tickets.model import Ticket
from services.tickets.tests import factories

WARNED, BREACHED, ESCALATED = (f"tickets.clock.{fact}.v1" for fact in ("warned", "breached", "escalated"))


def pass_time(garden, **span):
    """→ what was said of tickets and clocks meanwhile, as (fact, level, told)."""
    before = len(garden.tickets.said())
    garden.tickets.clock.advance(**span)
    garden.tickets.tick()
    said = [each for each in garden.tickets.said()[before:] if each.subject.startswith(("ticket/", "clock/"))]
    return [(each.type.split(".")[2], each.data.get("level"), each.data.get("told")) for each in said]


def show(garden, ticket):
    return garden.tickets.client(garden.owner).get(f"/tickets/{ticket['id']}").json


# ── the review clock ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_missed_review_warns_passes_and_climbs_the_duty_roster_to_the_top(garden):
    night, region, head = (garden.staff(role) for role in ("dispatcher", "region_manager", "head_office"))
    for level, person in enumerate((night, garden.manager, region, head), start=1):
        garden.on_duty(person, level)
    garden.report()

    assert pass_time(garden, hours=17) == []
    assert pass_time(garden, hours=1) == [("warned", "dispatcher", [str(night.id)])]
    assert pass_time(garden, hours=5) == []
    assert pass_time(garden, hours=1) == [
        ("breached", None, None),
        ("escalated", "estate_manager", [str(garden.manager.id)]),
    ]
    assert pass_time(garden, hours=4) == [("escalated", "region_manager", [str(region.id)])]
    assert pass_time(garden, hours=4) == [("escalated", "head_office", [str(head.id)])]
    assert pass_time(garden, hours=4) == [("escalated", "head_office", [str(head.id)])]


def test_the_clock_goes_on_after_the_review_until_somebody_is_sent(garden):
    ticket = garden.bring_to("accepted")
    assert pass_time(garden, hours=18)[0][0] == "warned"

    garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})

    assert [due["clock"] for due in show(garden, ticket)["dues"] if due["met_at"] is None] == ["arrival", "resolution"]
    assert pass_time(garden, hours=17) == []


def test_a_ticket_shows_when_it_was_warned_and_breached(garden):
    ticket = garden.report()

    pass_time(garden, hours=18)
    pass_time(garden, hours=7)

    assert show(garden, ticket)["dues"] == [
        {
            "clock": "review",
            "due_at": "2026-11-24T01:00:00Z",
            "warned_at": "2026-11-23T19:00:00Z",
            "breached_at": "2026-11-24T02:00:00Z",
            "met_at": None,
        }
    ]


def test_a_clock_that_stood_still_says_all_that_it_missed_in_order(garden):
    garden.report()

    assert [fact for fact, *_ in pass_time(garden, hours=25)] == ["warned", "breached", "escalated"]


def test_the_next_rung_with_anybody_on_it_is_told_when_the_roster_is_empty(garden):
    """Nobody on duty: the role's holders. No dispatcher at all: the estate manager."""
    bare = factories.Garden(garden.tickets, code="HY-E-02")
    for person in (bare.dispatcher, bare.technician):
        left = factories.reactions.StaffFacts(person_id=person.id, roles=[], skills=[], certificates=[], active=False)
        bare.hear(left, sequence=2, estate_id=None)
    garden.report()
    bare.report()

    warned = pass_time(garden, hours=18)

    assert sorted(level for _, level, _ in warned) == ["dispatcher", "estate_manager"]
    assert {tuple(told) for *_, told in warned} == {(str(garden.dispatcher.id),), (str(bare.manager.id),)}


def test_nothing_is_escalated_to_somebody_complained_of(garden):
    head = garden.staff("head_office", scope="operator")
    garden.on_duty(garden.manager, level=2)
    garden.report(kind="complaint", complained_of=[str(garden.manager.id)])

    said = pass_time(garden, hours=24)

    assert said[-1] == ("escalated", "head_office", [str(head.id)])


def test_a_duty_that_is_over_or_elsewhere_is_not_told(garden):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    elsewhere.on_duty(elsewhere.dispatcher, level=1)
    garden.on_duty(garden.technician, level=1, hours=8)
    garden.report()

    assert pass_time(garden, hours=18) == [("warned", "dispatcher", [str(garden.dispatcher.id)])]


def test_a_question_stops_the_clock_until_the_answer(garden):
    ticket = garden.report()
    garden.do(garden.dispatcher, ticket, "review", {"decision": "ask", "reason": "哪个房间？"})

    assert pass_time(garden, hours=20) == []
    garden.do(garden.owner, ticket, "answer", {"text": "厨房"})

    assert show(garden, ticket)["dues"][0]["due_at"] == "2026-11-24T21:00:00Z"


def test_an_answer_that_never_comes_lets_the_clock_run_again_after_a_day(garden):
    ticket = garden.report()
    garden.do(garden.dispatcher, ticket, "review", {"decision": "ask", "reason": "哪个房间？"})

    assert [fact for fact, *_ in pass_time(garden, hours=24)] == ["resumed"]
    assert [fact for fact, *_ in pass_time(garden, hours=24)] == ["warned", "breached", "escalated"]


@pytest.mark.parametrize(
    ("who", "act", "body"),
    [
        ("dispatcher", "review", {"decision": "reject", "reason": "重复"}),
        ("owner", "cancellation", {"reason": "不需要了"}),
    ],
)
def test_a_ticket_that_ended_has_no_limit(garden, who, act, body):
    garden.do(getattr(garden, who), garden.report(), act, body)

    assert pass_time(garden, days=3) == []


def test_a_ticket_that_somebody_is_dispatching_is_left_to_them(garden):
    ticket = garden.bring_to("accepted")
    garden.tickets.clock.advance(hours=18)

    with garden.tickets.work(garden.dispatcher, permission="tickets:dispatch") as work:
        work.take(Ticket, UUID(ticket["id"]))
        garden.tickets.tick()
        dispatch.dispatch(work, UUID(ticket["id"]), technician_id=garden.technician.id)
    garden.tickets.clock.advance(minutes=1)
    garden.tickets.tick()

    assert garden.tickets.said(WARNED) == []


def test_two_clocks_running_at_once_say_each_thing_once(garden):
    for _ in range(30):
        garden.report(place="3栋大堂")
    garden.tickets.clock.advance(hours=24)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: run_every_job(garden.tickets.runtime), range(2)))
    run_every_job(garden.tickets.runtime)

    assert len(garden.tickets.said(BREACHED)) == 30
    assert len(garden.tickets.said(ESCALATED)) == 30


def run_every_job(runtime):
    """As two clock processes would at the same moment, past the lock that usually lets one of them go first."""
    for job in (jobs.warn_before_limits, jobs.flag_missed_limits, jobs.escalate_missed_limits):
        with runtime.work(SYSTEM, system=True) as work:
            job(work)


# ── finished work ────────────────────────────────────────────────────────────────────────────────────────────────


def test_finished_work_is_asked_about_once_after_three_days_and_closes_unrated_after_seven(garden):
    ticket = garden.bring_to("completed")

    assert pass_time(garden, days=2, hours=23) == []
    assert [fact for fact, *_ in pass_time(garden, hours=1)] == ["reminded"]
    assert pass_time(garden, days=3) == []
    assert [fact for fact, *_ in pass_time(garden, days=1)] == ["closed"]
    assert pass_time(garden, days=9) == []
    assert show(garden, ticket)["state"] == "closed"
    assert garden.tickets.said("tickets.ticket.closed.v1")[0].data["rated"] is False


def test_rated_work_is_not_asked_about_and_closes_as_rated(garden):
    garden.do(garden.owner, garden.bring_to("completed"), "rating", {"score": 4})

    assert pass_time(garden, days=3) == []
    assert [fact for fact, *_ in pass_time(garden, days=4)] == ["closed"]
    assert garden.tickets.said("tickets.ticket.closed.v1")[0].data["rated"] is True


def test_a_reopened_ticket_does_not_close_by_itself(garden):
    ticket = garden.bring_to("completed")
    garden.do(garden.owner, ticket, "reopening", {"reason": "又漏了"})

    facts = {fact for fact, *_ in pass_time(garden, days=8)}

    assert "closed" not in facts
    assert show(garden, ticket)["state"] == "accepted"


# ── after a restore ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_numbers_that_were_given_out_after_the_backup_are_not_given_again(garden):
    first = garden.report()["number"]

    recover(garden.tickets.runtime, taken_at=garden.tickets.clock.now(), release="1")

    assert int(garden.report()["number"][-6:]) > int(first[-6:]) + 1000
