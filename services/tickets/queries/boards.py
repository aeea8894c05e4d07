"""What staff work from: my open work, an estate's board, what runs out within the hour. One query each, in an index's order."""

from datetime import timedelta
from itertools import groupby

from sqlalchemy import Select, func, select

from services.tickets.events import State
from services.tickets.model import Clock, Estate, Ticket
from services.tickets.model.sending import IN_HAND, NEVER
from services.tickets.model.ticket import GRAVITY, MOST_URGENT
from services.tickets.queries.listing import LINE, OPEN

FIRST = 10  # tickets that a lane of the board shows
URGENT_LINE = [GRAVITY, Ticket.next_due_at, func.nullif(Ticket.next_due_at, NEVER).label("next_due"), *LINE]
CLOCK_ID = Clock.id.label("clock_id")


def my_work(work, *, limit, after):
    """What I am to do: emergencies first, then what is due soonest."""
    mine = work.seen(Ticket).where(Ticket.assignee_id == work.actor.id, Ticket.state.in_(IN_HAND))
    return work.page(_lines(mine), by=MOST_URGENT, limit=limit, after=after)


def lane(work, estate_id, *, state: State, limit, after):
    """The open tickets of an estate in one state, the most urgent first."""
    here = work.find(Estate, estate_id).id
    found = work.seen(Ticket).where(Ticket.estate_id == here, Ticket.state == state, OPEN)
    return work.page(_lines(found), by=MOST_URGENT, limit=limit, after=after)


def board(work, estate_id) -> dict:
    """Each state in which an estate has open tickets: how many, how many of them are late, and the most urgent ones."""
    here = work.find(Estate, estate_id).id
    rows = work.execute(_board(work, here)).all()
    lanes = {state: list(lines) for state, lines in groupby(rows, key=lambda row: row.state)}
    return {
        "lanes": [
            {"state": state, "tickets": lines[0].tickets, "overdue": lines[0].overdue, "first": lines}
            for state in State
            if (lines := lanes.get(state))
        ]
    }


def running_out(work, *, estate_id=None, within_minutes: int, limit, after):
    """Limits that pass within so many minutes and have not passed yet, the next first, with their tickets."""
    until = work.now + timedelta(minutes=within_minutes)
    soon = (Clock.running(), Clock.breached_at.is_(None), Clock.due_at > work.now, Clock.due_at <= until)
    found = select(Clock).where(Clock.visible_to(work.actor, work.permission), *soon)
    if estate_id:
        found = found.where(Clock.estate_id == estate_id)
    # An outer join that a null leaves in place: clocks are read in their order and the ticket looked up for each, at any depth.
    seen = func.coalesce(Ticket.visible_to(work.actor, work.permission), False)
    lines = _lines(found.outerjoin(Clock.ticket).where(seen)).add_columns(CLOCK_ID, Clock.clock, Clock.due_at)
    return work.page(lines, by=[Clock.due_at, CLOCK_ID], limit=limit, after=after)


def _lines(found: Select) -> Select:
    return found.outerjoin(Ticket.assignee).with_only_columns(*URGENT_LINE)


def _board(work, estate_id) -> Select:
    """The estate's open tickets are read once, in the order of their index, which counts them and finds the first of each lane."""
    in_lane = {"partition_by": Ticket.state}
    late = func.count().filter(Ticket.next_due_at <= work.now)
    ranked = (
        work.seen(Ticket)
        .where(Ticket.estate_id == estate_id, OPEN)
        .with_only_columns(
            Ticket.id,
            func.row_number().over(**in_lane, order_by=MOST_URGENT).label("place"),
            func.count().over(**in_lane).label("tickets"),
            late.over(**in_lane).label("overdue"),
        )
        .subquery()
    )
    shown = select(Ticket).join(ranked, ranked.c.id == Ticket.id).where(ranked.c.place <= FIRST)
    return _lines(shown).add_columns(ranked.c.tickets, ranked.c.overdue).order_by(Ticket.state, ranked.c.place)
