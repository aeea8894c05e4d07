"""What happened to a ticket."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, union_all

from chassis.tables import audit
from chassis.work import Page
from services.tickets.model import Comment, Contractor, Person, Ticket

SUBJECTS = ("ticket", "suggestion", "clock", "comment")
MOST_COMMENTS = 1000
STAFF_ONLY = {"complained_of", "filed_by"}  # columns whose changes residents do not see


@dataclass(frozen=True)
class Moment:
    """One line of a timeline: who did what when, and what changed."""

    at: datetime
    actor: dict  # {"kind", "id", "name"}
    action: str
    changes: dict
    comment: Comment | None


def timeline(work, ticket: Ticket, *, limit: int, after: str | None) -> Page:
    """What happened to a ticket, from the audit record and its comments; internal ones for staff only."""
    staff = work.actor.may("tickets:oversee", ticket.estate_id)
    comments = {each.id: each for each in work.scalars(_comments(ticket, staff))}
    subjects = [ticket.id, *(clock.id for clock in ticket.clocks), *comments]
    recorded = select(audit).where(audit.c.subject_type.in_(SUBJECTS), audit.c.subject_id.in_(subjects))
    page = work.page(recorded, by=[audit.c.seq], limit=limit, after=after)
    names = _names(work, page.items)
    return Page([_moment(row, names, comments, staff) for row in page.items], page.next)


def _comments(ticket: Ticket, staff: bool) -> Select:
    written = select(Comment).where(Comment.ticket_id == ticket.id).order_by(Comment.id).limit(MOST_COMMENTS)
    return written if staff else written.where(~Comment.internal)


def _names(work, rows) -> dict[str, str]:
    people = {row.actor.partition("/")[2] for row in rows} - {""}
    ids = [UUID(each) for each in people]
    known = (select(kind.id, kind.name).where(kind.id.in_(ids)) for kind in (Person, Contractor))
    return {str(id): name for id, name in work.execute(union_all(*known))}


def _moment(row, names: dict[str, str], comments: dict[UUID, Comment], staff: bool) -> Moment:
    kind, _, id = row.actor.partition("/")
    who = {"kind": kind, "id": id or None, "name": names.get(id)}
    return Moment(row.at, who, row.action, _changes(row, staff), comments.get(row.subject_id))


def _changes(row, staff: bool) -> dict:
    if row.subject_type == "comment":
        return {}
    return {
        name: {"before": before, "after": after}
        for name, (before, after) in row.changes.items()
        if staff or name not in STAFF_ONLY
    }
