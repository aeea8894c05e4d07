"""A ticket: what somebody reported, and its way to an end."""

from dataclasses import fields
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Integer, Uuid, and_, any_, literal_column
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.actor import Actor
from chassis.actor import Kind as ActorKind
from chassis.model import Entity, OfEstate, within
from chassis.private import Sealed
from services.tickets import events
from services.tickets.events import Channel, Kind, Limit, Payer, State, TicketState, Urgency, Waiting
from services.tickets.model import taxonomy
from services.tickets.model.answering import Answering
from services.tickets.model.charging import Charging
from services.tickets.model.clock import Clock
from services.tickets.model.closure import Closure
from services.tickets.model.confidence import Confidence
from services.tickets.model.contractor import Contractor
from services.tickets.model.copies import Estate, Occupancy, Person
from services.tickets.model.dispatch import Assignment
from services.tickets.model.intake import Intake
from services.tickets.model.moves import ENDS, Move, move
from services.tickets.model.pause import Pause
from services.tickets.model.quote import Quote
from services.tickets.model.rating import Rating
from services.tickets.model.sending import IN_HAND, Sending
from services.tickets.model.timed import Timed


class Ticket(Charging, Intake, Timed, Sending, Answering, Entity, OfEstate):
    number: Mapped[str]
    kind: Mapped[Kind]
    state: Mapped[State] = mapped_column(default=State.SUBMITTED)
    unit_id: Mapped[UUID | None]
    place: Mapped[str | None]
    channel: Mapped[Channel]
    reporter_id: Mapped[UUID]
    filed_by: Mapped[UUID]
    complained_of: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list, info={"private": True})
    follows_id: Mapped[UUID | None]  # the earlier ticket that this one goes on from
    confidence_id: Mapped[UUID | None]  # of a confidential complaint: `reporter_id` is an alias then
    category: Mapped[str | None]
    problem: Mapped[str | None]
    description: Mapped[str] = mapped_column(info={"private": True})
    urgency: Mapped[Urgency]
    preferred_times: Mapped[list | None]
    contact_phone: Mapped[str | None] = mapped_column(Sealed, info={"private": True})

    question: Mapped[str | None]
    answer: Mapped[str | None] = mapped_column(info={"private": True})
    reason: Mapped[str | None]  # why it was rejected, held, reopened or cancelled, whichever came last
    assignee_id: Mapped[UUID | None]
    held_from: Mapped[State | None]
    resolution: Mapped[str | None]
    cause: Mapped[str | None]
    parts: Mapped[list | None]  # [{"name", "quantity", "price_fen"}]
    labour_minutes: Mapped[int | None]
    reopened: Mapped[int] = mapped_column(default=0)

    filed_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    rated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    reopen_until: Mapped[datetime | None]

    clocks: Mapped[list[Clock]] = relationship(back_populates="ticket", order_by=Clock.id, lazy="selectin")
    pauses: Mapped[list[Pause]] = relationship(order_by=Pause.id)
    estate = relationship(Estate, primaryjoin="foreign(Ticket.estate_id) == Estate.id", viewonly=True)
    ratings: Mapped[list[Rating]] = relationship(order_by=Rating.closure, lazy="selectin")
    closures: Mapped[list[Closure]] = relationship(
        primaryjoin="foreign(Closure.ticket_id) == Ticket.id", order_by=Closure.closure
    )
    reporter = relationship(Person, primaryjoin="foreign(Ticket.reporter_id) == Person.id", viewonly=True)
    assignee = relationship(Person, primaryjoin="foreign(Ticket.assignee_id) == Person.id", viewonly=True)
    contractor = relationship(Contractor, primaryjoin="foreign(Ticket.contractor_id) == Contractor.id", viewonly=True)
    assignment = relationship(Assignment, primaryjoin="foreign(Ticket.assignment_id) == Assignment.id")

    quotes: Mapped[list[Quote]] = relationship(
        primaryjoin="foreign(Quote.ticket_id) == Ticket.id", order_by=Quote.id, viewonly=True
    )
    confidence = relationship(Confidence, primaryjoin="foreign(Ticket.confidence_id) == Confidence.id")

    # ── who may know of it ───────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        """Staff see their estates' tickets, except where they are complained of, and of confidential complaints those that
        they decide on or have; residents what they reported, and what concerns the home they live in."""
        if actor.kind in (ActorKind.SYSTEM, ActorKind.EVENT):
            return super().visible_to(actor, permission)
        overseen = ~(any_(cls.complained_of) == actor.id)
        if not actor.holds_wherever(permission, "tickets:oversee"):  # said twice, the estate misleads the planner
            overseen &= within(cls.estate_id, actor.estates("tickets:oversee"))
        if not actor.holds_wherever(permission, "tickets:confide"):
            deciding = within(cls.estate_id, actor.estates("tickets:confide"))
            overseen &= cls.confidence_id.is_(None) | deciding | (cls.assignee_id == actor.id)
        concerned = overseen | (cls.reporter_id == actor.id) | (cls.id == any_(Confidence.tickets_of(actor.id)))
        if actor.has_scope("unit"):
            concerned |= cls.unit_id == any_(Occupancy.homes_of(actor.id, actor.at))
        return and_(super().visible_to(actor, permission), concerned)

    @property
    def confidential(self) -> bool:
        return self.confidence_id is not None

    def told_as(self, actor: Actor) -> str:
        return self.confidence.told_as(actor) if self.confidential else super().told_as(actor)

    def named(self, person_id: UUID) -> UUID:
        """How somebody who acts on the ticket is named on it: a confidential complainant by the alias."""
        return self.confidence.alias_of(person_id) if self.confidential else person_id

    # ── how it moves ─────────────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def filed(cls, *, review_within: timedelta, at: datetime, confidential: bool = False, **report) -> "Ticket":
        confidence, report = Confidence.taking(report) if confidential else (None, report)
        ticket = cls(filed_at=at, ratings=[], **report)
        if confidence:
            ticket.confidence, ticket.confidence_id, confidence.ticket_id = confidence, confidence.id, ticket.id
        ticket._say_and_wind(events.TicketSubmitted, review_within, at)
        return ticket

    def ask(self, question: str, *, cap: timedelta, at: datetime) -> None:
        """The review needs to know more; its clock waits for the answer."""
        move(self, Move.ASK)
        self.question, self.answer = question, None
        self.wait(Waiting.QUESTION, cap, times=1, at=at)
        self._say(events.TicketAsked)

    def take_answer(self, text: str, *, at: datetime) -> None:
        move(self, Move.ANSWER)
        self.answer = text
        self.run_on(at=at)
        self._say(events.TicketAnswered)

    def accept(self, payer: Payer | None, *, warranty_until: date | None = None, at: datetime) -> None:
        """It will be seen to, at this payer's cost; where that is the developer, bound until that day."""
        move(self, Move.ACCEPT)
        self.payer, self.warranty_until, self.reviewed_at = payer, warranty_until, at
        self._say(events.TicketReviewed, warranty_until=warranty_until)

    def reject(self, reason: str, *, at: datetime) -> None:
        move(self, Move.REJECT)
        self.reason, self.reviewed_at = reason, at
        self._meet_clocks(at)
        self._end(at)
        self._say(events.TicketRejected)

    def start(self, *, at: datetime) -> None:
        move(self, Move.START)
        self.started_at, self.arrived_at = at, self.arrived_at or at
        self.turn(events.TicketStarted, at, meets=[Limit.ARRIVAL])

    def hold(self, reason: str) -> None:
        came_from = self.state
        move(self, Move.HOLD)
        self.held_from, self.reason = came_from, reason
        self._say(events.TicketHeld)

    def resume(self) -> None:
        move(self, Move.RESUME)
        self._say(events.TicketResumed)

    def complete(
        self,
        resolution: str,
        *,
        cause=None,
        cause_code: str | None = None,
        parts=(),
        labour_minutes=None,
        charge_fen: int | None = None,
        terms,
        at: datetime,
        act=Move.COMPLETE,
    ) -> None:
        """The work is done. The owner is reminded, the ticket closes, and the warranty ends at the spans of `terms`.

        What was agreed is charged, or less where `charge_fen` says so; without a quote nothing is.
        """
        charge_fen = self.agreed_fen if charge_fen is None else charge_fen
        move(self, act, charge_fen=charge_fen)
        self.cause_code = cause_code
        self.resolution, self.cause, self.parts, self.labour_minutes = resolution, cause, list(parts), labour_minutes
        self.completed_at = at
        self.remind_at, self.closes_at = at + terms.remind_after, at + terms.close_after
        self.reopen_until = at + terms.warranty
        self._end(at)
        self._meet_clocks(at)
        self._say(
            events.TicketCompleted,
            labour_minutes=labour_minutes,
            parts_fen=sum(part["quantity"] * part["price_fen"] for part in self.parts),
            closes_at=self.closes_at,
            reopen_until=self.reopen_until,
            cause_code=cause_code,
            charged_fen=charge_fen,
        )
        self._charge(charge_fen, at)

    def rate(self, score: int, *, by: UUID, at: datetime, aspects=None, tags=(), comment=None) -> None:
        """Once per closure: after a reopening the new work is rated anew."""
        move(self, Move.RATE)
        words = {"aspects": aspects or {}, "tags": list(tags), "comment": comment}
        whose = {name: getattr(self, name) for name in ("estate_id", "contractor_id")}
        whose["technician_id"] = self.assignee_id
        self.ratings.append(
            Rating(closure=self.reopened, score=score, rated_by=self.named(by), rated_at=at, **words, **whose)
        )
        self.rated_at, self.remind_at = at, None
        self.closures[-1].rate(score, at)
        self._say(events.TicketRated, score=score, aspects=words["aspects"], tags=words["tags"])

    def remind(self) -> None:
        """Ask once more for a rating."""
        self.remind_at = None
        self._say(events.TicketReminded, closes_at=self.closes_at)

    def close(self, *, at: datetime) -> None:
        """The time to rate is over. Whether it was rated is said; silence is not satisfaction."""
        move(self, Move.CLOSE)
        self.closed_at, self.remind_at, self.closes_at = at, None, None
        self._say(events.TicketClosed, rated=self.rated_at is not None)

    def reopen(self, reason: str, *, review_within: timedelta, at: datetime) -> None:
        """Not mended after all: within the warranty the same ticket goes on, and somebody is sent anew."""
        move(self, Move.REOPEN, at=at)
        self.closures[-1].reopen(at)
        self.reason, self.reopened = reason, self.reopened + 1
        self.set_free()
        self.completed_at = self.replied_at = self.confirmed_at = self.rated_at = self.closed_at = None
        self.remind_at = self.closes_at = self.reopen_until = None
        self._say_and_wind(events.TicketReopened, review_within, at)

    def cancel(self, reason: str, *, at: datetime) -> None:
        move(self, Move.CANCEL)
        self.reason = reason
        self._meet_clocks(at)
        self._end(at)
        self._say(events.TicketCancelled)

    def _end(self, at: datetime) -> None:
        """One more end for the figures; after a reopening there will be another."""
        self.closures.append(Closure.of(self, at))

    # ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def title(self) -> taxonomy.Title:
        if self.named_zh:
            return taxonomy.Title(self.named_zh, self.named_en)
        return taxonomy.title(self.kind, self.category, self.problem)

    @property
    def title_zh(self) -> str:
        return self.title.zh

    @property
    def title_en(self) -> str:
        return self.title.en

    def restated(self) -> events.TicketRestated:
        return events.TicketRestated(**self._facts())

    def _say(self, fact: type, **more) -> None:
        self.record(fact(**self._facts(), **more))
        if self.confidential and fact not in OWN_ACTS:
            self.confidence.tell(self, fact.__event__.type)

    def _facts(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(TicketState)}


# What a complainant does, and need not be told.
OWN_ACTS = {events.TicketAnswered, events.TicketRated, events.TicketContested, events.TicketConfirmed}
ORDERS = {  # in which a list may be asked for
    "-filed_at": [Ticket.filed_at.desc(), Ticket.id.desc()],
    "filed_at": [Ticket.filed_at.asc(), Ticket.id.asc()],
}
NEWEST = ORDERS["-filed_at"]
# Emergencies first, then what is due soonest. A literal, so that the index of the same expression is found.
GRAVITY = literal_column("CASE ticket.urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END", Integer)
MOST_URGENT = [GRAVITY, Ticket.next_due_at, Ticket.id]
Index("ticket_number", Ticket.operator_id, Ticket.number, unique=True)
Index("ticket_operator", Ticket.operator_id, *NEWEST)
Index("ticket_estate", Ticket.estate_id, *NEWEST)
Index("ticket_open", Ticket.estate_id, Ticket.state, *NEWEST, postgresql_where=Ticket.state.not_in(ENDS))
Index("ticket_job", Ticket.assignee_id, *NEWEST, postgresql_where=Ticket.assignee_id.is_not(None))
Index("ticket_work", Ticket.assignee_id, *MOST_URGENT, postgresql_where=Ticket.state.in_(IN_HAND))
Index("ticket_lane", Ticket.estate_id, Ticket.state, *MOST_URGENT, postgresql_where=Ticket.state.not_in(ENDS))
Index("ticket_send", Ticket.send_at, postgresql_where=Ticket.send_at.is_not(None))
Index("ticket_reporter", Ticket.reporter_id, *NEWEST)
Index("ticket_incident", Ticket.incident_id, postgresql_where=Ticket.incident_id.is_not(None))
Index("ticket_unit", Ticket.unit_id, *NEWEST, postgresql_where=Ticket.unit_id.is_not(None))
Index("ticket_remind", Ticket.remind_at, postgresql_where=Ticket.remind_at.is_not(None))
Index("ticket_close", Ticket.closes_at, postgresql_where=Ticket.closes_at.is_not(None))
