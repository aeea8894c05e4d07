"""The technician's own work."""

from chassis.errors import Forbidden
from services.tickets.handlers.filing import attach
from services.tickets.model import Ticket


class NotYourJob(Forbidden):
    en = "This job is somebody else's; ask the dispatcher to send it to you."
    zh = "此工单已派给他人，如需接手，请联系派单人员。"


def start(work, ticket_id):
    ticket = _own_job(work, ticket_id)
    ticket.start(at=work.now)
    return ticket


def complete(work, ticket_id, **completion):
    return finish(work, _own_job(work, ticket_id), **completion)


def finish(work, ticket, *, resolution, attachment_ids=(), before_ids=(), **done):
    """The ticket is known to be the actor's to finish."""
    ticket.complete(resolution, **done, terms=work.settings, at=work.now)
    attach(work, before_ids, ticket, "before")
    attach(work, attachment_ids, ticket, "completion")
    return ticket


def hold(work, ticket_id, *, reason, waiting_for=None):
    """Let it wait; for what is named in `waiting_for`, the limits it may stop wait too."""
    ticket = _own_job(work, ticket_id)
    ticket.hold(reason)
    if waiting_for:
        ticket.wait(waiting_for, work.settings.waits[waiting_for], at=work.now)
    return ticket


def resume(work, ticket_id):
    ticket = _own_job(work, ticket_id)
    ticket.resume()
    ticket.run_on(at=work.now)
    return ticket


def _own_job(work, ticket_id) -> Ticket:
    """Those who work act on their own jobs only; those who dispatch, for holding and resuming, on all.

    To begin or complete what nobody was sent to is refused by its state.
    """
    ticket = work.take(Ticket, ticket_id)
    holds = work.permission == "tickets:hold"
    whose = {work.actor.id} if holds or ticket.contractor_id else {work.actor.id, None}
    if ticket.assignee_id not in whose and not (holds and work.actor.may("tickets:dispatch", ticket.estate_id)):
        raise NotYourJob()
    return ticket
