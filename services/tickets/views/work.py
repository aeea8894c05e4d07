"""Work."""

from chassis.http import Blueprint, allow, gives, takes
from services.tickets.handlers import work as handlers
from services.tickets.schemas.tickets import TicketView
from services.tickets.schemas.timed import Hold
from services.tickets.schemas.work import Completion

blp = Blueprint("work", description="The work itself, to its completion")


@blp.post("/tickets/<uuid:ticket_id>/start")
@allow("tickets:work")
@gives(TicketView)
def start_work(work, ticket_id):
    """Begin the work; only who was sent may."""
    return handlers.start(work, ticket_id)


@blp.post("/tickets/<uuid:ticket_id>/hold")
@allow("tickets:hold")
@takes(Hold)
@gives(TicketView)
def hold_ticket(work, ticket_id, hold):
    """Let a ticket wait 挂起, for parts or a decision.

    Where `waiting_for` names what only others can end, the limits that it may stop wait too, up to a cap.
    """
    return handlers.hold(work, ticket_id, **hold)


@blp.post("/tickets/<uuid:ticket_id>/resumption")
@allow("tickets:hold")
@gives(TicketView)
def resume_ticket(work, ticket_id):
    """Go on where the ticket was held."""
    return handlers.resume(work, ticket_id)


@blp.post("/tickets/<uuid:ticket_id>/completion")
@allow("tickets:work")
@takes(Completion)
@gives(TicketView)
def complete_ticket(work, ticket_id, completion):
    """Report the work as done, with what was found, the parts and the labour. The owner is invited to rate it.

    The ticket closes by itself after 7 days, rated or not, and may be reopened within the warranty.
    """
    return handlers.complete(work, ticket_id, **completion)
