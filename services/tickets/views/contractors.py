"""Firms from outside, for those who send them."""

from chassis.http import Blueprint, allow, asks, gives, lists, takes
from services.tickets.handlers import contractors as handlers
from services.tickets.model import Contractor
from services.tickets.queries import contractors as queries
from services.tickets.schemas.contractors import (
    Contract,
    ContractorBody,
    ContractorFilter,
    ContractorView,
    ContractView,
    LinkAsked,
)

blp = Blueprint("contractors", description="Firms from outside 外包单位")


@blp.get("/contractors")
@allow("tickets:dispatch")
@asks(ContractorFilter)
@lists(ContractorView)
def list_contractors(work, query):
    """List the firms that may be sent to one's estates."""
    return queries.contractors(work, **query)


@blp.post("/contractors")
@allow("tickets:contract")
@takes(ContractorBody)
@gives(ContractorView, status=201)
def register_contractor(work, contractor):
    """Register a firm, for estates that one manages."""
    return handlers.register(work, **contractor)


@blp.get("/contractors/<uuid:contractor_id>")
@allow("tickets:dispatch")
@gives(ContractorView)
def show_contractor(work, contractor_id):
    """Show a firm."""
    return work.find(Contractor, contractor_id)


@blp.put("/contractors/<uuid:contractor_id>")
@allow("tickets:contract")
@takes(ContractorBody)
@gives(ContractorView)
def change_contractor(work, contractor_id, contractor):
    """Replace what is known of a firm; only who manages all of its estates. One that is not active is sent nowhere."""
    return handlers.change(work, contractor_id, **contractor)


@blp.post("/tickets/<uuid:ticket_id>/contract")
@allow("tickets:dispatch")
@takes(Contract)
@gives(ContractView, status=201)
def contract_ticket(work, ticket_id, contract):
    """Send a firm from outside.

    The answer holds a link for that firm and this one ticket, shown once: pass it on. It ends when the work is finished or
    somebody else is sent, and at its day.
    """
    return handlers.send(work, ticket_id, **contract)


@blp.post("/tickets/<uuid:ticket_id>/contract-link")
@allow("tickets:dispatch")
@takes(LinkAsked)
@gives(ContractView, status=201)
def renew_link(work, ticket_id, link):
    """Make a new link for the firm that has the ticket; the former one is void."""
    return handlers.renew_link(work, ticket_id, **link)


@blp.post("/tickets/<uuid:ticket_id>/contract-link/revocation")
@allow("tickets:dispatch")
@gives(None)
def revoke_link(work, ticket_id):
    """Take the firm's link away; the ticket stays with it until somebody else is sent."""
    handlers.revoke_link(work, ticket_id)
