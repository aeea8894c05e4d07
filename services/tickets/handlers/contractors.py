"""Firms from outside: registering them, sending one, and the link by which it sees its job."""

from datetime import timedelta
from uuid import UUID

from chassis.errors import Conflict, Invalid
from chassis.i18n import Sentence
from services.tickets.handlers.dispatch import free
from services.tickets.model import Contractor, Estate, Ticket

NOT_HERE = Sentence("This firm is not registered for this estate.", "该单位未登记在本项目。")
NOT_YOURS = Sentence("One of these estates is not yours.", "其中有项目不属于您的管理范围。")


class NotContracted(Conflict):
    en = "No firm from outside has this ticket, it is {state}; send one first."
    zh = "该工单未派给外部单位，当前为「{state}」，请先派单。"


def register(work, *, estate_ids, **facts) -> Contractor:
    _must_manage(work, estate_ids)
    facts |= {"operator_id": work.actor.operator_id, "estate_ids": sorted(set(estate_ids))}
    return work.add(Contractor.registered(**facts))


def change(work, contractor_id, *, estate_ids, **facts) -> Contractor:
    """Replace what is known of a firm. Whoever changes it manages all its estates, those before and those from now on."""
    contractor = work.take(Contractor, contractor_id)
    for each in contractor.estate_ids:
        work.require("tickets:contract", each)
    _must_manage(work, estate_ids)
    contractor.change(estate_ids=sorted(set(estate_ids)), **facts)
    return contractor


def send(work, ticket_id, *, contractor_id, days) -> dict:
    """Send a firm. → the ticket, and the link, which is shown this once."""
    ticket = free(work, ticket_id)
    contractor = work.get(Contractor, contractor_id)
    if contractor is None or not contractor.works_in(ticket.estate_id):
        raise Invalid(errors={"contractor_id": [NOT_HERE]})
    ticket.dispatch(contractor_id=contractor_id, by=work.actor.id, at=work.now)
    secret = ticket.assignment.open_by_link(work.now, timedelta(days=days))
    return _shown_once(work, ticket, secret)


def renew_link(work, ticket_id, *, days) -> dict:
    """A new link for whom the ticket is contracted to; the former one is void."""
    ticket = _contracted(work, ticket_id)
    return _shown_once(work, ticket, ticket.change_link(timedelta(days=days), at=work.now))


def revoke_link(work, ticket_id) -> None:
    _contracted(work, ticket_id).change_link(None, at=work.now)


def _contracted(work, ticket_id) -> Ticket:
    ticket = work.take(Ticket, ticket_id)
    if not ticket.contractor_id or not ticket.is_held_by_somebody:
        raise NotContracted(state=ticket.state)
    return ticket


def _shown_once(work, ticket: Ticket, secret: str) -> dict:
    """Behind the `#`, where no server and no log sees it."""
    link = f"{work.settings.public_url}/job#{secret}"
    return {"ticket": ticket, "link": link, "token": secret, "expires_at": ticket.assignment.link_until}


def _must_manage(work, estate_ids: list[UUID]) -> None:
    """Each of them exists for the actor, who holds the permission there; which of the two is amiss is not told."""
    if not all(work.get(Estate, each) and work.actor.may("tickets:contract", each) for each in estate_ids):
        raise Invalid(errors={"estate_ids": [NOT_YOURS]})
