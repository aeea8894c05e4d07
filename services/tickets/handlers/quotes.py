"""Quotes: offered by those who work, decided by the owner from their own sign-in."""

from uuid import UUID

from chassis.errors import Forbidden
from services.tickets.handlers.owners import as_owner
from services.tickets.handlers.work import NotYourJob
from services.tickets.model import Quote, Ticket

OWNERS = ("owner", "co_owner", "developer")


class OwnersDecide(Forbidden):
    en = "Only an owner of this home decides on its costs, from their own sign-in."
    zh = "仅该房屋的业主可用本人账号确认费用。"


def offer(work, ticket_id, *, lines) -> Quote:
    """Say what the work would cost; an earlier quote that waits is withdrawn."""
    ticket = work.take(Ticket, ticket_id)
    if work.actor.id != ticket.assignee_id and not work.actor.may("tickets:dispatch", ticket.estate_id):
        raise NotYourJob()
    quote = ticket.quote(lines, by=work.actor.id, at=work.now)
    if ticket.open_quote:
        ticket.open_quote.withdraw(ticket, by=work.actor.id, at=work.now)
        work.session.flush()  # only one may be open
    return work.add(quote)


def agree(work, ticket_id, *, total_fen) -> Quote:
    ticket = _as_owner_of_home(work, ticket_id)
    quote = ticket.decided(total_fen)
    quote.agree(ticket, by=work.actor.id, at=work.now)
    return quote


def refuse(work, ticket_id, *, total_fen, reason) -> Quote:
    ticket = _as_owner_of_home(work, ticket_id)
    quote = ticket.decided(total_fen)
    quote.refuse(ticket, reason, by=work.actor.id, at=work.now)
    return quote


def _as_owner_of_home(work, ticket_id: UUID) -> Ticket:
    ticket = as_owner(work, ticket_id)
    home = f"unit:{ticket.unit_id}"
    if not any(role.scope == home and role.name in OWNERS for role in work.actor.roles):
        raise OwnersDecide()
    return ticket
