"""Lists of tickets, and what one ticket shows beside itself."""

from sqlalchemy import or_
from sqlalchemy.orm import Bundle

from chassis import attachments
from chassis.model import Perhaps
from services.tickets.model import Person, Ticket, taxonomy
from services.tickets.model.ticket import ENDS, ORDERS

OPEN = Ticket.state.not_in(ENDS)


class Titled(Bundle):
    """What the taxonomy says of a line's kind, category and problem."""

    def create_row_processor(self, query, procs, labels):
        kind, category, problem = procs
        return lambda row: taxonomy.title(kind(row), category(row), problem(row))


LINE = [  # what a line of a list shows; first what it is ordered by, which is then found at once
    *(getattr(Ticket, name) for name in ("filed_at", "id", "number", "version", "kind", "state", "estate_id")),
    *(getattr(Ticket, name) for name in ("unit_id", "place", "category", "problem", "urgency")),
    Titled("title", Ticket.kind, Ticket.category, Ticket.problem),
    Perhaps("assignee", Person.id, Person.name),
]


STAGES = ("report", "answer", "completion", "reply")  # what a file may come with


def tickets(work, *, q=None, mine=False, open=None, sort="-filed_at", limit, after, **filters):
    """One page of what the actor may see."""
    named = {name: value for name, value in filters.items() if value is not None}
    found = work.seen(Ticket).filter_by(**named).outerjoin(Ticket.assignee).with_only_columns(*LINE)
    if mine:
        found = found.where(or_(Ticket.assignee_id == work.actor.id, Ticket.reporter_id == work.actor.id))
    if open is not None:
        found = found.where(OPEN if open else ~OPEN)
    if q:
        found = found.where(holding(q))
    return work.page(found, by=ORDERS[sort], limit=limit, after=after)


def holding(words: str):
    """Tickets whose number begins so, or whose report, place or resolution holds these words."""
    told = [
        column.icontains(words, autoescape=True) for column in (Ticket.description, Ticket.place, Ticket.resolution)
    ]
    return or_(Ticket.number.startswith(words, autoescape=True), *told)


def attached(work, ticket: Ticket) -> dict[str, list]:
    """The files of a ticket by what they came with."""
    return {stage: attachments.of(work, stage, ticket.id) for stage in STAGES}


def contact(work, ticket: Ticket) -> dict:
    """Whom to call, in full: for the reporter, the desk, and whoever was sent.

    Raises:
        Forbidden: for anybody else.
    """
    concerned = work.actor.id in (ticket.reporter_id, ticket.assignee_id)
    if not concerned:
        work.require("tickets:review", ticket.estate_id)
    return {"name": ticket.reporter and ticket.reporter.name, "phone": ticket.contact_phone}
