"""The decision on a report, and the answer to what the review asked."""

from services.tickets.events import Kind, Payer
from services.tickets.handlers.automatic import send_if_switched_on
from services.tickets.handlers.filing import attach, classified
from services.tickets.model import Lesson, Ticket, own_taxonomy
from services.tickets.model.limits import limits_for
from services.tickets.queries import warranty


def review(work, ticket_id, *, decision, reason=None, payer=None, category=None, problem=None, urgency=None):
    """Decide on a report: accept it as what it is, ask for more, or reject it."""
    ticket = work.take(Ticket, ticket_id)
    if decision == "accept":
        known = own_taxonomy.current(work)
        ticket.classify(**classified(work, category, problem), urgency=urgency, known=known)
        if known.version:  # an operator's own limits hold for what comes next
            ticket.limit_by(limits_for(ticket.kind, ticket.category, ticket.problem, ticket.urgency, known))
        until = warranty.proposal(work, ticket).until if payer is Payer.DEVELOPER_WARRANTY else None
        ticket.accept(payer, warranty_until=until, at=work.now)
        _teach(work, ticket)
        send_if_switched_on(work, ticket)
    elif decision == "ask":
        ticket.ask(reason, cap=work.settings.answer_within, at=work.now)
    else:
        ticket.reject(reason, at=work.now)
    return ticket


def _teach(work, ticket: Ticket) -> None:
    """What a person confirmed is a lesson for the classifier; complaints teach nothing, their words stay where they are."""
    if ticket.kind is Kind.REPAIR and ticket.category:
        work.add(Lesson(operator_id=ticket.operator_id, estate_id=ticket.estate_id, ticket_id=ticket.id))


def answer(work, ticket_id, *, text, attachment_ids=()):
    ticket = work.take(Ticket, ticket_id)
    ticket.take_answer(text, at=work.now)
    attach(work, attachment_ids, ticket, "answer")
    return ticket
