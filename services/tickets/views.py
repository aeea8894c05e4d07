"""Door 1: HTTP."""

from chassis.http import Blueprint, allow, asks, gives, lists, takes
from services.tickets import handlers, queries
from services.tickets.model import Ticket, taxonomy
from services.tickets.schemas import (
    Answer,
    CandidatesView,
    CommentView,
    CommentWritten,
    Completion,
    ContactView,
    Dispatch,
    FilesView,
    MomentView,
    RatingGiven,
    Reason,
    Report,
    Review,
    TaxonomyView,
    TicketFilter,
    TicketLine,
    TicketView,
)

blp = Blueprint("tickets", description="Repairs, complaints, suggestions and inquiries 报事报修")

# ── filing and looking ───────────────────────────────────────────────────────────────────────────────────────────


@blp.post("/tickets")
@allow("tickets:file")
@takes(Report)
@gives(TicketView, status=201)
def file_ticket(work, report):
    """Report something.

    Residents report for themselves, from their home or a public place of their estate. Staff also file for a resident
    who phoned or came by 代报: the channel and both persons are kept. `dues` says by when somebody suitable is sent.
    """
    return handlers.file(work, **report)


@blp.get("/tickets")
@allow("tickets:see")
@asks(TicketFilter)
@lists(TicketLine)
def list_tickets(work, query):
    """List tickets.

    Residents see what they reported and what concerns their home; staff see their estates'. `mine=true` is a
    technician's own work, or what the caller reported.
    """
    return queries.tickets(work, **query)


@blp.get("/tickets/<uuid:ticket_id>")
@allow("tickets:see")
@gives(TicketView)
def show_ticket(work, ticket_id):
    """Show a ticket: its state, who has it, and what is due when."""
    return work.find(Ticket, ticket_id)


@blp.get("/tickets/<uuid:ticket_id>/contact")
@allow("tickets:see")
@gives(ContactView)
def show_contact(work, ticket_id):
    """Show whom to call, with the phone in full: for the desk, whoever was sent, and the reporter."""
    return queries.contact(work, work.find(Ticket, ticket_id))


@blp.get("/tickets/<uuid:ticket_id>/timeline")
@allow("tickets:see")
@lists(MomentView)
def show_timeline(work, ticket_id, query):
    """Show what happened to a ticket: who, what, when, before and after.

    The record is append-only. Residents see no internal comments.
    """
    return queries.timeline(work, work.find(Ticket, ticket_id), **query)


@blp.get("/tickets/<uuid:ticket_id>/attachments")
@allow("tickets:see")
@gives(FilesView)
def list_files(work, ticket_id):
    """List the files that came with the report, the answer and the completion; their addresses work for ten minutes."""
    return queries.attached(work, work.find(Ticket, ticket_id))


@blp.get("/taxonomy")
@allow("tickets:see")
@gives(TaxonomyView)
def show_taxonomy(work):
    """Show what can be reported: categories and problems, the skill each asks for, and its limits in minutes."""
    return {"items": taxonomy.CATEGORIES}


# ── review and dispatch ──────────────────────────────────────────────────────────────────────────────────────────


@blp.post("/tickets/<uuid:ticket_id>/review")
@allow("tickets:review")
@takes(Review)
@gives(TicketView)
def review_ticket(work, ticket_id, review):
    """Decide on a report: `accept` it and say who will pay, `ask` for more, or `reject` it with a reason 驳回.

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


@blp.get("/tickets/<uuid:ticket_id>/candidates")
@allow("tickets:dispatch")
@gives(CandidatesView)
def rank_candidates(work, ticket_id):
    """Rank the technicians of the estate for this ticket, each factor shown.

    An expired certificate that the work asks for bars a person, whatever the rank.
    """
    return {"items": queries.candidates(work, work.find(Ticket, ticket_id))}


@blp.post("/tickets/<uuid:ticket_id>/dispatch")
@allow("tickets:dispatch")
@takes(Dispatch)
@gives(TicketView)
def dispatch_ticket(work, ticket_id, dispatch):
    """Send a technician 派单. Of two dispatchers at once one wins; the other is told the state (409)."""
    return handlers.dispatch(work, ticket_id, **dispatch)


# ── work ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@blp.post("/tickets/<uuid:ticket_id>/start")
@allow("tickets:work")
@gives(TicketView)
def start_work(work, ticket_id):
    """Begin the work; only who was sent may."""
    return handlers.start(work, ticket_id)


@blp.post("/tickets/<uuid:ticket_id>/hold")
@allow("tickets:hold")
@takes(Reason)
@gives(TicketView)
def hold_ticket(work, ticket_id, reason):
    """Let a ticket wait 挂起, for parts or a decision."""
    return handlers.hold(work, ticket_id, **reason)


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


# ── the owner's side ─────────────────────────────────────────────────────────────────────────────────────────────


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
