"""Tickets by words: of the report, its place, answers and resolution, comments, the unit's code, the reporter's name."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, text

from chassis.model import within
from services.tickets.model import Ticket, Words

EVERYBODY = "A"  # the grade of words that whoever sees the ticket may find it by; staff find it by all


def narrowed(work, found: Select, q: str, *, estate_id: UUID | None = None) -> Select:
    """What was `found`, as far as it answers to `q`: the beginning of a number, or words in any order.

    A word is found by its beginning, a Chinese one also within others; words in quotes stand together.
    """
    begins = Ticket.number.op("^@")(q.strip())
    if "-" in q and work.scalar(work.seen(Ticket).where(begins).with_only_columns(Ticket.id).limit(1)):
        return found.where(begins)
    work.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))  # how rare a word is decides the way to it
    return found.join(Words, Words.id == Ticket.id).where(_holding(work, q, estate_id))


def _holding(work, q: str, estate_id: UUID | None) -> ColumnElement[bool]:
    overseen = work.actor.estates("tickets:oversee")
    here = Words.estate_id == estate_id if estate_id else within(Words.estate_id, work.actor.estates(work.permission))
    public, whole = (Words.told.bool_op("@@")(func.words_query(q, grades)) for grades in (EVERYBODY, ""))
    if estate_id and work.actor.may("tickets:oversee", estate_id):
        return and_(here, whole)
    return and_(here, or_(public, and_(within(Words.estate_id, overseen), whole)))
