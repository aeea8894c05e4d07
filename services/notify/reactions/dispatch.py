"""Who does the work, told to those who do it, who wait for it, and who have to find somebody else."""

from uuid import UUID

from chassis.events import event, on
from services.notify.events import Category
from services.notify.reactions.tickets import Ticket, to_desk, to_home, to_people
from services.notify.telling import tell


@event("tickets.ticket.transferred", version=1)
class TicketTransferred(Ticket):
    former_id: UUID | None


@event("tickets.ticket.returned", version=1)
class TicketReturned(Ticket): ...


@event("tickets.ticket.declined", version=1)
class TicketDeclined(Ticket): ...


@event("tickets.ticket.urged", version=1)
class TicketUrged(Ticket):
    urged: int


@on(TicketTransferred, together=tell)
def announce_another(work, heard):
    """Who has it now learns where to go, who had it that they need not, the reporter and the home who comes instead."""
    now = {"technician": heard.assignee_id} if heard.assignee_id else {}
    yield to_people(work, heard, "tickets.ticket.transferred.technician", heard.assignee_id, category=Category.WORK)
    yield to_people(work, heard, "tickets.ticket.transferred.former", heard.former_id, category=Category.WORK)
    yield to_home(work, heard, "tickets.ticket.transferred", heard.reporter_id, named=now, technician=None)


@on(TicketReturned, together=tell)
def ask_for_somebody_else(work, heard):
    yield to_desk(work, heard, "tickets.ticket.returned.desk")


@on(TicketDeclined, together=tell)
def ask_for_somebody_who_can(work, heard):
    yield to_desk(work, heard, "tickets.ticket.declined.desk")


@on(TicketUrged, together=tell)
def pass_on_urging(work, heard):
    """Whoever has it hears that the owner's side waits; where nobody has it, the desk."""
    nobody = {"desk": heard.assignee_id is None, "category": Category.WORK, "urged": heard.urged}
    yield to_people(work, heard, "tickets.ticket.urged.staff", heard.assignee_id, **nobody)
