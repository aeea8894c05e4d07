"""The tickets' events, told to whom they concern: the reporter, the home, the desk, the technician, the next on duty.

Nobody learns here who reported something; that stands on the ticket, for those who may see it.
"""

from datetime import datetime
from uuid import UUID

from chassis.events import event, on, part
from services.notify.events import Category
from services.notify.telling import Telling, tell

LOW_SCORE = 2


@part
class Due:
    clock: str
    due_at: datetime


@part
class Ticket:
    ticket_id: UUID
    number: str
    estate_id: UUID
    unit_id: UUID | None
    kind: str
    title_zh: str
    title_en: str
    urgency: str
    reporter_id: UUID
    confidential: bool | None
    assignee_id: UUID | None


@event("tickets.ticket.submitted", version=1)
class TicketSubmitted(Ticket):
    dues: list[Due]


@event(
    "tickets.ticket.asked",
    "tickets.ticket.rejected",
    "tickets.ticket.started",
    "tickets.ticket.held",
    "tickets.ticket.resumed",
    version=1,
)
class TicketMoved(Ticket):
    """Steps of which there is no more to say than that they were taken."""


@event("tickets.ticket.answered", version=1)
class TicketAnswered(Ticket): ...


@event("tickets.ticket.reviewed", version=1)
class TicketReviewed(Ticket):
    payer: str | None


@event("tickets.ticket.dispatched", version=1)
class TicketDispatched(Ticket):
    way: str | None


@event("tickets.ticket.appointed", version=1)
class TicketAppointed(Ticket):
    appointed_from: datetime | None
    appointed_to: datetime | None


@event("tickets.ticket.completed", version=1)
class TicketCompleted(Ticket):
    closes_at: datetime


@event("tickets.ticket.rated", version=1)
class TicketRated(Ticket):
    score: int


@event("tickets.ticket.reminded", version=1)
class TicketReminded(Ticket):
    closes_at: datetime


@event("tickets.ticket.reopened", version=1)
class TicketReopened(Ticket): ...


@event("tickets.ticket.cancelled", version=1)
class TicketCancelled(Ticket): ...


@event("tickets.ticket.closed", version=1)
class TicketClosed(Ticket):
    rated: bool


@part
class Clock(Ticket):
    clock: str
    due_at: datetime


@event("tickets.clock.warned", version=1)
class ClockWarned(Clock):
    told: list[UUID]


@event("tickets.clock.breached", version=1)
class ClockBreached(Clock): ...


@event("tickets.clock.escalated", version=1)
class ClockEscalated(Clock):
    told: list[UUID]


@event("tickets.comment.added", version=1)
class CommentAdded:
    internal: bool
    side: str
    author_id: UUID
    ticket_id: UUID
    number: str
    estate_id: UUID
    unit_id: UUID | None
    kind: str
    title_zh: str
    title_en: str
    reporter_id: UUID
    confidential: bool | None
    assignee_id: UUID | None


# ── to the reporter, and where it fits to the home ───────────────────────────────────────────────────────────────


@on(TicketSubmitted, together=tell)
def confirm_receipt(work, heard):
    """The reporter learns the number and what is due when; the desk that there is something to review."""
    review = next((due.due_at for due in heard.dues if due.clock == "review"), None)
    yield to_people(work, heard, "tickets.ticket.submitted", heard.reporter_id, review_due=review)
    yield to_desk(work, heard, "tickets.ticket.submitted.desk", review_due=review)


@on(TicketMoved, together=tell)
def say_how_it_goes(work, heard):
    """The template has the event's own name."""
    yield to_people(work, heard, work.cause.type.removesuffix(".v1"), heard.reporter_id)


@on(TicketAnswered, together=tell)
def say_answer_is_there(work, heard):
    yield to_desk(work, heard, "tickets.ticket.answered.desk")


@on(TicketReviewed, together=tell)
def say_it_is_accepted(work, heard):
    yield to_people(work, heard, "tickets.ticket.reviewed", heard.reporter_id, payer=heard.payer)


@on(TicketDispatched, together=tell)
def announce_technician(work, heard):
    """The technician learns where to go, the reporter and the home that somebody will come; of who took it, the desk."""
    technician = {"technician": heard.assignee_id} if heard.assignee_id else {}
    if heard.way == "claim":
        yield to_desk(work, heard, "tickets.ticket.dispatched.claimed", named=technician, technician=None)
    else:
        yield to_people(work, heard, "tickets.ticket.dispatched.technician", heard.assignee_id, category=Category.WORK)
    yield to_home(work, heard, "tickets.ticket.dispatched", heard.reporter_id, named=technician, technician=None)


@on(TicketAppointed, together=tell)
def say_when_somebody_comes(work, heard):
    """The home and whoever comes learn the time that was agreed."""
    when = {"starts_at": heard.appointed_from, "ends_at": heard.appointed_to}
    yield to_home(work, heard, "tickets.ticket.appointed", heard.reporter_id, **when)
    if heard.assignee_id:
        technician = "tickets.ticket.appointed.technician"
        yield to_people(work, heard, technician, heard.assignee_id, category=Category.WORK, **when)


@on(TicketCompleted, together=tell)
def invite_rating(work, heard):
    """The reporter is asked to rate the finished work; the rest of the home learns that it is done."""
    ends = {"category": Category.RATING, "closes_at": heard.closes_at}
    yield to_people(work, heard, "tickets.ticket.completed", heard.reporter_id, **ends)
    yield to_home(work, heard, "tickets.ticket.completed.home")


@on(TicketReminded, together=tell)
def remind_of_rating(work, heard):
    ends = {"category": Category.RATING, "closes_at": heard.closes_at}
    yield to_people(work, heard, "tickets.ticket.reminded", heard.reporter_id, **ends)


@on(TicketRated, together=tell)
def pass_on_rating(work, heard):
    """A low rating asks the desk to follow up; any other is the technician's."""
    if heard.score <= LOW_SCORE:
        yield to_desk(work, heard, "tickets.ticket.rated.desk", score=heard.score)
    else:
        given = {"category": Category.WORK, "score": heard.score}
        yield to_people(work, heard, "tickets.ticket.rated.technician", heard.assignee_id, **given)


@on(TicketReopened, together=tell)
def say_it_is_open_again(work, heard):
    yield to_people(work, heard, "tickets.ticket.reopened", heard.reporter_id)
    yield to_desk(work, heard, "tickets.ticket.reopened.desk")


@on(TicketCancelled, together=tell)
def say_it_is_cancelled(work, heard):
    """Also to the technician, who need not go any more."""
    yield to_people(work, heard, "tickets.ticket.cancelled", heard.reporter_id)
    yield to_people(work, heard, "tickets.ticket.cancelled.technician", heard.assignee_id, category=Category.WORK)


@on(TicketClosed, together=tell)
def say_it_is_closed(work, heard):
    yield to_people(work, heard, "tickets.ticket.closed", heard.reporter_id, rated=heard.rated)


@on(CommentAdded, together=tell)
def pass_on_comment(work, heard):
    """Staff's public words go to the reporter; everything else to whoever has the ticket. Nobody is told of their own."""
    if heard.side == "staff" and not heard.internal:
        yield to_people(work, heard, "tickets.comment.added", heard.reporter_id, but=heard.author_id)
    else:
        staff = {"category": Category.WORK, "desk": heard.assignee_id is None, "but": heard.author_id}
        yield to_people(work, heard, "tickets.comment.added.staff", heard.assignee_id, **staff)


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────


@on(ClockWarned, together=tell)
def warn(work, heard):
    """Who must act now hears it; where nobody is named, the desk."""
    yield _of_limit(work, heard, "tickets.clock.warned", *heard.told)


@on(ClockBreached, together=tell)
def say_limit_is_past(work, heard):
    yield _of_limit(work, heard, "tickets.clock.breached")


@on(ClockEscalated, together=tell)
def escalate(work, heard):
    """The next on the ladder hears it at any hour; where the ladder is empty, the desk."""
    yield _of_limit(work, heard, "tickets.clock.escalated", *heard.told, urgent=True)


def _of_limit(work, heard, template: str, *people: UUID, urgent: bool = False) -> Telling:
    limit = {"clock": heard.clock, "due_at": heard.due_at, "urgent": urgent}
    return to_people(work, heard, template, *people, desk=not people, category=Category.ALERTS, **limit)


# ── what every message about a ticket says ───────────────────────────────────────────────────────────────────────


def to_desk(work, heard, template: str, **more) -> Telling:
    return to_people(work, heard, template, desk=True, category=Category.WORK, **more)


def to_home(work, heard, template: str, *people: UUID, **more) -> Telling:
    """Who else lives with a repair; a complaint or question stays between its reporter and the desk."""
    return to_people(work, heard, template, *people, home=heard.kind == "repair" and heard.unit_id is not None, **more)


def to_people(work, heard, template: str, *people: UUID | None, desk=False, home=False, but=None, named=None,
        category=Category.TICKETS, urgent=False, **facts) -> Telling:  # fmt: skip
    """`facts` are what this template speaks of beyond what every one does.

    A confidential complaint names an alias; who is behind it hears by an event of its own.
    """
    return Telling(
        cause=work.cause,
        template=template,
        category=category,
        about_type="ticket",
        about_id=heard.ticket_id,
        link=f"{work.settings.public_url}/tickets/{heard.ticket_id}",
        people=frozenset(people) - {None} - ({heard.reporter_id} if heard.confidential else set()),
        desk=desk,
        home=home,
        but=but,
        estate_id=heard.estate_id,
        unit_id=heard.unit_id,
        facts={"number": heard.number, "kind": heard.kind, **facts},
        titles={"zh-CN": heard.title_zh, "en": heard.title_en},
        named=named or {},
        urgent=urgent or getattr(heard, "urgency", "normal") == "emergency",
    )
