"""The part of a ticket that asks for words and not for work: who is to answer, the answer, and what its reader says to it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.tickets import events
from services.tickets.events import Kind, Limit, Outcome
from services.tickets.model.moves import ENDS, Move, move

OUTCOMES = {  # what an answer may come to; an inquiry is simply answered
    Kind.COMPLAINT: (Outcome.UPHELD, Outcome.PARTLY_UPHELD, Outcome.NOT_UPHELD),
    Kind.SUGGESTION: (Outcome.ADOPTED, Outcome.PARTLY_ADOPTED, Outcome.NOT_ADOPTED),
    Kind.INQUIRY: (Outcome.ANSWERED,),
}


class Answering:
    """Mixed into Ticket."""

    reply_text: Mapped[str | None] = mapped_column(info={"private": True})
    outcome: Mapped[Outcome | None]
    replied_by: Mapped[UUID | None]
    replied_at: Mapped[datetime | None]
    contested_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]

    def assign(self, responsible_id: UUID, *, at: datetime) -> None:
        """Somebody is to look into it and answer."""
        move(self, Move.ASSIGN, who=responsible_id)
        self.assignee_id = responsible_id
        self.turn(events.TicketAssigned, at, meets=[Limit.REVIEW])

    def reply(self, text: str, outcome: Outcome, *, by: UUID, terms, at: datetime) -> None:
        """The answer. Its reader is reminded to say something to it, and it closes, at the spans of `terms`."""
        move(self, Move.REPLY, who=by)
        self.reply_text, self.outcome, self.replied_by, self.replied_at = text, outcome, by, at
        self.assignee_id = self.assignee_id or by
        self.remind_at, self.closes_at = at + terms.remind_after, at + terms.close_after
        self.reopen_until = at + terms.warranty
        self._meet_clocks(at)
        self._end(at)
        self._say(events.TicketReplied, outcome=outcome, closes_at=self.closes_at)

    def contest(self, reason: str, *, review_within: timedelta, at: datetime) -> None:
        """The answer is not accepted, once: somebody else looks at it, within the time of a review."""
        move(self, Move.CONTEST)
        self.closures[-1].reopen(at)
        self.reason, self.contested_at, self.assignee_id = reason, at, None
        self.reopened += 1
        self.rated_at = self.remind_at = self.closes_at = self.reopen_until = None
        self._say_and_wind(events.TicketContested, review_within, at)

    def put_on_agenda(self, *, at: datetime) -> None:
        """For the estate's next monthly meeting; its outcome is the answer."""
        move(self, Move.PUT_ON_AGENDA)
        self._meet_clocks(at)
        self._say(events.SuggestionPutOnAgenda)

    def confirm(self, *, at: datetime) -> None:
        """It is mended, or the answer is accepted. An answer is closed by that; work still may be rated until it closes."""
        move(self, Move.CONFIRM)
        self.confirmed_at, self.remind_at = at, None
        self._say(events.TicketConfirmed)
        if self.state in ENDS:
            self.closed_at, self.closes_at = at, None
            self._say(events.TicketClosed, rated=self.rated_at is not None)
