"""Incidents and planned outages."""

from chassis.http import Blueprint, allow, asks, gives, lists, takes
from services.tickets.handlers import incidents as handlers
from services.tickets.model import Incident
from services.tickets.queries import incidents as queries
from services.tickets.schemas.incidents import (
    IncidentChange,
    IncidentFilter,
    IncidentLine,
    IncidentMeant,
    IncidentOpening,
    IncidentView,
    JoinedView,
    News,
    OutagePlan,
    ReportFilter,
    ReportLine,
    ReportsToJoin,
)
from services.tickets.schemas.tickets import TicketView

blp = Blueprint("incidents", description="One fault that many feel, and outages announced ahead 突发与计划停用")


@blp.post("/incidents")
@allow("tickets:announce")
@takes(IncidentOpening)
@gives(IncidentView, status=201)
def open_incident(work, incident):
    """Open an incident: everybody concerned is told at once."""
    return queries.counted(work, handlers.open_incident(work, **incident))


@blp.post("/outages")
@allow("tickets:announce")
@takes(OutagePlan)
@gives(IncidentView, status=201)
def plan_outage(work, outage):
    """Plan an outage: everybody concerned is told ahead, and hears when it changes or is cancelled."""
    return queries.counted(work, handlers.plan_outage(work, **outage))


@blp.get("/incidents")
@allow("tickets:see")
@asks(IncidentFilter)
@lists(IncidentLine)
def list_incidents(work, query):
    """List incidents, the newest first: residents those of their home and estate, staff their estates'."""
    return queries.incidents(work, **query)


@blp.get("/incidents/<uuid:incident_id>")
@allow("tickets:see")
@gives(IncidentView)
def show_incident(work, incident_id):
    """Show an incident with its news, and how many reported it."""
    return queries.counted(work, work.find(Incident, incident_id))


@blp.patch("/incidents/<uuid:incident_id>")
@allow("tickets:announce")
@takes(IncidentChange)
@gives(IncidentView)
def change_incident(work, incident_id, change):
    """Change the times or the text. Who was told before is told again."""
    return queries.counted(work, handlers.change(work, incident_id, **change))


@blp.post("/incidents/<uuid:incident_id>/updates")
@allow("tickets:announce")
@takes(News)
@gives(IncidentView)
def tell_everybody(work, incident_id, news):
    """One answer to all: everybody concerned and everybody who reported it is told once."""
    return queries.counted(work, handlers.tell(work, incident_id, **news))


@blp.post("/incidents/<uuid:incident_id>/resolution")
@allow("tickets:announce")
@takes(News)
@gives(IncidentView)
def resolve_incident(work, incident_id, news):
    """End an incident. Within seconds the joined repairs are completed and the questions answered with this text.

    What somebody is at work on, and what wants an answer of its own, is left to a person: see `reports` with `outcome=left`.
    """
    return queries.counted(work, handlers.resolve(work, incident_id, **news))


@blp.post("/incidents/<uuid:incident_id>/cancellation")
@allow("tickets:announce")
@takes(News)
@gives(IncidentView)
def cancel_incident(work, incident_id, news):
    """Call off an outage, or an incident that was none. Reports joined to it stay as they are."""
    return queries.counted(work, handlers.cancel(work, incident_id, **news))


@blp.post("/incidents/<uuid:incident_id>/reports")
@allow("tickets:announce")
@takes(ReportsToJoin)
@gives(JoinedView)
def join_reports(work, incident_id, reports):
    """Join reports to the incident. Those that cannot be joined are named with the reason; the others are."""
    return handlers.join(work, incident_id, **reports)


@blp.post("/tickets/<uuid:ticket_id>/incident")
@allow("tickets:file")
@takes(IncidentMeant)
@gives(TicketView)
def say_what_it_is_about(work, ticket_id, incident):
    """Say that a report is about a known incident: it ends with it, and its reporter hears the news."""
    return handlers.say_what_it_is_about(work, ticket_id, **incident)


@blp.get("/incidents/<uuid:incident_id>/reports")
@allow("tickets:see")
@asks(ReportFilter)
@lists(ReportLine)
def list_reports(work, incident_id, query):
    """List the joined reports, for staff, and what became of each."""
    return queries.joined(work, work.find(Incident, incident_id), **query)


@blp.delete("/incidents/<uuid:incident_id>/reports/<uuid:ticket_id>")
@allow("tickets:announce")
@gives(None)
def part_report(work, incident_id, ticket_id):
    """Take a report out of an incident that goes on."""
    return handlers.part(work, incident_id, ticket_id)
