"""Who hears of what about tickets, in which words."""

from datetime import UTC, date, datetime, timedelta

import pytest

from chassis.ids import new_id
from services.notify.reactions import tickets
from services.notify.tests.factories import (
    EN,
    ZH,
    a_colleague,
    a_due,
    a_resident,
    a_ticket,
    an_estate,
    deliveries,
    desk_told,
    hear,
    messages,
    on_duty,
    told,
)

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


# ── the flow of a repair ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_reporter_learns_the_number_and_the_desk_has_something_to_review(notify, place):
    owner, desk = a_resident(notify, place), a_colleague(notify, place, language=EN)

    hear(notify, place, a_ticket(tickets.TicketSubmitted, place, owner, dues=[a_due(AT)]))

    assert told(notify) == {(owner, "tickets.ticket.submitted", ZH), (desk, "tickets.ticket.submitted.desk", EN)}
    (message,) = messages(notify, owner)
    assert message.subject == "已收到您的报修：给排水 · 漏水"
    assert "R2611230001" in message.body and "11月24日09:00" in message.body
    assert messages(notify, desk)[0].subject == "New repair to review: Plumbing · leak"
    assert {each.channel for each in deliveries(notify, person_id=owner)} == {"in_app", "email", "sms"}


@pytest.mark.parametrize(
    ("kind", "step", "facts"),
    [
        (tickets.TicketMoved, "asked", {}),
        (tickets.TicketReviewed, "reviewed", {"payer": "owner"}),
        (tickets.TicketMoved, "rejected", {}),
        (tickets.TicketMoved, "started", {}),
        (tickets.TicketMoved, "held", {}),
        (tickets.TicketMoved, "resumed", {}),
        (tickets.TicketReminded, "reminded", {"closes_at": AT}),
        (tickets.TicketClosed, "closed", {"rated": False}),
    ],
)
def test_each_step_is_told_to_the_reporter_alone_in_their_language(notify, place, kind, step, facts):
    owner = a_resident(notify, place, language=EN)
    a_resident(notify, place, "co_owner")
    a_colleague(notify, place)
    technician = a_colleague(notify, place, "technician")
    fact = a_ticket(kind, place, owner, assignee_id=technician, **facts)

    hear(notify, place, fact, type=f"tickets.ticket.{step}.v1")

    assert told(notify) == {(owner, f"tickets.ticket.{step}", EN)}


def test_the_home_and_the_technician_learn_that_somebody_will_come(notify, place):
    owner, tenant = a_resident(notify, place), a_resident(notify, place, "occupier", language=EN)
    technician = a_colleague(notify, place, "technician", name="张师傅")

    hear(notify, place, a_ticket(tickets.TicketDispatched, place, owner, assignee_id=technician))

    assert told(notify) == {
        (owner, "tickets.ticket.dispatched", ZH),
        (tenant, "tickets.ticket.dispatched", EN),
        (technician, "tickets.ticket.dispatched.technician", ZH),
    }
    assert "张师傅将前来处理，地点：3栋2单元601" in messages(notify, owner)[0].body


def test_a_child_a_past_and_a_future_resident_and_a_mistake_are_not_told(notify, place):
    owner = a_resident(notify, place)
    a_resident(notify, place, "household_member")
    a_resident(notify, place, "occupier", until=date(2026, 11, 22))
    a_resident(notify, place, "occupier", since=date(2026, 11, 24))
    a_resident(notify, place, "co_owner", void=True)
    last_day = a_resident(notify, place, "occupier", until=date(2026, 11, 23))
    technician = a_colleague(notify, place, "technician")

    hear(notify, place, a_ticket(tickets.TicketDispatched, place, owner, assignee_id=technician))

    assert {person for person, _, _ in told(notify)} == {owner, technician, last_day}


def test_the_owner_is_asked_to_rate_a_finished_repair_and_the_home_learns_that_it_is_done(notify, place):
    owner, co_owner = a_resident(notify, place), a_resident(notify, place, "co_owner")

    hear(notify, place, a_ticket(tickets.TicketCompleted, place, owner, closes_at=AT))

    assert told(notify) == {(owner, "tickets.ticket.completed", ZH), (co_owner, "tickets.ticket.completed.home", ZH)}
    (message,) = messages(notify, owner)
    assert message.subject.startswith("处理完成，请您评价") and message.category == "rating"


def test_a_complaint_stays_between_its_reporter_and_the_desk(notify, place):
    owner, _ = a_resident(notify, place), a_resident(notify, place, "co_owner")

    hear(notify, place, a_ticket(tickets.TicketCompleted, place, owner, kind="complaint", closes_at=AT))

    assert {person for person, _, _ in told(notify)} == {owner}


def test_a_report_about_a_public_place_concerns_no_home(notify, place):
    owner, _ = a_resident(notify, place), a_resident(notify, place, "co_owner")

    hear(notify, place, a_ticket(tickets.TicketCompleted, place, owner, unit_id=None, closes_at=AT))

    assert {person for person, _, _ in told(notify)} == {owner}


def test_an_answer_is_told_to_the_desk(notify, place):
    owner, desk = a_resident(notify, place), a_colleague(notify, place)

    hear(notify, place, a_ticket(tickets.TicketAnswered, place, owner))

    assert told(notify) == {(desk, "tickets.ticket.answered.desk", ZH)}


@pytest.mark.parametrize(
    ("score", "template"), [(2, "tickets.ticket.rated.desk"), (3, "tickets.ticket.rated.technician")]
)
def test_a_low_rating_goes_to_the_desk_any_other_to_the_technician(notify, place, score, template):
    owner, desk = a_resident(notify, place), a_colleague(notify, place)
    technician = a_colleague(notify, place, "technician")

    hear(notify, place, a_ticket(tickets.TicketRated, place, owner, assignee_id=technician, score=score))

    reader = desk if template.endswith("desk") else technician
    assert told(notify) == {(reader, template, ZH)}


def test_a_reopened_repair_comes_back_to_the_desk(notify, place):
    owner, desk = a_resident(notify, place), a_colleague(notify, place)

    hear(notify, place, a_ticket(tickets.TicketReopened, place, owner))

    assert told(notify) == {(owner, "tickets.ticket.reopened", ZH), (desk, "tickets.ticket.reopened.desk", ZH)}


def test_a_technician_need_not_go_to_a_cancelled_repair(notify, place):
    owner, technician = a_resident(notify, place), a_colleague(notify, place, "technician")

    hear(notify, place, a_ticket(tickets.TicketCancelled, place, owner, assignee_id=technician))

    assert told(notify) == {
        (owner, "tickets.ticket.cancelled", ZH),
        (technician, "tickets.ticket.cancelled.technician", ZH),
    }


# ── comments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def a_comment(place, reporter_id, author_id, **facts):
    return tickets.CommentAdded(
        **{
            "internal": False,
            "side": "staff",
            "author_id": author_id,
            "ticket_id": new_id(),
            "number": "R2611230001",
            "estate_id": place.estate_id,
            "kind": "repair",
            "title_zh": "给排水 · 漏水",
            "title_en": "Plumbing · leak",
            "reporter_id": reporter_id,
            **facts,
        }
    )


def test_staffs_public_words_reach_the_reporter(notify, place):
    owner, desk = a_resident(notify, place), a_colleague(notify, place)

    hear(notify, place, a_comment(place, owner, desk))

    assert told(notify) == {(owner, "tickets.comment.added", ZH)}


def test_internal_words_never_reach_the_reporter(notify, place):
    owner, desk = a_resident(notify, place), a_colleague(notify, place)
    technician = a_colleague(notify, place, "technician")

    hear(notify, place, a_comment(place, owner, desk, internal=True, assignee_id=technician))

    assert told(notify) == {(technician, "tickets.comment.added.staff", ZH)}


def test_nobody_is_told_of_their_own_words(notify, place):
    owner, desk = a_resident(notify, place), a_colleague(notify, place)

    hear(notify, place, a_comment(place, owner, owner, side="resident"))
    hear(notify, place, a_comment(place, owner, desk, internal=True))

    assert told(notify) == {(desk, "tickets.comment.added.staff", ZH)}
    assert len(messages(notify, desk)) == 1


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────


def a_limit(kind, place, owner, **facts):
    return a_ticket(kind, place, owner, clock="review", due_at=AT, **facts)


def test_a_warning_goes_to_whoever_must_act(notify, place):
    owner, _, manager = (
        a_resident(notify, place),
        a_colleague(notify, place),
        a_colleague(notify, place, "estate_manager"),
    )

    hear(notify, place, a_limit(tickets.ClockWarned, place, owner, told=[manager]))

    assert told(notify) == {(manager, "tickets.clock.warned", ZH)}


def test_a_warning_for_nobody_goes_to_the_desk(notify, place):
    owner, desk = a_resident(notify, place), a_colleague(notify, place)

    hear(notify, place, a_limit(tickets.ClockWarned, place, owner, told=[]))

    assert told(notify) == {(desk, "tickets.clock.warned", ZH)}


def test_a_passed_limit_is_told_to_the_desk_and_escalated_to_the_next_on_duty(notify, place):
    owner, desk, manager = (
        a_resident(notify, place),
        a_colleague(notify, place),
        a_colleague(notify, place, "estate_manager"),
    )

    hear(notify, place, a_limit(tickets.ClockBreached, place, owner))
    hear(notify, place, a_limit(tickets.ClockEscalated, place, owner, told=[manager]))

    assert told(notify) == {(desk, "tickets.clock.breached", ZH), (manager, "tickets.clock.escalated", ZH)}
    assert "审核时限已于11月24日09:00到期" in messages(notify, manager)[0].body


def test_an_escalation_to_an_empty_ladder_is_told_to_the_desk(notify, place):
    owner, desk = a_resident(notify, place), a_colleague(notify, place)

    hear(notify, place, a_limit(tickets.ClockEscalated, place, owner, told=[]))

    assert told(notify) == {(desk, "tickets.clock.escalated", ZH)}


# ── the desk ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_nearest_desk_is_told(notify, place):
    here = a_colleague(notify, place, "service_desk")
    a_colleague(notify, place, scope=f"region:{place.region_id}")
    a_colleague(notify, place, scope="operator")
    a_colleague(notify, place, scope=f"estate:{new_id()}")
    a_colleague(notify, place, "technician")

    assert desk_told(notify, place) == {here}


def test_without_a_desk_of_its_own_the_regions_is_told(notify, place):
    a_colleague(notify, place, active=False)
    region = a_colleague(notify, place, scope=f"region:{place.region_id}")
    a_colleague(notify, place, scope="operator")

    assert desk_told(notify, place) == {region}


def test_whoever_is_on_first_duty_hears_it_too(notify, place):
    now = notify.clock.now()
    desk = a_colleague(notify, place)
    here, region, *others = [a_colleague(notify, place, "technician") for _ in range(5)]
    on_duty(notify, place, here, begins=now - timedelta(hours=1))
    on_duty(notify, place, region, begins=now - timedelta(hours=1), estate=False)
    on_duty(notify, place, others[0], begins=now + timedelta(hours=1))
    on_duty(notify, place, others[1], begins=now - timedelta(hours=1), level=2)
    on_duty(notify, place, others[2], begins=now - timedelta(hours=1), cancelled=True)

    assert desk_told(notify, place) == {desk, here, region}


def test_the_same_role_at_another_operator_hears_nothing(notify, place):
    other = an_estate(notify, region_id=place.region_id)
    a_colleague(notify, other, scope=f"estate:{place.estate_id}")
    a_colleague(notify, other, scope="operator")

    assert desk_told(notify, place) == set()


def test_the_home_and_whoever_comes_learn_the_time_that_was_agreed(notify, place):
    owner, technician = a_resident(notify, place), a_colleague(notify, place, "technician")
    partner = a_resident(notify, place, "co_owner")
    times = {"appointed_from": AT, "appointed_to": AT + timedelta(hours=2)}

    hear(notify, place, a_ticket(tickets.TicketAppointed, place, owner, assignee_id=technician, **times))

    assert told(notify) == {
        (owner, "tickets.ticket.appointed", ZH),
        (partner, "tickets.ticket.appointed", ZH),
        (technician, "tickets.ticket.appointed.technician", ZH),
    }
    assert "11月24日09:00 至 11月24日11:00" in messages(notify, owner)[0].body
