"""Sending without a dispatcher, where the estate switched that on for the category."""

from datetime import timedelta

from services.tickets.events import Kind, State
from services.tickets.model import Ticket
from services.tickets.queries import candidates, policies

TRY_AGAIN = timedelta(minutes=15)  # when there was nobody to send


def send_if_switched_on(work, ticket: Ticket) -> None:
    """Send whom the estate's policy chooses, with what spoke for them; with nobody suitable, the clock tries again."""
    policy = policies.of(work, ticket.estate_id)
    if ticket.kind is not Kind.REPAIR or not policy.sends_itself(ticket.category):
        ticket.send_at = None
        return
    choice = candidates.chosen(candidates.candidates(work, ticket), policy.choice)
    if choice is None:
        ticket.send_at = work.now + TRY_AGAIN
        return
    candidate, way = choice
    ticket.dispatch(candidate.technician_id, way=way, factors=candidate.told(), at=work.now)


def try_again(work, ticket: Ticket) -> None:
    """The clock's try: what is on hold is looked at later, and what somebody else moved on is left alone."""
    if ticket.state is State.ACCEPTED:
        send_if_switched_on(work, ticket)
    else:
        ticket.send_at = work.now + TRY_AGAIN if ticket.state is State.ON_HOLD else None
