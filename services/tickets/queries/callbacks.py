"""Call-backs: the list, the policy, and who must see to one."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from services.tickets.events import Level
from services.tickets.model import Callback, CallbackPolicy, Estate, Staff, Ticket

RESPONSIBLE = (Level.ESTATE_MANAGER, Level.REGION_MANAGER, Level.HEAD_OFFICE)
MOST_TOLD = 50


def callbacks(work, *, open=None, why=None, estate_id=None, ticket_id=None, limit, after):
    """One page, the first due first."""
    named = {"why": why, "estate_id": estate_id, "ticket_id": ticket_id}
    found = work.seen(Callback).filter_by(**{name: value for name, value in named.items() if value is not None})
    if open is not None:
        found = found.where(Callback.settled_at.is_(None) if open else Callback.settled_at.is_not(None))
    return work.page(found, by=[Callback.due_at, Callback.id], limit=limit, after=after)


def policy(work, operator_id: UUID) -> CallbackPolicy:
    return work.get(CallbackPolicy, operator_id) or CallbackPolicy.usual(operator_id)


def policies(work, operator_ids: Iterable[UUID]) -> dict[UUID, CallbackPolicy]:
    """Of several operators at once."""
    ids = set(operator_ids)
    chosen = {each.id: each for each in work.scalars(select(CallbackPolicy).where(CallbackPolicy.id.in_(ids)))}
    return {id: chosen.get(id) or CallbackPolicy.usual(id) for id in ids}


def managers(work, ticket: Ticket, *, above: bool = False) -> list[UUID]:
    """Who manages the estate; or `above` it. Where that is nobody, the next rung. Never somebody complained of or rated."""
    estate, left_out = work.get(Estate, ticket.estate_id), {*ticket.complained_of, ticket.assignee_id}
    for level in RESPONSIBLE[1 if above else 0 :] if estate else ():
        holding = select(Staff.id).where(
            Staff.operator_id == estate.operator_id, Staff.posts.overlap(estate.posts(level))
        )
        found = [each for each in work.scalars(holding.order_by(Staff.id).limit(MOST_TOLD)) if each not in left_out]
        if found:
            return found
    return []
