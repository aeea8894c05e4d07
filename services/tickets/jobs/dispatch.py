"""Accepted tickets that are sent without a dispatcher."""

from sqlalchemy import select

from chassis.jobs import every
from services.tickets.handlers import automatic
from services.tickets.model import Ticket


@every(minutes=1)
def send_waiting_tickets(work):
    """Nobody could be sent when it was accepted or given back: try again."""
    found = work.due(select(Ticket).where(Ticket.send_at <= work.now))
    for ticket in found:
        automatic.try_again(work, ticket)
    return len(found)
