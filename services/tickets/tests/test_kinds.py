"""What asks for words and not for work: complaints, suggestions and inquiries, to their answer."""

from importlib import import_module

import pytest
from sqlalchemy import update

from chassis.ids import new_id
from services.tickets.model import Ticket

ANSWER = {"text": "已核实，现答复如下", "outcome": "upheld"}


def complaint(garden, **facts) -> dict:
    return garden.report(kind="complaint", description="保安态度差", **facts)


def assigned(garden, **facts) -> dict:
    """A complaint that the manager is to answer."""
    ticket = garden.do(garden.dispatcher, complaint(garden, **facts), "review", {"decision": "accept"})
    return garden.do(garden.dispatcher, ticket, "assignment", {"responsible_id": str(garden.manager.id)})


def replied(garden) -> dict:
    return garden.do(garden.manager, assigned(garden), "reply", ANSWER)


# ── complaints ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_complaint_is_reviewed_assigned_answered_and_accepted(garden, tickets):
    ticket = replied(garden)
    assert (ticket["state"], ticket["outcome"], ticket["reply"]) == ("replied", "upheld", ANSWER["text"])

    ticket = garden.do(garden.owner, ticket, "confirmation")

    assert (ticket["state"], ticket["closes_at"]) == ("closed", None)
    assert all(due["met_at"] for due in ticket["dues"])
    said = [event.type for event in tickets.said() if event.type.startswith("tickets.ticket.")]
    assert said == [
        f"tickets.ticket.{step}.v1" for step in ("submitted", "reviewed", "assigned", "replied", "confirmed", "closed")
    ]


def test_nobody_complained_of_gets_the_complaint_to_answer(garden):
    accused = garden.staff("service_desk", name="赵保安")
    ticket = complaint(garden, complained_of=[str(accused.id)])
    ticket = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept"})

    refused = garden.do(garden.dispatcher, ticket, "assignment", {"responsible_id": str(accused.id)}, expect=409)

    assert "accepted" in refused["detail"] or "accepted" in str(refused)
    assert garden.do(garden.dispatcher, ticket, "assignment", {"responsible_id": str(garden.manager.id)})


def test_a_complaint_goes_to_nobody_who_does_not_work_there(garden):
    ticket = garden.do(garden.dispatcher, complaint(garden), "review", {"decision": "accept"})
    elsewhere = garden.staff("estate_manager", scope=f"estate:{new_id()}")

    for stranger in (garden.neighbour.id, elsewhere.id, new_id()):
        refused = garden.do(garden.dispatcher, ticket, "assignment", {"responsible_id": str(stranger)}, expect=422)
        assert "responsible_id" in refused["errors"]


def test_an_answer_is_contested_once_and_somebody_else_answers_then(garden, tickets):
    ticket = garden.do(garden.owner, replied(garden), "contest", {"reason": "没有道歉"})
    assert (ticket["state"], ticket["assignee_id"], ticket["reopened"]) == ("contested", None, 1)
    assert [due["met_at"] for due in ticket["dues"]][-1] is None

    garden.do(garden.manager, ticket, "reply", ANSWER, expect=409)
    garden.do(garden.dispatcher, ticket, "assignment", {"responsible_id": str(garden.manager.id)}, expect=409)
    ticket = garden.do(garden.dispatcher, ticket, "reply", {"text": "已道歉", "outcome": "partly_upheld"})

    assert (ticket["state"], ticket["outcome"]) == ("replied", "partly_upheld")
    garden.do(garden.owner, ticket, "contest", {"reason": "仍不满意"}, expect=409)
    assert garden.do(garden.owner, ticket, "confirmation")["state"] == "closed"


def test_only_who_has_it_or_the_desk_answers(garden):
    ticket = assigned(garden)

    garden.do(garden.technician, ticket, "reply", ANSWER, expect=403)
    garden.do(garden.owner, ticket, "reply", ANSWER, expect=403)

    assert garden.do(garden.dispatcher, ticket, "reply", ANSWER)["state"] == "replied"


@pytest.mark.parametrize("act", ["contest", "confirmation"])
def test_staff_do_not_speak_for_the_complainant(garden, act):
    ticket = replied(garden)

    garden.do(garden.dispatcher, ticket, act, {"reason": "x"} if act == "contest" else {}, expect=403)


def test_an_answer_that_nobody_speaks_to_is_asked_about_and_closes_unrated(garden, tickets):
    ticket = replied(garden)

    tickets.clock.advance(days=3, minutes=1)
    tickets.tick()
    tickets.clock.advance(days=4)
    tickets.tick()

    closing = [
        event for event in tickets.said() if event.type in ("tickets.ticket.reminded.v1", "tickets.ticket.closed.v1")
    ]
    assert [event.type.split(".")[2] for event in closing] == ["reminded", "closed"]
    assert closing[-1].data["rated"] is False and closing[-1].subject == f"ticket/{ticket['id']}"


def test_an_answer_is_rated_anew_after_it_was_contested(garden):
    ticket = garden.do(garden.owner, replied(garden), "rating", {"score": 1})
    ticket = garden.do(garden.owner, ticket, "contest", {"reason": "没有道歉"})
    ticket = garden.do(garden.dispatcher, ticket, "reply", ANSWER)

    ticket = garden.do(garden.owner, ticket, "rating", {"score": 4})

    assert [rating["score"] for rating in ticket["ratings"]] == [1, 4]


# ── suggestions ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_suggestion_goes_to_the_monthly_meeting_and_its_decision_is_the_answer(garden, tickets):
    ticket = garden.report(kind="suggestion", description="增设快递柜")
    ticket = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept"})

    ticket = garden.do(garden.dispatcher, ticket, "agenda")
    assert (ticket["state"], ticket["dues"][0]["met_at"] is not None) == ("on_agenda", True)
    ticket = garden.do(garden.dispatcher, ticket, "reply", {"text": "业主大会同意", "outcome": "adopted"})

    assert (ticket["state"], ticket["outcome"]) == ("replied", "adopted")
    (tabled,) = [event for event in tickets.said() if event.type == "tickets.suggestion.put_on_agenda.v1"]
    assert tabled.data["ticket_id"] == ticket["id"] and "快递柜" not in str(tabled.data)
    moments = tickets.client(garden.owner).get(f"/tickets/{ticket['id']}/timeline").json["items"]
    assert "tickets.suggestion.put_on_agenda.v1" in [moment["action"] for moment in moments]


def test_a_suggestion_may_be_answered_at_once(garden):
    ticket = garden.report(kind="suggestion")
    ticket = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept"})

    ticket = garden.do(garden.dispatcher, ticket, "reply", {"text": "已采纳", "outcome": "adopted"})

    assert garden.do(garden.owner, ticket, "confirmation")["state"] == "closed"


# ── inquiries ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_inquiry_is_answered_at_once_and_may_be_asked_again(garden):
    ticket = garden.report(kind="inquiry", description="装修押金怎么退？")

    ticket = garden.do(garden.dispatcher, ticket, "reply", {"text": "凭收据到前台"})
    assert (ticket["state"], ticket["outcome"]) == ("replied", "answered")
    ticket = garden.do(garden.owner, ticket, "reopening", {"reason": "前台说不行"})

    assert (ticket["state"], ticket["reopened"]) == ("accepted", 1)


# ── each has its own ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("kind", "outcome"), [("complaint", "adopted"), ("complaint", None), ("suggestion", "upheld")])
def test_an_outcome_must_be_one_of_the_kind(garden, kind, outcome):
    ticket = garden.do(garden.dispatcher, garden.report(kind=kind), "review", {"decision": "accept"})

    refused = garden.do(garden.dispatcher, ticket, "reply", {"text": "好", "outcome": outcome}, expect=422)

    assert "outcome" in refused["errors"]


@pytest.mark.parametrize(
    ("kind", "act", "body"),
    [
        ("repair", "reply", {"text": "好", "outcome": "upheld"}),
        ("repair", "agenda", {}),
        ("suggestion", "contest", {"reason": "不"}),
        ("inquiry", "contest", {"reason": "不"}),
        ("complaint", "agenda", {}),
        ("complaint", "reopening", {"reason": "不"}),
    ],
)
def test_a_move_of_another_kind_is_refused_by_the_state(garden, kind, act, body):
    ticket = garden.report(kind=kind)
    who = garden.owner if act in ("contest", "reopening") else garden.dispatcher

    refused = garden.do(who, ticket, act, body, expect=409)

    assert "submitted" in refused["detail"] or "「submitted」" in refused["detail"]


def test_work_that_is_confirmed_is_not_asked_about_again_and_can_still_be_rated(garden, tickets):
    ticket = garden.do(garden.owner, garden.bring_to("completed"), "confirmation")
    assert (ticket["state"], ticket["confirmed_at"] is not None) == ("completed", True)

    tickets.clock.advance(days=4)
    tickets.tick()
    ticket = garden.do(garden.owner, ticket, "rating", {"score": 5})

    assert ticket["ratings"][0]["score"] == 5
    assert "tickets.ticket.reminded.v1" not in [event.type for event in tickets.said()]


# ── from before ──────────────────────────────────────────────────────────────────────────────────────────────────

LIVES = import_module("services.tickets.migrations.0008_kinds").LIVES


@pytest.mark.parametrize(
    ("kind", "state", "held_from", "now"),
    [
        ("complaint", "dispatched", None, "assigned"),
        ("complaint", "started", None, "assigned"),
        ("complaint", "completed", None, "replied"),
        ("complaint", "on_hold", "started", "on_hold"),
        ("suggestion", "started", None, "accepted"),
        ("suggestion", "on_hold", "dispatched", "accepted"),
        ("inquiry", "dispatched", None, "assigned"),
        ("inquiry", "on_hold", "started", "assigned"),
        ("inquiry", "completed", None, "replied"),
        ("repair", "started", None, "started"),
        ("complaint", "closed", None, "closed"),
    ],
)
def test_what_was_sent_out_like_work_before_goes_on_in_its_own_life(garden, tickets, kind, state, held_from, now):
    ticket = garden.report(kind=kind)
    with tickets.work() as work:
        before = update(Ticket).values(state=state, held_from=held_from, assignee_id=garden.dispatcher.id)
        work.execute(before.execution_options(synchronize_session=False))
        work.session.connection().exec_driver_sql(LIVES)

    shown = tickets.client(garden.dispatcher).get(f"/tickets/{ticket['id']}").json

    assert shown["state"] == now
    if now == "on_hold":
        assert garden.do(garden.dispatcher, ticket, "resumption")["state"] == "assigned"
    if now == "assigned":
        assert garden.do(garden.dispatcher, ticket, "reply", ANSWER if kind == "complaint" else {"text": "好"})
