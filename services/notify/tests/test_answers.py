"""Who hears of complaints, suggestions and inquiries; and that a confidential complainant hears alone."""

from datetime import UTC, datetime

import pytest

from chassis.ids import new_id
from chassis.private import seal
from chassis.testing import a_person
from services.notify.events import Channel
from services.notify.model import Delivery, State
from services.notify.reactions import answers, tickets
from services.notify.tests.factories import (
    EN,
    ZH,
    a_colleague,
    a_resident,
    a_ticket,
    hear,
    messages,
    told,
)

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def test_who_is_to_answer_hears_of_it(notify, place):
    owner, manager = a_resident(notify, place), a_colleague(notify, place, "estate_manager", language=EN)

    hear(notify, place, a_ticket(answers.TicketAssigned, place, owner, kind="complaint", assignee_id=manager))

    assert told(notify) == {(manager, "tickets.ticket.assigned.staff", EN)}


@pytest.mark.parametrize(
    ("kind", "template", "facts"),
    [
        (answers.TicketReplied, "tickets.ticket.replied", {"closes_at": AT}),
        (answers.SuggestionPutOnAgenda, "tickets.suggestion.put_on_agenda", {}),
    ],
)
def test_the_reporter_hears_of_the_answer_and_of_the_agenda(notify, place, kind, template, facts):
    owner = a_resident(notify, place)
    a_resident(notify, place, "co_owner")

    hear(notify, place, a_ticket(kind, place, owner, kind="suggestion", **facts))

    assert told(notify) == {(owner, template, ZH)}


def test_a_contested_answer_is_the_desks(notify, place):
    owner, desk = a_resident(notify, place), a_colleague(notify, place)

    hear(notify, place, a_ticket(answers.TicketContested, place, owner, kind="complaint"))

    assert told(notify) == {(desk, "tickets.ticket.contested.desk", ZH)}


# ── confidential ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_a_confidential_complaint_only_the_desk_hears_by_the_ordinary_way(notify, place):
    desk, alias = a_colleague(notify, place), new_id()
    filed = a_ticket(tickets.TicketSubmitted, place, alias, unit_id=None, kind="complaint", confidential=True, dues=[])

    hear(notify, place, filed)
    hear(notify, place, a_ticket(answers.TicketReplied, place, alias, unit_id=None, confidential=True, closes_at=AT))

    assert told(notify) == {(desk, "tickets.ticket.submitted.desk", ZH)}


@pytest.mark.parametrize("step", ["told", "disclosed"])
def test_its_reporter_hears_by_a_sealed_event_and_no_list_of_deliveries_shows_it(notify, place, step):
    owner = a_resident(notify, place)
    dispatcher = a_person(operator_id=place.operator_id, roles=[f"dispatcher@estate:{place.estate_id}"])
    fact = answers.ConfidenceTold(
        ticket_id=new_id(), number="R1", estate_id=place.estate_id, reporter_sealed=seal(str(owner))
    )

    hear(notify, place, fact, type=f"tickets.confidence.{step}.v1")

    assert told(notify) == {(owner, f"tickets.confidence.{step}", ZH)}
    assert len(messages(notify, owner)) == 1
    assert notify.client(dispatcher).get("/deliveries?limit=200").json["items"] == []
    assert notify.client(dispatcher).get(f"/deliveries?person_id={owner}").json["items"] == []


@pytest.mark.parametrize(("template", "said"), [("tickets.confidence.told", 0), ("tickets.ticket.replied", 1)])
def test_no_event_says_that_such_a_message_failed(template, said):
    ids = {name: new_id() for name in ("operator_id", "message_id", "event_id", "person_id")}
    delivery = Delivery(template=template, channel=Channel.EMAIL, state=State.SENDING, attempts=1, created_at=AT, **ids)

    delivery.fail("refused", AT)

    assert (delivery.state, len(vars(delivery).get("recorded", []))) == (State.FAILED, said)
