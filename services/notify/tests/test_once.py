"""Once, whatever is delivered how often and in which order."""

import random
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from chassis import inbox, tables
from chassis.actor import actor_of_event
from chassis.ids import new_id
from services.notify.model import Person, Unit
from services.notify.reactions import tickets
from services.notify.tests.factories import (
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
    somebody,
    told,
)

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


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
        seen = work.scalars(select(Person.id)), work.scalars(select(Unit.id))

    assert seen == ([], [other.unit_id]) and isinstance(place, Place)
