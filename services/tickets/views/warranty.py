"""The developer's warranty."""

from chassis.http import Blueprint, allow, gives, takes
from services.tickets.handlers import handovers as handlers
from services.tickets.model import Estate, Ticket
from services.tickets.queries import warranty as queries
from services.tickets.schemas.warranty import HandoverBody, HandoversView, HandoverView, PayerProposalView

blp = Blueprint("warranty", description="The developer's warranty 质保")


@blp.get("/tickets/<uuid:ticket_id>/payer-proposal")
@allow("tickets:review")
@gives(PayerProposalView)
def propose_payer(work, ticket_id):
    """Propose who pays: the developer within the warranty by the building's age, else the owner, or all for what is common.

    It is a proposal: the review takes whom it likes.
    """
    return queries.proposal(work, work.find(Ticket, ticket_id))


@blp.get("/estates/<uuid:estate_id>/handovers")
@allow("tickets:oversee")
@gives(HandoversView)
def list_handovers(work, estate_id):
    """List when the estate's buildings were accepted as completed."""
    return {"items": queries.handovers(work, work.find(Estate, estate_id).id)}


@blp.post("/estates/<uuid:estate_id>/handovers")
@allow("tickets:set_policy")
@takes(HandoverBody)
@gives(HandoverView)
def record_handover(work, estate_id, handover):
    """Record when a building, or the whole estate, was accepted as completed: from that day the warranty runs."""
    return handlers.record(work, estate_id, **handover)
