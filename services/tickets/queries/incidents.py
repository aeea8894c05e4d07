"""Incidents to look up: lists, what became of the reports joined to one, and what a report looks like."""

from sqlalchemy import func, select
from sqlalchemy.orm import Bundle

from services.tickets.model import Incident, IncidentReport, Ticket
from services.tickets.model.incident import ONGOING, Joining

NEWEST = [Incident.reported_at.desc(), Incident.id.desc()]


def incidents(work, *, limit: int, after: str | None, ongoing: bool | None = None, **named):
    found = work.seen(Incident).filter_by(**{name: value for name, value in named.items() if value is not None})
    if ongoing is not None:
        found = found.where(Incident.state.in_(ONGOING) if ongoing else Incident.state.not_in(ONGOING))
    return work.page(found, by=NEWEST, limit=limit, after=after)


def counted(work, incident: Incident) -> Incident:
    """With `reports`: how many were joined, and what became of them."""
    counts = select(IncidentReport.outcome, func.count()).where(IncidentReport.incident_id == incident.id)
    found = dict(work.execute(counts.group_by(IncidentReport.outcome)).all())
    incident.reports = {
        "joined": sum(found.values()),
        "waiting": found.get(None, 0),
        **{outcome.value: found.get(outcome, 0) for outcome in Joining},
    }
    return incident


def joined(work, incident: Incident, *, limit: int, after: str | None, outcome: Joining | None = None):
    """The reports joined to it, oldest first, with why one could not end with it. For staff: others' reports are theirs."""
    work.require("tickets:oversee", incident.estate_id)
    kept = Bundle("report", IncidentReport.ticket_id, IncidentReport.outcome, IncidentReport.reason)
    found = (
        select(Ticket.number, Ticket.kind, Ticket.state, Ticket.unit_id, IncidentReport.joined_at, kept)
        .join_from(IncidentReport, Ticket, Ticket.id == IncidentReport.ticket_id)
        .where(IncidentReport.incident_id == incident.id, Ticket.visible_to(work.actor, work.permission))
    )
    if outcome:
        found = found.where(IncidentReport.outcome == outcome)
    return work.page(found, by=[IncidentReport.id], limit=limit, after=after)
