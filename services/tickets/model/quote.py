"""Quotes: what work would cost its owner, and what the owner says to that."""

from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from chassis.errors import Conflict
from chassis.model import Entity, OfEstate
from services.tickets import events
from services.tickets.events import QuoteFacts, QuoteState

LABOUR, PART = "labour", "part"


class QuoteDecided(Conflict):
    en = "This quote is {state} already; reload the ticket."
    zh = "该报价当前为「{state}」，请刷新后再试。"


class Quote(Entity, OfEstate):
    """One price for the whole of the work since the ticket was filed or reopened last; the last one agreed holds."""

    __table_args__ = (
        Index("quote_ticket", "ticket_id", "id"),
        Index("quote_open", "ticket_id", unique=True, postgresql_where="state = 'offered'"),
        CheckConstraint("total_fen = labour_fen + parts_fen AND total_fen >= 0", name="total"),
    )

    ticket_id: Mapped[UUID]
    closure: Mapped[int]  # which end of the ticket it leads to
    state: Mapped[QuoteState] = mapped_column(default=QuoteState.OFFERED)
    lines: Mapped[list]  # [{"kind": "labour" or "part", "name", "quantity", "price_fen"}]
    labour_fen: Mapped[int]
    parts_fen: Mapped[int]
    total_fen: Mapped[int]
    offered_by: Mapped[UUID]
    offered_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]  # why it was refused
    charged_fen: Mapped[int | None]

    @classmethod
    def offered(cls, ticket, lines: list[dict], *, by: UUID, at: datetime) -> "Quote":
        labour, parts = _sum(lines, LABOUR), _sum(lines, PART)
        quote = cls(
            operator_id=ticket.operator_id,
            estate_id=ticket.estate_id,
            ticket_id=ticket.id,
            closure=ticket.reopened,
            lines=lines,
            labour_fen=labour,
            parts_fen=parts,
            total_fen=labour + parts,
            offered_by=by,
            offered_at=at,
        )
        quote._say(events.QuoteOffered, ticket)
        return quote

    def agree(self, ticket, *, by: UUID, at: datetime) -> None:
        self._decide(QuoteState.AGREED, by, at)
        self._say(events.QuoteAgreed, ticket)

    def refuse(self, ticket, reason: str, *, by: UUID, at: datetime) -> None:
        self._decide(QuoteState.REFUSED, by, at)
        self.reason = reason
        self._say(events.QuoteRefused, ticket)

    def withdraw(self, ticket, *, by: UUID, at: datetime) -> None:
        self._decide(QuoteState.WITHDRAWN, by, at)
        self._say(events.QuoteWithdrawn, ticket)

    def charge(self, ticket, amount_fen: int, *, at: datetime) -> None:
        """The work is done: from now on the owner owes this, which is no more than was agreed."""
        self.charged_fen = amount_fen
        amounts = {name: getattr(self, name) for name in ("labour_fen", "parts_fen")}
        whose = {name: getattr(ticket, name) for name in ("ticket_id", "number", "estate_id", "unit_id")}
        self.record(
            events.ChargeAgreed(
                quote_id=self.id,
                discount_fen=self.total_fen - amount_fen,
                amount_fen=amount_fen,
                agreed_by=self.decided_by,
                agreed_at=self.decided_at,
                completed_at=at,
                **amounts,
                **whose,
            )
        )

    def _decide(self, state: QuoteState, by: UUID, at: datetime) -> None:
        if self.state is not QuoteState.OFFERED:
            raise QuoteDecided(state=self.state)
        self.state, self.decided_by, self.decided_at = state, by, at

    @property
    def quote_id(self) -> UUID:
        return self.id

    def _say(self, fact: type, ticket) -> None:
        own = {*QUOTED} & {column.key for column in type(self).__table__.columns} | {"quote_id"}
        self.record(fact(**{name: getattr(self if name in own else ticket, name) for name in QUOTED}))


QUOTED = [f.name for f in fields(QuoteFacts)]


def _sum(lines: list[dict], kind: str) -> int:
    return sum(line["quantity"] * line["price_fen"] for line in lines if line["kind"] == kind)
