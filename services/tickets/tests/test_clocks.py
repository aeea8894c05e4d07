"""Limits on tickets over HTTP and by the clock: who is told, what stops them, whose hours count."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from services.tickets.model import Clock, Pause
from services.tickets.tests import factories
from services.tickets.tests.test_jobs import pass_time, show

OFFICE = [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]
WEEK = [OFFICE] * 5 + [[], []]


def dues(garden, ticket) -> dict:
    """The running limits, by what they are for."""
    return {due["clock"]: due["due_at"] for due in show(garden, ticket)["dues"] if due["met_at"] is None}


def hold(garden, ticket, waiting_for=None, *, who=None):
    body = {"reason": "等待"} | ({"waiting_for": waiting_for} if waiting_for else {})
    return garden.do(who or garden.technician, ticket, "hold", body)


def moment(garden, **later) -> str:
    return (garden.tickets.clock.now() + timedelta(**later)).isoformat()


def put_calendar(garden, who=None, *, version=0, expect=200, **differing):
    body = {"week": WEEK, "country": "CN", "days": [], **differing}
    client = garden.tickets.client(who or garden.manager)
    answer = client.put(f"/estates/{garden.estate_id}/calendar", body, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == expect, answer.json
    return answer.json


# ── which limits run ─────────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_sent_has_a_limit_to_arrive_and_one_to_resolve_from_then_on(garden):
    ticket = garden.bring_to("dispatched", category="PLB", problem="leak")

    assert dues(garden, ticket) == {"arrival": "2026-11-23T05:00:00Z", "resolution": "2026-11-25T01:00:00Z"}


def test_an_emergency_may_take_no_longer_than_emergencies_do(garden):
    ticket = garden.bring_to("dispatched", category="PUB", urgency="emergency")

    assert dues(garden, ticket) == {"arrival": "2026-11-23T01:30:00Z", "resolution": "2026-11-23T05:00:00Z"}


def test_work_that_is_begun_or_done_has_met_its_limits(garden):
    assert list(dues(garden, garden.bring_to("started"))) == ["resolution"]
    assert dues(garden, garden.bring_to("completed")) == {}


def test_a_complaint_is_answered_within_three_working_days(garden):
    """From Monday 09:00 in Shanghai; the review's limit is in natural hours."""
    ticket = garden.report(kind="complaint")

    assert dues(garden, ticket) == {"review": "2026-11-24T01:00:00Z", "answer": "2026-11-25T10:00:00Z"}


def test_a_suggestion_has_a_review_and_nothing_else(garden):
    assert list(dues(garden, garden.report(kind="suggestion"))) == ["review"]


def test_a_reopened_ticket_counts_from_its_reopening(garden):
    ticket = garden.bring_to("completed")
    garden.tickets.clock.advance(days=2)
    garden.do(garden.owner, ticket, "reopening", {"reason": "又漏了"})

    assert dues(garden, ticket) == {"review": "2026-11-26T01:00:00Z"}


def test_work_given_back_has_a_limit_to_be_sent_anew_and_keeps_the_one_to_be_resolved(garden):
    ticket = garden.bring_to("dispatched")
    garden.do(garden.technician, ticket, "return", {"reason": "不会修"})

    assert sorted(dues(garden, ticket)) == ["resolution", "review"]


# ── who hears of them ────────────────────────────────────────────────────────────────────────────────────────────


def test_whoever_has_the_ticket_is_warned_first_and_then_the_ladder_climbed(garden):
    region = garden.staff("region_manager", scope=f"region:{garden.region_id}")
    garden.bring_to("dispatched", category="PLB", problem="leak")

    assert pass_time(garden, hours=3) == [("warned", "assignee", [str(garden.technician.id)])]
    assert pass_time(garden, hours=1) == [
        ("breached", None, None),
        ("escalated", "dispatcher", [str(garden.dispatcher.id)]),
    ]
    assert pass_time(garden, hours=4) == [("escalated", "estate_manager", [str(garden.manager.id)])]
    assert pass_time(garden, hours=4) == [("escalated", "region_manager", [str(region.id)])]


def test_whoever_has_it_and_is_complained_of_is_passed_over(garden):
    other = garden.staff("technician")
    ticket = garden.report(kind="complaint", complained_of=[str(other.id)])
    with garden.tickets.work() as work:
        clock = work.scalar(select(Clock).where(Clock.ticket_id == UUID(ticket["id"]), Clock.clock == "answer"))
        clock.ticket.assignee_id = other.id
        clock.ticket.record(clock.ticket.restated())

    assert ("warned", "dispatcher", [str(garden.dispatcher.id)]) in pass_time(garden, days=2)


# ── appointment and arrival ──────────────────────────────────────────────────────────────────────────────────────


def test_the_arrival_counts_from_the_appointment_and_ends_with_it(garden):
    ticket = garden.bring_to("dispatched", category="PLB", problem="leak")
    body = {"from": moment(garden, hours=24), "to": moment(garden, hours=26)}

    shown = garden.do(garden.technician, ticket, "appointment", body)

    assert dues(garden, ticket)["arrival"] == "2026-11-24T03:00:00Z" == shown["appointed_to"]
    assert garden.tickets.said("tickets.clock.rescheduled.v1")[0].data["was_due_at"] == "2026-11-23T05:00:00+00:00"
    assert [fact for fact, *_ in pass_time(garden, hours=25)] == []
    assert [fact for fact, *_ in pass_time(garden, minutes=30)] == ["warned"]


def test_an_appointment_made_before_somebody_is_sent_holds_when_they_are(garden):
    ticket = garden.bring_to("accepted")
    garden.do(
        garden.dispatcher, ticket, "appointment", {"from": moment(garden, hours=5), "to": moment(garden, hours=7)}
    )
    garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})

    assert dues(garden, ticket)["arrival"] == "2026-11-23T08:00:00Z"


def test_a_warning_before_the_appointment_was_agreed_is_taken_back(garden):
    ticket = garden.bring_to("dispatched", category="PLB", problem="leak")
    pass_time(garden, hours=5)
    garden.do(
        garden.technician, ticket, "appointment", {"from": moment(garden, hours=2), "to": moment(garden, hours=4)}
    )

    due = next(due for due in show(garden, ticket)["dues"] if due["clock"] == "arrival")
    assert (due["warned_at"], due["breached_at"]) == (None, None)
    assert pass_time(garden, hours=3) == []
    assert [fact for fact, *_ in pass_time(garden, hours=1)] == ["warned", "breached", "escalated"]


@pytest.mark.parametrize(("start", "end"), [(-4, -2), (4, 2), (4, 4)])
def test_a_time_that_is_over_or_none_is_no_appointment(garden, start, end):
    ticket = garden.bring_to("dispatched")
    body = {"from": moment(garden, hours=start), "to": moment(garden, hours=end)}

    garden.do(garden.technician, ticket, "appointment", body, expect=422)


@pytest.mark.parametrize("state", ["submitted", "started", "completed"])
def test_a_time_to_come_is_agreed_only_while_somebody_is_to_come(garden, state):
    ticket = garden.bring_to(state) if state != "submitted" else garden.report()
    body = {"from": moment(garden, hours=1), "to": moment(garden, hours=2)}

    garden.do(garden.dispatcher, ticket, "appointment", body, expect=409)


def test_appointments_and_arrivals_are_of_whoever_has_the_ticket(garden):
    ticket, other = garden.bring_to("dispatched"), garden.staff("technician")
    body = {"from": moment(garden, hours=1), "to": moment(garden, hours=2)}

    garden.do(other, ticket, "appointment", body, expect=403)
    garden.do(other, ticket, "arrival", expect=403)
    garden.do(garden.owner, ticket, "appointment", body, expect=403)


def test_an_arrival_meets_its_limit_once_and_the_beginning_of_work_says_so_as_well(garden):
    ticket = garden.bring_to("dispatched")
    shown = garden.do(garden.technician, ticket, "arrival")

    assert shown["arrived_at"] == "2026-11-23T01:00:00Z" and "arrival" not in dues(garden, ticket)
    garden.do(garden.technician, ticket, "arrival", expect=409)
    garden.tickets.clock.advance(hours=1)
    garden.do(garden.technician, ticket, "start")
    assert show(garden, ticket)["arrived_at"] == "2026-11-23T01:00:00Z"
    assert show(garden, garden.bring_to("started"))["arrived_at"] == "2026-11-23T02:00:00Z"


# ── pauses ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_waiting_for_parts_stops_the_resolution_and_is_kept_as_an_interval(garden):
    ticket = garden.bring_to("started")
    hold(garden, ticket, "waiting_for_parts")
    assert pass_time(garden, days=5) == []
    garden.do(garden.technician, ticket, "resumption")

    assert dues(garden, ticket) == {"resolution": "2026-12-01T01:00:00Z"}
    with garden.tickets.work() as work:
        pause = work.scalars(select(Pause))[0]
        assert (pause.ended_at - pause.started_at, pause.until - pause.started_at) == (
            5 * factories.DAY,
            7 * factories.DAY,
        )


def test_a_hold_without_a_reason_that_counts_stops_nothing(garden):
    hold(garden, garden.bring_to("started"))

    assert [fact for fact, *_ in pass_time(garden, hours=72)] == ["warned", "breached", "escalated"]


def test_a_reason_stops_only_what_it_may(garden):
    """Parts are no reason to come late; the owner who is away is."""
    ticket = garden.bring_to("dispatched", category="PLB", problem="leak")
    hold(garden, ticket, "waiting_for_parts")
    assert [fact for fact, *_ in pass_time(garden, hours=4)] == ["warned", "breached", "escalated"]

    ticket = garden.bring_to("dispatched", category="PLB", problem="leak")
    hold(garden, ticket, "waiting_for_owner")
    assert {fact for fact, *_ in pass_time(garden, hours=3)} == set()


def test_the_cap_is_for_all_waits_of_a_reason_together_and_then_the_limit_runs_on(garden):
    ticket = garden.bring_to("started")
    for _ in range(2):
        hold(garden, ticket, "waiting_for_owner")
        pass_time(garden, days=2)
        garden.do(garden.technician, ticket, "resumption")

    assert dues(garden, ticket) == {"resolution": "2026-11-29T01:00:00Z"}  # three days of target, three of waiting
    assert len(garden.tickets.said("tickets.clock.resumed.v1")) == 2


def test_a_question_is_no_reason_to_hold(garden):
    ticket = garden.bring_to("started")
    garden.do(garden.technician, ticket, "hold", {"reason": "问", "waiting_for": "question"}, expect=422)


# ── whose hours count ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_estate_that_set_nothing_has_office_hours(garden):
    answer = garden.tickets.client(garden.dispatcher).get(f"/estates/{garden.estate_id}/calendar")

    assert (answer.json["version"], answer.json["week"], answer.json["country"]) == (0, WEEK, "CN")


def test_a_changed_calendar_counts_the_limits_that_run_anew_and_says_so(garden):
    """Open on Saturday and Sunday too, from 09:00 to 13:00: 24 hours are six days."""
    ticket = garden.report(kind="complaint")
    repair = garden.bring_to("dispatched")
    before = dues(garden, repair)
    put_calendar(garden, week=[[{"from": "09:00", "to": "13:00"}]] * 7)

    assert [fact for fact, *_ in pass_time(garden, seconds=30) if fact != "changed"] == ["rescheduled"]
    assert dues(garden, ticket)["answer"] == "2026-11-28T05:00:00Z"
    assert dues(garden, repair) == before
    assert pass_time(garden, seconds=30) == []


def test_a_make_up_workday_set_while_clocks_run_moves_them_exactly(garden):
    """调休: Wednesday is closed, and Saturday worked in its place; filed on Monday, three working days end on Thursday."""
    ticket = garden.report(kind="complaint")
    days = [
        {"day": "2026-11-25", "hours": [], "reason": "停电检修"},
        {"day": "2026-11-28", "hours": OFFICE, "reason": "调休"},
    ]
    put_calendar(garden, days=days)
    pass_time(garden, seconds=30)
    assert dues(garden, ticket)["answer"] == "2026-11-26T10:00:00Z"

    put_calendar(garden, days=[{"day": "2026-11-28", "hours": OFFICE, "reason": "调休"}], version=1)
    pass_time(garden, seconds=30)
    assert dues(garden, ticket)["answer"] == "2026-11-25T10:00:00Z"


def test_a_breach_that_a_changed_calendar_undoes_is_taken_back_and_comes_again(garden):
    ticket = garden.report(kind="complaint")
    pass_time(garden, days=3)
    put_calendar(
        garden,
        days=[
            {"day": "2026-11-25", "hours": [], "reason": "放假"},
            {"day": "2026-11-24", "hours": [], "reason": "放假"},
        ],
    )
    pass_time(garden, seconds=30)

    due = next(due for due in show(garden, ticket)["dues"] if due["clock"] == "answer")
    assert (due["due_at"], due["breached_at"]) == ("2026-11-27T10:00:00Z", None)
    assert "breached" in {fact for fact, *_ in pass_time(garden, days=2)}


def test_pauses_survive_a_changed_calendar(garden):
    """glpi 6902, 15605, end to end."""
    ticket = garden.report(kind="complaint")
    garden.do(garden.dispatcher, ticket, "review", {"decision": "ask", "reason": "哪一天？"})
    garden.tickets.clock.advance(hours=4)  # 09:00 to 13:00: three working hours
    garden.do(garden.owner, ticket, "answer", {"text": "昨天"})
    assert dues(garden, ticket)["answer"] == "2026-11-26T04:00:00Z"

    put_calendar(garden, week=[[{"from": "00:00", "to": "24:00"}]] * 7)
    pass_time(garden, seconds=30)
    assert dues(garden, ticket)["answer"] == "2026-11-24T05:00:00Z"


def test_an_estates_own_hours_count_from_the_first_report_on(garden):
    put_calendar(garden, week=[[{"from": "00:00", "to": "24:00"}]] * 7, country=None)
    ticket = garden.report(kind="complaint")

    assert dues(garden, ticket)["answer"] == "2026-11-24T01:00:00Z"


def test_a_calendar_is_set_by_managers_and_by_what_they_read(garden):
    put_calendar(garden, garden.dispatcher, expect=403)
    put_calendar(garden, version=3, expect=412)
    put_calendar(garden)
    put_calendar(garden, expect=412)
    assert put_calendar(garden, version=1)["version"] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"week": [[]] * 7},
        {"week": WEEK[:6]},
        {"week": [[{"from": "09:00", "to": "09:00"}]] * 7},
        {"week": [[{"from": "24:00", "to": "09:00"}]] * 7},
        {"country": "XX"},
        {"country": "CN", "subdivision": "BJ"},
        {"country": None, "subdivision": "BJ"},
        {
            "days": [
                {"day": "2026-11-25", "hours": [], "reason": "一"},
                {"day": "2026-11-25", "hours": [], "reason": "二"},
            ]
        },
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(garden, wrong):
    put_calendar(garden, expect=422, **wrong)
