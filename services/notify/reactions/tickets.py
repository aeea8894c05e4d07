"""The tickets' events, told to whom they concern: the reporter, the home, the desk, the technician, the next on duty.

Nobody learns here who reported something; that stands on the ticket, for those who may see it.
"""

from datetime import datetime
from uuid import UUID

from chassis.events import event, on, part
from services.notify import queries
from services.notify.events import Category
from services.notify.handlers import News, NotYetKnown, tell
from services.notify.model import Estate, Person, Unit

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
class TicketDispatched(Ticket): ...


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
    assignee_id: UUID | None


# ── to the reporter, and where it fits to the home ───────────────────────────────────────────────────────────────


@on(TicketSubmitted)
def confirm_receipt(work, heard):
    """The reporter learns the number and what is due when; the desk that there is something to review."""
    review = next((due.due_at for due in heard.dues if due.clock == "review"), None)
    tell(work, [heard.reporter_id], "tickets.ticket.submitted", _news(work, heard, review_due=review))
    _tell_desk(work, heard, "tickets.ticket.submitted.desk", review_due=review)


@on(TicketMoved)
def say_how_it_goes(work, heard):
    """The template has the event's own name."""
    tell(work, [heard.reporter_id], work.cause.type.removesuffix(".v1"), _news(work, heard))


@on(TicketAnswered)
def say_answer_is_there(work, heard):
    _tell_desk(work, heard, "tickets.ticket.answered.desk")


@on(TicketReviewed)
def say_it_is_accepted(work, heard):
    tell(work, [heard.reporter_id], "tickets.ticket.reviewed", _news(work, heard, payer=heard.payer))


@on(TicketDispatched)
def announce_technician(work, heard):
    """The reporter and the home learn that somebody will come, the technician where to go."""
    tell(work, [heard.assignee_id], "tickets.ticket.dispatched.technician", _news(work, heard, Category.WORK))
    technician = work.get(Person, heard.assignee_id)
    news = _news(work, heard, technician=technician and technician.name)
    tell(work, [heard.reporter_id, *_home(work, heard)], "tickets.ticket.dispatched", news)


@on(TicketCompleted)
def invite_rating(work, heard):
    """The reporter is asked to rate the finished work; the rest of the home learns that it is done."""
    news = _news(work, heard, Category.RATING, closes_at=heard.closes_at)
    tell(work, [heard.reporter_id], "tickets.ticket.completed", news)
    tell(work, _home(work, heard), "tickets.ticket.completed.home", _news(work, heard))


@on(TicketReminded)
def remind_of_rating(work, heard):
    news = _news(work, heard, Category.RATING, closes_at=heard.closes_at)
    tell(work, [heard.reporter_id], "tickets.ticket.reminded", news)


@on(TicketRated)
def pass_on_rating(work, heard):
    """A low rating asks the desk to follow up; any other is the technician's."""
    if heard.score <= LOW_SCORE:
        _tell_desk(work, heard, "tickets.ticket.rated.desk", score=heard.score)
    else:
        news = _news(work, heard, Category.WORK, score=heard.score)
        tell(work, [heard.assignee_id], "tickets.ticket.rated.technician", news)


@on(TicketReopened)
def say_it_is_open_again(work, heard):
    tell(work, [heard.reporter_id], "tickets.ticket.reopened", _news(work, heard))
    _tell_desk(work, heard, "tickets.ticket.reopened.desk")


@on(TicketCancelled)
def say_it_is_cancelled(work, heard):
    """Also to the technician, who need not go any more."""
    tell(work, [heard.reporter_id], "tickets.ticket.cancelled", _news(work, heard))
    tell(work, [heard.assignee_id], "tickets.ticket.cancelled.technician", _news(work, heard, Category.WORK))


@on(TicketClosed)
def say_it_is_closed(work, heard):
    tell(work, [heard.reporter_id], "tickets.ticket.closed", _news(work, heard, rated=heard.rated))


@on(CommentAdded)
def pass_on_comment(work, heard):
    """Staff's public words go to the reporter; everything else to whoever has the ticket. Nobody is told of their own."""
    if heard.side == "staff" and not heard.internal:
        readers, template, category = {heard.reporter_id}, "tickets.comment.added", Category.TICKETS
    else:
        readers = {heard.assignee_id} if heard.assignee_id else queries.desk_of(work, _estate(work, heard))
        template, category = "tickets.comment.added.staff", Category.WORK
    tell(work, readers - {heard.author_id}, template, _news(work, heard, category))


# ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────


@on(ClockWarned)
def warn(work, heard):
    """Who must act now hears it; where nobody is named, the desk."""
    people = heard.told or queries.desk_of(work, _estate(work, heard))
    tell(work, people, "tickets.clock.warned", _limit_news(work, heard))


@on(ClockBreached)
def say_limit_is_past(work, heard):
    tell(work, queries.desk_of(work, _estate(work, heard)), "tickets.clock.breached", _limit_news(work, heard))


@on(ClockEscalated)
def escalate(work, heard):
    """The next on the ladder hears it at any hour; where the ladder is empty, the desk."""
    told = heard.told or queries.desk_of(work, _estate(work, heard))
    tell(work, told, "tickets.clock.escalated", _limit_news(work, heard, urgent=True))


def _limit_news(work, heard, urgent: bool = False) -> News:
    return _news(work, heard, Category.ALERTS, urgent, clock=heard.clock, due_at=heard.due_at)


# ── what every message about a ticket says ───────────────────────────────────────────────────────────────────────


def _tell_desk(work, heard, template: str, **facts) -> None:
    tell(work, queries.desk_of(work, _estate(work, heard)), template, _news(work, heard, Category.WORK, **facts))


def _home(work, heard) -> set[UUID]:
    """Who else lives with a repair; a complaint or question stays between its reporter and the desk."""
    return queries.adults_of(work, heard.unit_id, _estate(work, heard)) if heard.kind == "repair" else set()


def _news(work, heard, category: Category = Category.TICKETS, urgent: bool = False, **facts) -> News:
    estate = _estate(work, heard)
    unit = _unit(work, heard.unit_id)
    return News(
        category=category,
        about_type="ticket",
        about_id=heard.ticket_id,
        link=f"{work.settings.public_url}/tickets/{heard.ticket_id}",
        facts={"number": heard.number, "kind": heard.kind, **facts},
        spoken={
            "zh-CN": {"title": heard.title_zh, "estate": estate.name_zh, "unit": unit and unit.spoken_zh},
            "en": {"title": heard.title_en, "estate": estate.name_en, "unit": unit and unit.spoken_en},
        },
        timezone=estate.timezone,
        urgent=urgent or getattr(heard, "urgency", "normal") == "emergency",
    )


def _estate(work, heard) -> Estate:
    return work.get(Estate, heard.estate_id) or _unknown("estate", heard.estate_id)


def _unit(work, unit_id: UUID | None) -> Unit | None:
    return (work.get(Unit, unit_id) or _unknown("unit", unit_id)) if unit_id else None


def _unknown(what: str, id: UUID):
    raise NotYetKnown(what=f"{what} {id}")
