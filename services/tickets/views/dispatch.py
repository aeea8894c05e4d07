"""Dispatch."""

from chassis.http import Blueprint, allow, gives, takes
from services.tickets.handlers import dispatch as handlers
from services.tickets.model import Ticket
from services.tickets.queries import candidates
from services.tickets.schemas.dispatch import CandidatesView, Dispatch
from services.tickets.schemas.tickets import TicketView

blp = Blueprint("dispatch", description="Who does the work 派单")


@blp.get("/tickets/<uuid:ticket_id>/candidates")
@allow("tickets:dispatch")
@gives(CandidatesView)
def rank_candidates(work, ticket_id):
    """Rank the technicians of the estate for this ticket, each factor shown.

    An expired certificate that the work asks for bars a person, whatever the rank.
    """
    return {"items": candidates.candidates(work, work.find(Ticket, ticket_id))}


@blp.post("/tickets/<uuid:ticket_id>/dispatch")
@allow("tickets:dispatch")
@takes(Dispatch)
@gives(TicketView)
def dispatch_ticket(work, ticket_id, dispatch):
    """Send a technician 派单. Of two dispatchers at once one wins; the other is told the state (409)."""
    return handlers.dispatch(work, ticket_id, **dispatch)
