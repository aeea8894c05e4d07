"""Lists of tickets, and what one ticket shows beside itself."""

from sqlalchemy import Select, any_, or_
from sqlalchemy.orm import Bundle

from chassis import attachments
from chassis.errors import Forbidden
from chassis.model import Perhaps
from services.tickets.model import Confidence, Person, Ticket, taxonomy
from services.tickets.model.ticket import ENDS, ORDERS
from services.tickets.queries import search

OPEN = Ticket.state.not_in(ENDS)


class Titled(Bundle):
    """A line's title: the one it was given, else what the standard taxonomy says of its kind, category and problem."""

    def create_row_processor(self, query, procs, labels):
        kind, category, problem, zh, en = procs

        def title(row):
            own = zh(row)
            return taxonomy.Title(own, en(row)) if own else taxonomy.title(kind(row), category(row), problem(row))

        return title


TITLE = Titled("title", Ticket.kind, Ticket.category, Ticket.problem, Ticket.named_zh, Ticket.named_en)


LINE = [  # what a line of a list shows; first what it is ordered by, which is then found at once
    *(getattr(Ticket, name) for name in ("filed_at", "id", "number", "version", "kind", "state", "estate_id")),
    *(getattr(Ticket, name) for name in ("unit_id", "place", "category", "problem", "urgency")),
    TITLE,
    Perhaps("assignee", Person.id, Person.name),
]


class Confided(Forbidden):
    en = "This complaint is confidential; write to its reporter on the ticket, or let a manager look up who it is."
    zh = "该投诉已设为保密，请在工单上留言联系，或由有权限的管理人员查询投诉人。"


STAGES = ("report", "answer", "completion", "reply", "before")  # what a file may come with


def tickets(work, *, q=None, sort="-filed_at", limit, after, **asked):
    """One page of what the actor may see."""
    return work.page(_found(work, q, asked), by=ORDERS[sort], limit=limit, after=after)


def _found(work, q: str | None, asked: dict):
    if not q:
        return work.shaped(listed, **asked)
    return search.narrowed(work, listed(work, **asked), q, estate_id=asked.get("estate_id"))


def listed(work, *, mine=False, open=None, **filters) -> Select:
    """What was asked for. Built once for all questions of one shape: their values are not to be looked at."""
    named = {name: value for name, value in filters.items() if value is not None}
    found = work.seen(Ticket).filter_by(**named).outerjoin(Ticket.assignee).with_only_columns(*LINE)
    if mine:
        own = Ticket.id == any_(Confidence.tickets_of(work.actor.id))
        found = found.where(or_(Ticket.assignee_id == work.actor.id, Ticket.reporter_id == work.actor.id, own))
    return found if open is None else found.where(OPEN if open else ~OPEN)


def attached(work, ticket: Ticket) -> dict[str, list]:
    """The files of a ticket by what they came with."""
    return {stage: attachments.of(work, stage, ticket.id) for stage in STAGES}


def contact(work, ticket: Ticket) -> dict:
    """Whom to call, in full: for the reporter, the desk, and whoever was sent.

    Raises:
        Forbidden: for anybody else; of a confidential complaint for everybody.
    """
    if ticket.confidential:
        raise Confided()
    concerned = work.actor.id in (ticket.reporter_id, ticket.assignee_id)
    if not concerned:
        work.require("tickets:review", ticket.estate_id)
    return {"name": ticket.reporter and ticket.reporter.name, "phone": ticket.contact_phone}
