"""Finished work that waits for a rating, and closes."""

from sqlalchemy import select

from chassis.jobs import every
from services.tickets.handlers.callbacks import open
from services.tickets.model import Ticket
from services.tickets.queries import callbacks


@every(minutes=1)
def remind_of_ratings(work):
    """Finished work that nobody has rated."""
    found = work.due(select(Ticket).where(Ticket.remind_at <= work.now))
    for ticket in found:
        ticket.remind()
    return len(found)


@every(minutes=1)
def close_finished_tickets(work):
    """The time to rate is over. Some of those who said nothing are called back, by the operator's policy or by chance."""
    found = work.due(select(Ticket).where(Ticket.closes_at <= work.now))
    policies = callbacks.policies(work, {ticket.operator_id for ticket in found})
    for ticket in found:
        ticket.close(at=work.now)
        policy = policies[ticket.operator_id]
        why = None if ticket.rated_at or ticket.confirmed_at else policy.asks_about(ticket)
        if why:
            open(work, ticket, why, policy)
    return len(found)
