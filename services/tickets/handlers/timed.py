"""When somebody comes, and that they came; an estate's working hours."""

from chassis.errors import Invalid, Stale
from chassis.i18n import Sentence
from services.tickets.handlers.work import NotYourJob
from services.tickets.model import Calendar, Estate, Ticket
from services.tickets.model.calendar import is_known

OVER = Sentence("This time is over; agree on one to come.", "该时间已过，请约定以后的时间。")
UNKNOWN = Sentence("The holidays of this country or part of it are not known.", "没有该国家或地区的节假日数据。")


def appoint(work, ticket_id, *, start, end):
    """Agree on a time to come, as whoever has it, or as those who dispatch."""
    ticket = work.take(Ticket, ticket_id)
    if ticket.assignee_id != work.actor.id and not work.actor.may("tickets:dispatch", ticket.estate_id):
        raise NotYourJob()
    if end <= work.now:
        raise Invalid(errors={"to": [OVER]})
    ticket.appoint(start, end, at=work.now)
    return ticket


def arrive(work, ticket_id):
    """To be where nobody was sent is refused by the ticket's state."""
    ticket = work.take(Ticket, ticket_id)
    sent = ticket.assignee_id or ticket.contractor_id
    if sent not in (work.actor.id, None):
        raise NotYourJob()
    ticket.arrive(at=work.now)
    return ticket


def put_calendar(work, estate_id, *, country=None, subdivision=None, **hours) -> Calendar:
    """Replace an estate's working hours; the limits that run are counted anew by them."""
    estate = work.find(Estate, estate_id)
    if country and not is_known(country, subdivision):
        raise Invalid(errors={"country": [UNKNOWN]})
    calendar = _own(work, estate)
    calendar.change(country=country, subdivision=subdivision, **hours)
    return calendar


def _own(work, estate: Estate) -> Calendar:
    if work.get(Calendar, estate.id):
        return work.take(Calendar, estate.id)
    if work.if_match:  # what they read had version 0
        raise Stale()
    fresh = Calendar.usual(estate.id)
    fresh.operator_id = estate.operator_id
    return work.add(fresh)
