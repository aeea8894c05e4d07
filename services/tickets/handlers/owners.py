"""The owner's side: rating, reopening, cancelling; and words exchanged on a ticket."""

from uuid import UUID

from chassis.errors import Forbidden
from services.tickets.events import Side, Why
from services.tickets.handlers import callbacks
from services.tickets.handlers.callbacks import OwnWork
from services.tickets.handlers.filing import review_limit
from services.tickets.model import Comment, Ticket
from services.tickets.model.callback import LOW_SCORE
from services.tickets.queries.callbacks import policy


class OwnersOnly(Forbidden):
    en = "Only the reporter and those who live there may do this, from their own sign-in."
    zh = "仅报事人及该房屋的住户可用本人账号进行此操作。"


def rate(work, ticket_id, *, score, aspects=None, tags=(), comment=None):
    """Once per closure, and never from a staff sign-in."""
    ticket = as_owner(work, ticket_id)
    _must_not_be_their_own(ticket, work.actor.id)
    ticket.rate(score, by=work.actor.id, at=work.now, aspects=aspects, tags=tags, comment=comment)
    if score <= LOW_SCORE:
        callbacks.open(work, ticket, Why.LOW_RATING, policy(work, ticket.operator_id))
    return ticket


def reopen(work, ticket_id, *, reason):
    ticket = as_owner(work, ticket_id)
    ticket.reopen(reason, review_within=review_limit(work, ticket.category, ticket.problem), at=work.now)
    return ticket


def cancel(work, ticket_id, *, reason):
    ticket = work.take(Ticket, ticket_id)
    ticket.cancel(reason, at=work.now)
    return ticket


def comment(work, ticket_id, *, text, internal=False):
    """Write on a ticket; internally, among the staff."""
    ticket = work.find(Ticket, ticket_id)
    side = Side.STAFF if work.actor.may("tickets:oversee", ticket.estate_id) else Side.RESIDENT
    if internal and side is Side.RESIDENT:
        raise Forbidden()
    return work.add(Comment.written(ticket, author_id=work.actor.id, side=side, internal=internal, text=text))


def _must_not_be_their_own(ticket: Ticket, person_id: UUID) -> None:
    """Who did the work does not rate it, nor who filed it for somebody else."""
    for_another = ticket.filed_by != ticket.reporter_id
    if person_id == ticket.assignee_id or (for_another and person_id == ticket.filed_by):
        raise OwnWork()


def as_owner(work, ticket_id) -> Ticket:
    """Residents see only what they reported and what concerns their home, so whoever is not staff there is the owner's side."""
    ticket = work.take(Ticket, ticket_id)
    if work.actor.may("tickets:oversee", ticket.estate_id):
        raise OwnersOnly()
    return ticket
