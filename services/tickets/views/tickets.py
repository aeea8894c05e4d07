"""Filing and looking."""

from chassis.http import Blueprint, allow, asks, gives, lists, takes
from services.tickets.handlers import filing
from services.tickets.model import Ticket
from services.tickets.queries import listing, timeline
from services.tickets.queries.similar import similar
from services.tickets.schemas.tickets import (
    ClassificationView,
    ContactView,
    FiledView,
    FilesView,
    MomentView,
    Report,
    ReportWords,
    TicketFilter,
    TicketLine,
    TicketView,
)

blp = Blueprint("tickets", description="Reporting and looking: repairs, complaints, suggestions and inquiries 报事报修")


@blp.post("/tickets")
@allow("tickets:file")
@takes(Report)
@gives(FiledView, status=201)
def file_ticket(work, report):
    """Report something.

    Residents report for themselves, from their home or a public place of their estate. Staff also file for a resident
    who phoned or came by 代报: the channel and both persons are kept. `similar` are incidents that are known, and reports of
    the same home of the last day, which this may be about. `dues` says by when somebody suitable is sent.
    """
    ticket = filing.file(work, **report)
    ticket.similar = similar(work, ticket)
    return ticket


@blp.post("/proposals")
@allow("tickets:file")
@takes(ReportWords)
@gives(ClassificationView)
def propose_classification(work, words):
    """Ask what a report is about before filing it: category, problem and urgency, with the words that spoke for them."""
    return filing.propose(work, **words)


@blp.get("/tickets")
@allow("tickets:see")
@asks(TicketFilter)
@lists(TicketLine)
def list_tickets(work, query):
    """List tickets.

    Residents see what they reported and what concerns their home; staff see their estates'. `mine=true` is a
    technician's own work, or what the caller reported.
    """
    return listing.tickets(work, **query)


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
    return listing.contact(work, work.find(Ticket, ticket_id))


@blp.get("/tickets/<uuid:ticket_id>/timeline")
@allow("tickets:see")
@lists(MomentView)
def show_timeline(work, ticket_id, query):
    """Show what happened to a ticket: who, what, when, before and after.

    The record is append-only. Residents see no internal comments.
    """
    return timeline.timeline(work, work.find(Ticket, ticket_id), **query)


@blp.get("/tickets/<uuid:ticket_id>/attachments")
@allow("tickets:see")
@gives(FilesView)
def list_files(work, ticket_id):
    """List the files that came with the report, the answer and the completion; their addresses work for ten minutes."""
    return listing.attached(work, work.find(Ticket, ticket_id))
