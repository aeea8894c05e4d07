"""Dispatch."""

from chassis.http import Blueprint, allow, gives, refuses, takes
from services.tickets.handlers import dispatch as handlers
from services.tickets.handlers.policies import put_policy
from services.tickets.model import Ticket
from services.tickets.queries import candidates, policies
from services.tickets.schemas.dispatch import CandidatesView, Dispatch, PolicyBody, PolicyView, Transfer
from services.tickets.schemas.shared import Reason
from services.tickets.schemas.tickets import TicketView

blp = Blueprint("dispatch", description="Who does the work 派单")


@blp.get("/tickets/<uuid:ticket_id>/candidates")
@allow("tickets:dispatch")
@gives(CandidatesView)
def rank_candidates(work, ticket_id):
    """Rank the technicians of the estate for this ticket, each factor shown.

    An expired certificate that the work asks for bars a person, and so does being complained of, whatever the rank. Who gave
    this very job back comes after all the others.
    """
    return {"items": candidates.candidates(work, work.find(Ticket, ticket_id))}


@blp.post("/tickets/<uuid:ticket_id>/dispatch")
@allow("tickets:dispatch")
@takes(Dispatch)
@gives(TicketView)
def dispatch_ticket(work, ticket_id, dispatch):
    """Send a technician 派单. Of two dispatchers at once one wins; the other is told who has it (409)."""
    return handlers.dispatch(work, ticket_id, **dispatch)


@blp.post("/tickets/<uuid:ticket_id>/claim")
@allow("tickets:work")
@gives(TicketView)
def claim_ticket(work, ticket_id):
    """Take an accepted job 抢单, where the estate lets technicians do so.

    It must ask for a skill one has, and not for a certificate that has expired. Of many at once one wins; the others are
    told who has it (409).
    """
    return handlers.claim(work, ticket_id)


@blp.post("/tickets/<uuid:ticket_id>/transfer")
@allow("tickets:transfer")
@takes(Transfer)
@gives(TicketView)
def transfer_ticket(work, ticket_id, transfer):
    """Pass a job on 转单: technicians their own, to a colleague by name; those who dispatch any, to anybody suitable."""
    return handlers.transfer(work, ticket_id, **transfer)


@blp.post("/tickets/<uuid:ticket_id>/return")
@allow("tickets:work")
@takes(Reason)
@gives(TicketView)
def return_ticket(work, ticket_id, reason):
    """Give one's job back 退单, with the reason. It is accepted again, the return counts, and somebody else is to be sent."""
    return handlers.give_back(work, ticket_id, **reason)


@blp.post("/tickets/<uuid:ticket_id>/decline")
@allow("tickets:work")
@takes(Reason)
@gives(TicketView)
def decline_ticket(work, ticket_id, reason):
    """Not take on a job that one was sent to, before it is begun; counted among the returns."""
    return handlers.decline(work, ticket_id, **reason)


@blp.post("/tickets/<uuid:ticket_id>/urge")
@allow("tickets:urge")
@gives(TicketView)
@refuses(429)
def urge_ticket(work, ticket_id):
    """Ask for speed 催单: whoever has the job is told, or the desk. Once in some hours; before, 429 with Retry-After."""
    return handlers.urge(work, ticket_id)


@blp.get("/estates/<uuid:estate_id>/dispatch-policy")
@allow("tickets:oversee")
@gives(PolicyView)
def show_policy(work, estate_id):
    """Show how an estate sends people out: what goes by itself, and whether technicians may claim."""
    return policies.shown(work, estate_id)


@blp.put("/estates/<uuid:estate_id>/dispatch-policy")
@allow("tickets:set_policy")
@takes(PolicyBody)
@gives(PolicyView)
def choose_policy(work, estate_id, policy):
    """Choose how an estate sends people out; it holds for whatever is accepted from now on."""
    return put_policy(work, estate_id, **policy)
