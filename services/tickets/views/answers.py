"""Answers."""

from chassis.http import Blueprint, allow, gives, takes
from services.tickets.handlers import answers as handlers
from services.tickets.schemas.answers import Reply, Responsible
from services.tickets.schemas.shared import Reason
from services.tickets.schemas.tickets import TicketView

blp = Blueprint("answers", description="Complaints, suggestions and inquiries, to their answer 答复")


@blp.post("/tickets/<uuid:ticket_id>/assignment")
@allow("tickets:assign")
@takes(Responsible)
@gives(TicketView)
def assign_ticket(work, ticket_id, responsible):
    """Give a complaint or an inquiry to somebody who looks into it and answers; never to one complained of (409)."""
    return handlers.assign(work, ticket_id, **responsible)


@blp.post("/tickets/<uuid:ticket_id>/reply")
@allow("tickets:reply")
@takes(Reply)
@gives(TicketView)
def reply_to_ticket(work, ticket_id, reply):
    """Answer 答复, with what came of it. Whoever it was given to may, or the desk.

    The reporter may contest a complaint's answer once; it closes by itself after 7 days.
    """
    return handlers.reply(work, ticket_id, **reply)


@blp.post("/tickets/<uuid:ticket_id>/agenda")
@allow("tickets:review")
@gives(TicketView)
def put_on_agenda(work, ticket_id):
    """Put a suggestion on the agenda of the estate's next monthly meeting; what the meeting decides is its answer."""
    return handlers.put_on_agenda(work, ticket_id)


@blp.post("/tickets/<uuid:ticket_id>/contest")
@allow("tickets:confirm")
@takes(Reason)
@gives(TicketView)
def contest_answer(work, ticket_id, reason):
    """Contest the answer to a complaint, once: somebody else looks at it again."""
    return handlers.contest(work, ticket_id, **reason)


@blp.post("/tickets/<uuid:ticket_id>/confirmation")
@allow("tickets:confirm")
@gives(TicketView)
def confirm_ticket(work, ticket_id):
    """Confirm that it is mended, or accept the answer, which closes it. Only the owner's side, never a staff sign-in.

    Finished work can be rated after that until it closes by itself, and reopened within the warranty.
    """
    return handlers.confirm(work, ticket_id)
