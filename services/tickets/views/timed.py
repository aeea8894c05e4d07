"""Appointments, arrivals and working hours."""

from chassis.http import Blueprint, allow, gives, takes
from services.tickets.handlers import timed as handlers
from services.tickets.queries import calendars
from services.tickets.schemas.tickets import TicketView
from services.tickets.schemas.timed import Appointment, CalendarBody, CalendarView

blp = Blueprint("timed", description="When somebody comes; an estate's working hours")


@blp.post("/tickets/<uuid:ticket_id>/appointment")
@allow("tickets:appoint")
@takes(Appointment)
@gives(TicketView)
def appoint_visit(work, ticket_id, appointment):
    """Agree on a time to come 预约上门; a later one replaces it.

    The arrival counts from it, and its end is the arrival's limit. The home is told.
    """
    return handlers.appoint(work, ticket_id, **appointment)


@blp.post("/tickets/<uuid:ticket_id>/arrival")
@allow("tickets:work")
@gives(TicketView)
def report_arrival(work, ticket_id):
    """Say that one is there 到场. To begin the work says so as well, where nothing was said before."""
    return handlers.arrive(work, ticket_id)


@blp.get("/estates/<uuid:estate_id>/calendar")
@allow("tickets:oversee")
@gives(CalendarView)
def show_calendar(work, estate_id):
    """Show an estate's working hours, by which limits in working time are counted."""
    return calendars.shown(work, estate_id)


@blp.put("/estates/<uuid:estate_id>/calendar")
@allow("tickets:set_policy")
@takes(CalendarBody)
@gives(CalendarView)
def set_calendar(work, estate_id, calendar):
    """Set an estate's working hours, and the days that differ. Limits that run are counted anew, and whose due time moves
    says so."""
    return handlers.put_calendar(work, estate_id, **calendar)
