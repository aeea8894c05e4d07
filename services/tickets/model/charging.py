"""The part of a ticket that is about who pays, and that nobody pays what they did not agree to."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from chassis.errors import Conflict
from services.tickets.events import Kind, Payer, QuoteState, State
from services.tickets.model.quote import Quote

QUOTABLE = (State.ACCEPTED, State.DISPATCHED, State.STARTED, State.ON_HOLD)


class NotChargeable(Conflict):
    en = "A quote is for a repair of a home at its owner's cost; this {kind} is {state}, paid by {payer}."
    zh = "报价仅适用于由业主承担费用的户内维修；此事项（{kind}）当前为「{state}」，承担方：{payer}。"


class NoQuote(Conflict):
    en = "The ticket is {state} and no quote of {total_fen} fen waits for a decision; reload it and look at its quotes."
    zh = "工单当前为「{state}」，没有金额为 {total_fen} 分的待确认报价，请刷新后查看报价。"


class Charging:
    """Mixed into Ticket."""

    payer: Mapped[Payer | None]
    warranty_until: Mapped[date | None]
    cause_code: Mapped[str | None]
    charged_fen: Mapped[int] = mapped_column(default=0)

    def quote(self, lines: list[dict], *, by: UUID, at: datetime) -> Quote:
        if (
            self.kind is not Kind.REPAIR
            or self.state not in QUOTABLE
            or self.payer is not Payer.OWNER
            or not self.unit_id
        ):
            raise NotChargeable(kind=self.kind, state=self.state, payer=self.payer or "–")
        return Quote.offered(self, lines, by=by, at=at)

    @property
    def open_quote(self) -> Quote | None:
        return self._last(QuoteState.OFFERED)

    @property
    def agreed_quote(self) -> Quote | None:
        return self._last(QuoteState.AGREED)

    @property
    def agreed_fen(self) -> int:
        return self.agreed_quote.total_fen if self.agreed_quote else 0

    def decided(self, total_fen: int) -> Quote:
        """The quote that its reader decides on: the one of this total.

        Raises:
            NoQuote: they read another one, or none waits.
        """
        quote = self.open_quote
        if quote is None or quote.total_fen != total_fen or self.state not in QUOTABLE:
            raise NoQuote(state=self.state, total_fen=total_fen)
        return quote

    def _last(self, state: QuoteState) -> Quote | None:
        if self.payer is not Payer.OWNER:
            return None
        mine = [each for each in self.quotes if each.state is state and each.closure == self.reopened]
        return mine[-1] if mine else None

    def _charge(self, charge_fen: int, at: datetime) -> None:
        self.charged_fen = charge_fen
        if self.agreed_quote and charge_fen:
            self.agreed_quote.charge(self, charge_fen, at=at)
