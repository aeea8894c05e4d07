"""The part of a ticket that is about who does the work: sent, passed on, given back, urged."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.tickets import events
from services.tickets.events import Limit, SentBy, State
from services.tickets.model.dispatch import Assignment, Left
from services.tickets.model.moves import IllegalMove, Move, move

NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # when nothing is due; sorts after all that is
AT_SENDING = {Limit.ARRIVAL: None, Limit.RESOLUTION: None}  # the limits that run from then on, each by its own target
AT_WORK = (State.DISPATCHED, State.STARTED, State.ON_HOLD)
IN_HAND = (*AT_WORK, State.ASSIGNED, State.CONTESTED)  # somebody's to do, be it work or an answer
TO_BE_URGED = (State.SUBMITTED, State.ACCEPTED, *AT_WORK)


class Sending:
    """Mixed into Ticket."""

    contractor_id: Mapped[UUID | None]  # in the place of an assignee
    assignment_id: Mapped[UUID | None]  # of whoever has it now
    returned: Mapped[int] = mapped_column(default=0)  # how often it was given back
    urged: Mapped[int] = mapped_column(default=0)
    urged_at: Mapped[datetime | None]
    send_at: Mapped[datetime | None]  # when the clock tries to send somebody
    next_due_at: Mapped[datetime] = mapped_column(default=NEVER)  # of its running clocks, kept by a trigger of theirs

    @property
    def is_held_by_somebody(self) -> bool:
        return self.state in AT_WORK and bool(self.assignee_id or self.contractor_id)

    def dispatch(
        self,
        technician_id: UUID | None = None,
        *,
        contractor_id: UUID | None = None,
        way: SentBy = SentBy.DISPATCHER,
        by: UUID | None = None,
        factors: list | None = None,
        at: datetime,
    ) -> None:
        """Send a technician or a contractor."""
        move(self, Move.DISPATCH)
        self._send(technician_id, contractor_id, way=way, by=by, factors=factors, at=at)
        self.turn(events.TicketDispatched, at, meets=[Limit.REVIEW], winds=AT_SENDING, way=way)

    def transfer(
        self,
        technician_id: UUID | None = None,
        *,
        contractor_id: UUID | None = None,
        by: UUID | None,
        reason: str,
        at: datetime,
    ) -> None:
        """Somebody else has it from now on 转单, whoever began begins anew; the owner's limits run on."""
        move(self, Move.TRANSFER)
        before = self._leave(Left.TRANSFERRED, reason, at)
        self._send(technician_id, contractor_id, way=SentBy.TRANSFER, by=by, at=at)
        self.turn(events.TicketTransferred, at, winds=AT_SENDING, **before)

    def give_back(self, reason: str, *, review_within: timedelta, at: datetime) -> None:
        """Not mine to do 退单: it waits to be sent anew, and a limit for that runs again."""
        move(self, Move.RETURN)
        before = self._leave(Left.RETURNED, reason, at)
        self._say_and_wind(events.TicketReturned, review_within, at, **before)

    def decline(self, reason: str, *, review_within: timedelta, at: datetime) -> None:
        """Not taken on, before anything was begun."""
        move(self, Move.DECLINE)
        before = self._leave(Left.DECLINED, reason, at)
        self._say_and_wind(events.TicketDeclined, review_within, at, **before)

    def urge(self, *, at: datetime) -> None:
        """The owner's side asks for speed 催单."""
        if self.state not in TO_BE_URGED:
            raise IllegalMove(state=self.state, move="urge")
        self.urged, self.urged_at = self.urged + 1, at
        self._say(events.TicketUrged, urged=self.urged, urged_at=at)

    def take_on(self, *, at: datetime) -> None:
        """The contractor who was sent says yes; a second time changes nothing."""
        if self.assignment.taken_on_at is None:
            self.assignment.taken_on_at = at
            self._say(events.TicketTakenOn)

    def change_link(self, lasts: timedelta | None, *, at: datetime) -> str | None:
        """A new way in for the contractor who has it, or with None none any more. → the secret"""
        secret = self.assignment.open_by_link(at, lasts) if lasts else self.assignment.close_link()
        self._say(events.TicketLinkChanged, link_until=self.assignment.link_until)
        return secret

    def _send(self, technician_id, contractor_id, *, way, by, at, factors=None) -> None:
        self.assignment = Assignment(
            operator_id=self.operator_id,
            estate_id=self.estate_id,
            ticket_id=self.id,
            technician_id=technician_id,
            contractor_id=contractor_id,
            way=way,
            sent_by=by,
            factors=factors,
            sent_at=at,
        )
        self.assignee_id, self.contractor_id = technician_id, contractor_id
        self.assignment_id = self.assignment.id
        self.dispatched_at, self.started_at, self.arrived_at, self.send_at = at, None, None, None

    def _leave(self, how: Left, reason: str, at: datetime) -> dict[str, UUID | None]:
        """Nobody has it for now. → who had it, as events say it"""
        had = {"former_id": self.assignee_id, "former_contractor_id": self.contractor_id}
        if self.assignment:  # sent before assignments were kept: none
            self.assignment.leave(how, at=at, reason=reason)
        if how is not Left.TRANSFERRED:
            self.returned += 1
        self.reason = reason
        self.set_free()
        return had

    def set_free(self) -> None:
        self.assignee_id = self.contractor_id = self.assignment_id = self.assignment = None
        self.dispatched_at = self.started_at = self.arrived_at = self.appointed_from = self.appointed_to = None
