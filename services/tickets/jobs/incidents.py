"""Incidents: outages that are to be announced or begin, and joined reports that end with theirs."""

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from chassis.errors import Conflict
from chassis.jobs import every
from chassis.work import BATCH
from services.tickets.events import IncidentState
from services.tickets.model import Incident, IncidentReport, Joining, Ticket


@every(minutes=1)
def announce_planned_outages(work):
    """Planned outages that are near enough to tell everybody concerned."""
    found = work.due(select(Incident).where(Incident.announce_at <= work.now).order_by(Incident.announce_at))
    for incident in found:
        incident.announce(at=work.now)
    return len(found)


@every(minutes=1)
def begin_planned_outages(work):
    """Planned outages whose time has come."""
    due = select(Incident).where(Incident.state == IncidentState.PLANNED, Incident.starts_at <= work.now)
    found = work.due(due.order_by(Incident.starts_at))
    for incident in found:
        incident.begin()
    return len(found)


@every(seconds=5)
def settle_joined_reports(work):
    """Reports whose incident is over: each ends by its own table of moves, a batch at a time; what cannot is named.

    A ticket that somebody holds just now is left for the next turn.
    """
    over = work.due(select(Incident).where(Incident.settling).order_by(Incident.id), 1)
    return sum(_settle(work, incident) for incident in over)


def _settle(work, incident: Incident) -> int:
    waiting = (
        select(Ticket, IncidentReport)
        .options(selectinload(Ticket.closures), selectinload(Ticket.pauses), selectinload(Ticket.assignment))
        .join(IncidentReport, IncidentReport.ticket_id == Ticket.id)
        .where(IncidentReport.incident_id == incident.id, IncidentReport.outcome.is_(None))
        .order_by(IncidentReport.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    found = work.execute(waiting).all()
    for ticket, report in found:
        report.outcome, report.reason = _end(work, incident, ticket)
    work.session.flush()
    if len(found) < BATCH:
        _finish(work, incident)
    return len(found)


def _end(work, incident: Incident, ticket: Ticket) -> tuple[Joining, str | None]:
    """What becomes of a report whose incident is over, and why, where it cannot end with it."""
    news = incident.updates[-1]
    was = str(ticket.state if ticket.kind in ("repair", "inquiry") else ticket.kind)
    try:
        ticket.settle(news.text_zh, by=news.by, terms=work.settings, at=work.now)
    except Conflict:
        return Joining.LEFT, was
    return Joining.SETTLED, None


def _finish(work, incident: Incident) -> None:
    """All of them are looked at, unless somebody held one."""
    counts = select(IncidentReport.outcome, func.count()).where(IncidentReport.incident_id == incident.id)
    found = dict(work.execute(counts.group_by(IncidentReport.outcome)).all())
    if not found.get(None):
        incident.settle(settled=found.get(Joining.SETTLED, 0), left=found.get(Joining.LEFT, 0))
