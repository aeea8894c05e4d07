"""Who hears of what, in which words; and once, whatever is delivered how often and in which order."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from chassis import inbox, tables
from chassis.actor import actor_of_event
from chassis.ids import new_id
from chassis.private import seal
from services.notify import handlers
from services.notify.model import Delivery, Message, Person, Staff
from services.notify.reactions import directory, tickets
from services.notify.tests.factories import (
    EN,
    ZH,
    Place,
    a_colleague,
    a_due,
    a_resident,
    a_ticket,
    an_estate,
    begun,
    deliveries,
    hear,
    messages,
    on_duty,
    somebody,
    told,
)

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture
def place(notify):
    return an_estate(notify)


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


def desk_told(notify, place) -> set:
    owner = a_resident(notify, place)
    hear(notify, place, a_ticket(tickets.TicketAnswered, place, owner))
    return {person for person, _, _ in told(notify)}


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


# ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────


def an_invitation(person_id):
    return directory.AccountInvited(
        account_id=new_id(),
        person_id=person_id,
        login_sealed=seal("fang"),
        token_sealed=seal("only-for-fang"),
        expires_at=AT,
    )


def test_an_invitation_goes_out_with_its_token_which_is_nowhere_in_plain_text(notify, place):
    person = somebody(notify, place)

    notify.hear(an_invitation(person), operator_id=place.operator_id)

    assert {each.channel for each in deliveries(notify)} == {"in_app", "email", "sms"}
    with notify.work() as work:
        rows = [vars(row) for kind in (Message, Delivery) for row in work.scalars(select(kind))]
        records = work.scalars(select(tables.audit.c.changes)) + work.scalars(select(tables.outbox.c.event))
    assert "only-for-fang" not in str(rows) + str(records)


def test_somebody_without_any_address_cannot_be_invited_and_that_is_said(notify, place):
    person = somebody(notify, place, phone=None, email=None)

    notify.hear(an_invitation(person), operator_id=place.operator_id)

    (said,) = notify.said("notify.delivery.failed.v1")
    assert (said.data["person_id"], said.data["reason"]) == (str(person), "no address is known")


def test_a_new_password_is_offered_even_to_who_wants_no_messages(notify, place):
    person = somebody(notify, place, phone=None)
    wish = {category: ["in_app"] for category in ("tickets", "rating", "work", "alerts", "legal")}
    client = notify.client(a_signed_in(place, person))
    client.put("/preferences", {"channels": wish}, headers={"If-Match": '"0"'})

    asked = directory.AccountResetRequested(
        account_id=new_id(), person_id=person, token_sealed=seal("t"), expires_at=AT
    )
    notify.hear(asked, operator_id=place.operator_id)

    assert {each.channel for each in deliveries(notify)} == {"in_app", "email"}


def a_signed_in(place, person_id):
    from chassis.testing import a_person

    return a_person(operator_id=place.operator_id, id=person_id)


def test_tokens_of_an_earlier_epoch_are_refused_once_the_account_is_revoked(notify, place):
    person = somebody(notify, place)
    client = notify.client(a_signed_in(place, person))

    notify.hear(directory.AccountFacts(subject=person, epoch=1), operator_id=place.operator_id)

    assert client.get("/messages").status_code == 401


# ── copies ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_later_state_of_a_person_is_not_overwritten_by_an_earlier_one(notify, place):
    person = somebody(notify, place, name="王芳", sequence=2)
    somebody(notify, place, name="王小芳", sequence=1, id=person)

    with notify.work() as work:
        assert work.get(Person, person).name == "王芳"


def test_a_colleague_who_left_is_no_longer_told(notify, place):
    desk = a_colleague(notify, place)
    left = directory.StaffFacts(person_id=desk, roles=[], active=False)
    notify.hear(left, operator_id=place.operator_id, sequence=2, of=desk, type="directory.staff.left.v1")

    assert desk_told(notify, place) == set()
    with notify.work() as work:
        assert work.get(Staff, desk).active is False


# ── once, whatever happens ───────────────────────────────────────────────────────────────────────────────────────


def test_an_event_that_overtakes_its_person_is_tried_again(notify, place):
    owner = new_id()
    with pytest.raises(AssertionError, match=f"person {owner}"):
        begun(notify, place, owner)

    somebody(notify, place, id=owner)
    begun(notify, place, owner)

    assert told(notify) == {(owner, "tickets.ticket.started", ZH)}


def test_whatever_comes_five_times_and_shuffled_is_told_once(notify, place):
    owner, _, _ = a_resident(notify, place), a_resident(notify, place, "co_owner"), a_colleague(notify, place)
    technician = a_colleague(notify, place, "technician")
    life = [
        a_ticket(tickets.TicketSubmitted, place, owner, dues=[a_due(AT)]),
        a_ticket(tickets.TicketReviewed, place, owner, payer="common"),
        a_ticket(tickets.TicketDispatched, place, owner, assignee_id=technician),
        a_ticket(tickets.TicketCompleted, place, owner, assignee_id=technician, closes_at=AT),
        a_ticket(tickets.TicketRated, place, owner, assignee_id=technician, score=1),
    ]
    once = [hear(notify, place, fact) for fact in life]
    before = [(each.event_id, each.person_id, each.channel) for each in deliveries(notify)]

    again = once * 4
    random.Random(7).shuffle(again)
    notify.deliver(*again)

    assert [(each.event_id, each.person_id, each.channel) for each in deliveries(notify)] == before
    assert len(before) == len(set(before)) == 3 * 9


def test_who_is_meant_twice_by_one_event_gets_one_message(notify, place):
    both = a_resident(notify, place)
    a_colleague(notify, place, id=both)

    hear(notify, place, a_ticket(tickets.TicketSubmitted, place, both, dues=[]))

    assert [each.template for each in messages(notify, both)] == ["tickets.ticket.submitted"]


def test_nobody_is_told_twice_even_when_the_inbox_forgot(notify, place):
    owner = a_resident(notify, place)
    envelope = begun(notify, place, owner)
    with notify.work() as work:
        work.execute(tables.inbox.delete())

    (outcome,) = inbox.process(notify.runtime, [envelope])

    assert outcome.done and len(messages(notify, owner)) == 1


def test_a_reaction_sees_only_its_own_estate(notify, place):
    """Row-level security alone: a unit of another operator is not there to be spoken of."""
    other = an_estate(notify)
    actor = actor_of_event(other.operator_id, other.estate_id)

    with notify.runtime.work(actor) as work:
        seen = work.scalars(select(handlers.Person.id)), work.scalars(select(tickets.Unit.id))

    assert seen == ([], [other.unit_id]) and isinstance(place, Place)
