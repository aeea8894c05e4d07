"""The owner's side."""

from chassis.http import Blueprint, allow, gives, takes
from services.tickets.handlers import owners as handlers
from services.tickets.schemas.owners import CommentView, CommentWritten, RatingGiven
from services.tickets.schemas.shared import Reason
from services.tickets.schemas.tickets import TicketView

blp = Blueprint("owners", description="What the owner's side says of it")


@blp.post("/tickets/<uuid:ticket_id>/rating")
@allow("tickets:rate")
@takes(RatingGiven)
@gives(TicketView)
def rate_ticket(work, ticket_id, rating):
    """Rate finished work, once per closure; only the reporter and the home's occupants, never a staff sign-in."""
    return handlers.rate(work, ticket_id, **rating)


@blp.post("/tickets/<uuid:ticket_id>/reopening")
@allow("tickets:reopen")
@takes(Reason)
@gives(TicketView)
def reopen_ticket(work, ticket_id, reason):
    """Reopen a ticket that is not mended, within the warranty. It is dispatched anew, and the reopening counts."""
    return handlers.reopen(work, ticket_id, **reason)


@blp.post("/tickets/<uuid:ticket_id>/cancellation")
@allow("tickets:cancel")
@takes(Reason)
@gives(TicketView)
def cancel_ticket(work, ticket_id, reason):
    """Withdraw a ticket before work on it begins."""
    return handlers.cancel(work, ticket_id, **reason)


@blp.post("/tickets/<uuid:ticket_id>/comments")
@allow("tickets:comment")
@takes(CommentWritten)
@gives(CommentView, status=201)
def comment_ticket(work, ticket_id, comment):
    """Write on a ticket. The other side is told; an internal comment stays among the staff."""
    return handlers.comment(work, ticket_id, **comment)
