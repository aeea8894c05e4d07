"""Complaints, suggestions and inquiries, told to whom they concern; and confidential complaints to who filed them."""

from datetime import datetime
from uuid import UUID

from chassis.events import event, on
from chassis.private import unseal
from services.notify.events import Category
from services.notify.reactions.tickets import Ticket, to_desk, to_people
from services.notify.telling import Telling, tell


@event("tickets.ticket.assigned", version=1)
class TicketAssigned(Ticket): ...


@event("tickets.ticket.replied", version=1)
class TicketReplied(Ticket):
    closes_at: datetime


@event("tickets.ticket.contested", version=1)
class TicketContested(Ticket): ...


@event("tickets.suggestion.put_on_agenda", version=1)
class SuggestionPutOnAgenda(Ticket): ...


@event("tickets.confidence.told", "tickets.confidence.disclosed", version=1, pii=True)
class ConfidenceTold:
    ticket_id: UUID
    number: str
    estate_id: UUID
    reporter_sealed: str


@on(TicketAssigned, together=tell)
def ask_for_answer(work, heard):
    yield to_people(work, heard, "tickets.ticket.assigned.staff", heard.assignee_id, category=Category.WORK)


@on(TicketReplied, together=tell)
def pass_on_answer(work, heard):
    """The words of the answer stay on the ticket."""
    yield to_people(work, heard, "tickets.ticket.replied", heard.reporter_id, closes_at=heard.closes_at)


@on(TicketContested, together=tell)
def ask_for_another_look(work, heard):
    yield to_desk(work, heard, "tickets.ticket.contested.desk")


@on(SuggestionPutOnAgenda, together=tell)
def say_it_will_be_discussed(work, heard):
    yield to_people(work, heard, "tickets.suggestion.put_on_agenda", heard.reporter_id)


@on(ConfidenceTold, together=tell)
def tell_the_complainant(work, heard):
    """Who it is comes under seal. The message names no subject, whoever sees the phone it arrives on."""
    yield Telling(
        cause=work.cause,
        template=work.cause.type.removesuffix(".v1"),
        category=Category.TICKETS,
        about_type="ticket",
        about_id=heard.ticket_id,
        link=f"{work.settings.public_url}/tickets/{heard.ticket_id}",
        people=frozenset({UUID(unseal(heard.reporter_sealed))}),
        estate_id=heard.estate_id,
        facts={"number": heard.number},
    )
