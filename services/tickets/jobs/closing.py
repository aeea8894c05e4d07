"""Finished work that waits for a rating, and closes."""

from sqlalchemy import select

from chassis.jobs import every
from services.tickets.model import Ticket


@every(minutes=1)
def remind_of_ratings(work):
    """Finished work that nobody has rated."""
    found = work.due(select(Ticket).where(Ticket.remind_at <= work.now))
    for ticket in found:
        ticket.remind()
    return len(found)


@every(minutes=1)
def close_finished_tickets(work):
    """The time to rate is over."""
    found = work.due(select(Ticket).where(Ticket.closes_at <= work.now))
    for ticket in found:
        ticket.close(at=work.now)
    return len(found)
