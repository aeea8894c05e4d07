"""Who hears that a job was claimed, passed on, given back or urged."""

import pytest

from services.notify.reactions import dispatch, tickets
from services.notify.tests.factories import ZH, a_colleague, a_resident, a_ticket, hear, told


@pytest.fixture
def cast(notify, place):
    """The reporter, the desk, and two technicians."""
    technicians = (a_colleague(notify, place, "technician") for _ in range(2))
    return a_resident(notify, place), a_colleague(notify, place), *technicians


def test_of_a_job_passed_on_hear_who_has_it_who_had_it_and_who_waits(notify, place, cast):
    owner, _, now, before = cast

    hear(notify, place, a_ticket(dispatch.TicketTransferred, place, owner, assignee_id=now, former_id=before))

    assert told(notify) == {
        (now, "tickets.ticket.transferred.technician", ZH),
        (before, "tickets.ticket.transferred.former", ZH),
        (owner, "tickets.ticket.transferred", ZH),
    }


@pytest.mark.parametrize("fact", [dispatch.TicketReturned, dispatch.TicketDeclined])
def test_of_a_job_given_back_hears_the_desk(notify, place, cast, fact):
    owner, desk, *_ = cast

    hear(notify, place, a_ticket(fact, place, owner, assignee_id=None))

    assert told(notify) == {(desk, f"{fact.__event__.type.removesuffix('.v1')}.desk", ZH)}


@pytest.mark.parametrize("held", [True, False])
def test_of_an_urging_hears_who_has_the_job_and_else_the_desk(notify, place, cast, held):
    owner, desk, technician, _ = cast

    hear(notify, place, a_ticket(dispatch.TicketUrged, place, owner, assignee_id=technician if held else None, urged=2))

    assert told(notify) == {(technician if held else desk, "tickets.ticket.urged.staff", ZH)}


def test_who_claims_a_job_is_not_sent_to_it_and_the_desk_need_send_nobody(notify, place, cast):
    owner, desk, technician, _ = cast

    hear(notify, place, a_ticket(tickets.TicketDispatched, place, owner, assignee_id=technician, way="claim"))

    assert told(notify) == {
        (desk, "tickets.ticket.dispatched.claimed", ZH),
        (owner, "tickets.ticket.dispatched", ZH),
    }


def test_a_firm_is_sent_and_the_home_hears_that_somebody_will_come(notify, place, cast):
    owner, *_ = cast

    hear(notify, place, a_ticket(tickets.TicketDispatched, place, owner, assignee_id=None, way="dispatcher"))

    assert told(notify) == {(owner, "tickets.ticket.dispatched", ZH)}
