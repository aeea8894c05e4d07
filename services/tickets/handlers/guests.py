"""A contractor's own door: the link opens one job, for as long as it is that contractor's and not finished."""

from sqlalchemy import func, select

from chassis import attachments
from chassis.actor import Actor, Kind
from chassis.errors import Conflict, Unauthorized
from services.tickets.handlers import work as working
from services.tickets.handlers.automatic import send_if_switched_on
from services.tickets.handlers.dispatch import sending_limit
from services.tickets.model import Assignment, Estate, Ticket, Unit
from services.tickets.model.dispatch import digest
from services.tickets.model.sending import AT_WORK

HERE = "tickets:job"  # what a link grants, in one estate; no route asks for it


class LinkOver(Unauthorized):
    en = "This link is not valid, or not any more; ask whoever sent it for a new one."
    zh = "链接无效或已失效，请联系派单人员获取新链接。"


class AcceptFirst(Conflict):
    en = "Accept the job first; it is {state}."
    zh = "请先接单；工单当前为「{state}」。"


def job(work, header: str | None) -> Ticket:
    """The ticket that the link of an `Authorization` header opens, locked; from here on the contractor acts.

    Raises:
        LinkOver: unknown, expired, taken away, or the ticket is finished or somebody else's: the same answer for all.
    """
    scheme, _, secret = (header or "").partition(" ")
    found = work.execute(
        select(func.find_job_link(digest(secret)).table_valued("operator_id", "estate_id", "id", "ticket_id"))
    ).first()
    if scheme != "Bearer" or found is None:
        raise LinkOver()
    work.enter(found.operator_id, estates=[found.estate_id])
    ticket = work.scalar(select(Ticket).where(Ticket.id == found.ticket_id).with_for_update(of=Ticket))
    _must_be_open(work, ticket, found.id, digest(secret))
    reach = {HERE: frozenset({found.estate_id})}
    work.become(Actor(Kind.GUEST, ticket.contractor_id, found.operator_id, reach=reach))
    return ticket


def _must_be_open(work, ticket: Ticket | None, assignment_id, hashed: str) -> None:
    """Said again under the lock: meanwhile it may have been taken away."""
    sent = ticket and work.session.get(Assignment, assignment_id, populate_existing=True)
    theirs = sent and ticket.assignment_id == sent.id and ticket.contractor_id == sent.contractor_id
    if not theirs or ticket.state not in AT_WORK or sent.link_hash != hashed or sent.link_until <= work.now:
        raise LinkOver()


def shown(work, ticket: Ticket) -> dict:
    """What is needed for the work and nothing else; whom to call only once they said that they will come."""
    unit, estate = work.get(Unit, ticket.unit_id), work.get(Estate, ticket.estate_id)
    taken_on = ticket.assignment.taken_on_at
    return {
        "ticket": ticket,
        "estate": estate.code,
        "unit": unit and unit.code,
        "taken_on_at": taken_on,
        "expires_at": ticket.assignment.link_until,
        "contact": taken_on and {"name": ticket.reporter and ticket.reporter.name, "phone": ticket.contact_phone},
        "photos": attachments.of(work, "report", ticket.id),
    }


def take_on(work, header) -> dict:
    ticket = job(work, header)
    ticket.take_on(at=work.now)
    return shown(work, ticket)


def refuse(work, header, *, reason) -> None:
    """Declined before it is begun, given back afterwards; the link is over either way."""
    ticket = job(work, header)
    leave = ticket.give_back if ticket.started_at else ticket.decline
    leave(reason, review_within=sending_limit(work, ticket), at=work.now)
    send_if_switched_on(work, ticket)


def start(work, header) -> dict:
    ticket = job(work, header)
    if ticket.assignment.taken_on_at is None:
        raise AcceptFirst(state=ticket.state)
    ticket.start(at=work.now)
    return shown(work, ticket)


def complete(work, header, **completion) -> None:
    working.finish(work, job(work, header), **completion)


def upload(work, header, data: bytes):
    job(work, header)
    return attachments.keep(work, data)
