"""Waits for somebody else that stop a limit, kept as intervals."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from chassis.model import OfEstate, Row
from services.tickets.events import Limit, Waiting
from services.tickets.model.timing import Stop

STOPS = {  # which limits a reason may stop
    Waiting.QUESTION: {Limit.REVIEW, Limit.ANSWER},
    Waiting.OWNER: {Limit.ARRIVAL, Limit.RESOLUTION, Limit.ANSWER},
    Waiting.PARTS: {Limit.RESOLUTION},
    Waiting.FUND_VOTE: {Limit.RESOLUTION},
    Waiting.THIRD_PARTY: {Limit.RESOLUTION},
    Waiting.WEATHER: {Limit.ARRIVAL, Limit.RESOLUTION},
}


class Pause(Row, OfEstate):
    """A ticket waited, for its limits that the reason may stop; never beyond `until`, what was left of the reason's cap."""

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"), index=True)
    reason: Mapped[Waiting]
    started_at: Mapped[datetime]
    until: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def stop(self) -> Stop:
        return Stop(self.started_at, self.until, self.ended_at)

    def stops(self, limit: Limit) -> bool:
        return limit in STOPS[self.reason]
