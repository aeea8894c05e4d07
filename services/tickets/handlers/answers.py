"""What asks for words: who is to answer, the answer, and what the owner's side says to it."""

from uuid import UUID

from chassis.errors import Invalid
from chassis.i18n import Sentence
from services.tickets.events import Kind, Outcome
from services.tickets.handlers.filing import attach, review_limit
from services.tickets.handlers.owners import as_owner
from services.tickets.handlers.work import NotYourJob
from services.tickets.model import Estate, Staff, Ticket
from services.tickets.model.answering import OUTCOMES

NOT_OF_HERE = Sentence("Nobody who works for this estate.", "不是本项目的工作人员。")
NO_SUCH_OUTCOME = Sentence("Choose one of: {outcomes}.", "请从以下结果中选择：{outcomes}。")


def assign(work, ticket_id, *, responsible_id):
    """Somebody of the estate is to look into it and answer; never one complained of."""
    ticket = work.take(Ticket, ticket_id)
    _must_work_here(work, ticket, responsible_id)
    ticket.assign(responsible_id, at=work.now)
    return ticket


def reply(work, ticket_id, *, text, outcome=None, attachment_ids=()):
    """Whoever it was given to answers, or the desk."""
    ticket = work.take(Ticket, ticket_id)
    if work.actor.id != ticket.assignee_id and not work.actor.may("tickets:review", ticket.estate_id):
        raise NotYourJob()
    ticket.reply(text, _outcome(ticket, outcome), by=work.actor.id, terms=work.settings, at=work.now)
    attach(work, attachment_ids, ticket, "reply")
    return ticket


def put_on_agenda(work, ticket_id):
    ticket = work.take(Ticket, ticket_id)
    ticket.put_on_agenda(at=work.now)
    return ticket


def contest(work, ticket_id, *, reason):
    ticket = as_owner(work, ticket_id)
    ticket.contest(reason, review_within=review_limit(work, ticket.category, ticket.problem), at=work.now)
    return ticket


def confirm(work, ticket_id):
    ticket = as_owner(work, ticket_id)
    ticket.confirm(at=work.now)
    return ticket


def _must_work_here(work, ticket: Ticket, person_id: UUID) -> None:
    estate, staff = work.get(Estate, ticket.estate_id), work.get(Staff, person_id)
    if staff is None or not staff.reaches(estate):
        raise Invalid(errors={"responsible_id": [NOT_OF_HERE]})


def _outcome(ticket: Ticket, said: Outcome | None) -> Outcome:
    """What was said, if it can be said of this kind; of an inquiry nothing needs to be."""
    if said is None and ticket.kind is Kind.INQUIRY:
        return Outcome.ANSWERED
    allowed = OUTCOMES.get(ticket.kind, tuple(Outcome))  # a repair has no answer: its state refuses
    if said not in allowed:
        raise Invalid(errors={"outcome": [NO_SUCH_OUTCOME.format(outcomes=", ".join(allowed))]})
    return said
