"""Review."""

from chassis.http import Blueprint, allow, gives, takes
from services.tickets.handlers import review as handlers
from services.tickets.schemas.review import Answer, Review
from services.tickets.schemas.tickets import TicketView

blp = Blueprint("review", description="The review of what was reported 审核")


@blp.post("/tickets/<uuid:ticket_id>/review")
@allow("tickets:review")
@takes(Review)
@gives(TicketView)
def review_ticket(work, ticket_id, review):
    """Decide on a report: `accept` it and say who will pay, `ask` for more, or `reject` it with a reason 驳回.

    Whoever accepts confirms or corrects what it is: `category`, `problem`, `urgency`; `proposed` on the ticket shows what
    its words say.

    The first question stops the clock until the answer comes, for a day at most.
    """
    return handlers.review(work, ticket_id, **review)


@blp.post("/tickets/<uuid:ticket_id>/answer")
@allow("tickets:answer")
@takes(Answer)
@gives(TicketView)
def answer_question(work, ticket_id, answer):
    """Answer what the review asked; staff may do so for a reporter who phoned."""
    return handlers.answer(work, ticket_id, **answer)
