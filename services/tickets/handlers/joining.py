"""One report among many: joined to an incident by staff, or by whoever files it."""

from uuid import UUID

from sqlalchemy import select

from services.tickets.model import Incident, IncidentReport, Ticket


def ongoing(work, incident_id: UUID) -> Incident:
    """An incident that takes reports until the end of this transaction: many may join at once, and nobody ends it meanwhile.

    Raises:
        IllegalIncidentMove: it is over.
    """
    work.find(Incident, incident_id)
    held = select(Incident).where(Incident.id == incident_id).with_for_update(read=True)
    incident = work.scalar(held.execution_options(populate_existing=True))
    incident.must_take_reports()
    return incident


def join_one(work, incident: Incident, ticket: Ticket) -> None:
    ticket.join(incident)
    work.add(
        IncidentReport(
            operator_id=ticket.operator_id,
            estate_id=ticket.estate_id,
            incident_id=incident.id,
            ticket_id=ticket.id,
            reporter_id=ticket.reporter_id,
            joined_by=work.actor.id,
            joined_at=work.now,
        )
    )
