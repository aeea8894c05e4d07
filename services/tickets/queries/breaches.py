"""Every missed limit, across all that the caller oversees, with the step that ate the time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from chassis.model import within
from chassis.work import Page
from services.tickets.model import Clock, Ticket
from services.tickets.model.figures import Stage


@dataclass(frozen=True)
class Breach:
    """A missed limit: by how much until it was met, or until now, and the longest step of its ticket so far."""

    clock: Clock
    ticket: Ticket
    over_minutes: int
    stage: Stage
    stage_minutes: int


def breaches(work, *, estate_id=None, open=None, limit: int, after: str | None) -> Page:
    """The newest first; one estate's, or all that the caller analyses."""
    found = (
        select(Clock)
        .join(Clock.ticket)
        .options(contains_eager(Clock.ticket))
        .where(
            Clock.operator_id == work.actor.operator_id,
            within(Clock.estate_id, work.actor.estates("tickets:analyse")),
            Clock.breached_at.is_not(None),
            Ticket.visible_to(work.actor, "tickets:analyse"),
        )
    )
    if estate_id:
        found = found.where(Clock.estate_id == estate_id)
    if open is not None:
        found = found.where(Clock.met_at.is_(None) if open else Clock.met_at.is_not(None))
    page = work.page(found, by=[Clock.due_at.desc(), Clock.id.desc()], limit=limit, after=after)
    return Page([_told(clock, work.now) for clock in page.items], page.next)


def _told(clock: Clock, now: datetime) -> Breach:
    stage, minutes = longest(clock.ticket, clock.met_at or now)
    over = ((clock.met_at or now) - clock.due_at).total_seconds()
    return Breach(clock, clock.ticket, max(0, round(over / 60)), stage, minutes)


def longest(ticket: Ticket, until: datetime) -> tuple[Stage, int]:
    """The step that ate the time, and its minutes; a step that still goes on counts to `until`."""
    passed = zip(Stage, (ticket.filed_at, ticket.reviewed_at, ticket.dispatched_at, ticket.started_at), strict=True)
    begun = [(stage, at) for stage, at in passed if at is not None and at <= until]
    ends = [*(at for _, at in begun[1:]), min(ticket.completed_at or until, until)]
    spans = [
        (stage, max(0, round((end - at).total_seconds() / 60))) for (stage, at), end in zip(begun, ends, strict=True)
    ]
    return max(spans, key=lambda span: span[1])
