"""What a ticket keeps from its intake: what its words proposed, what a person confirmed it to be, and whether it is one
report among many about one incident."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from chassis.errors import Conflict
from services.tickets import events
from services.tickets.events import Kind, Outcome, Urgency
from services.tickets.model import taxonomy
from services.tickets.model.classifier import Proposal
from services.tickets.model.moves import ENDS, Move
from services.tickets.model.taxonomy import Taxonomy


def own_title(known: Taxonomy, kind: Kind, category: str | None, problem: str | None) -> dict[str, str | None]:
    """The title that a ticket keeps, or nothing where it is the standard one, which never changes."""
    title = known.title(kind, category, problem)
    zh, en = (None, None) if title == taxonomy.title(kind, category, problem) else title
    return {"named_zh": zh, "named_en": en}


class CannotJoin(Conflict):
    en = "This ticket ({why}) cannot be joined to the incident; open tickets of the same estate can, to one incident each."
    zh = "该工单（{why}）不能并入事件；仅可并入同一项目的未结工单，且只能并入一个事件。"


class NeedsAPerson(Conflict):
    en = "A {kind} is answered by a person, not by the end of an incident."
    zh = "「{kind}」须由人工答复，不随事件结束。"


class Intake:
    """Mixed into Ticket."""

    # {"category", "problem", "urgency", "words": [{"words", "speaks_for", "points"}]}; its words are the reporter's own
    proposed: Mapped[dict | None] = mapped_column(info={"private": True})
    incident_id: Mapped[UUID | None]
    named_zh: Mapped[
        str | None
    ]  # the title it was given, where the operator's taxonomy says it otherwise than the standard
    named_en: Mapped[str | None]

    def propose(self, proposal: Proposal) -> None:
        """Keep what the words say, if they say anything; it decides nothing."""
        if proposal.category or proposal.urgency is not Urgency.NORMAL:
            self.proposed = asdict(proposal)

    def classify(self, *, category: str | None, problem: str | None, urgency: Urgency | None, known: Taxonomy) -> None:
        """What it is, as a person confirmed or corrected; what is None stays as it was."""
        if category:
            self.category, self.problem = category, problem
            for name, value in own_title(known, self.kind, category, problem).items():
                setattr(self, name, value)
        self.urgency = urgency or self.urgency

    def join(self, incident) -> None:
        """It is about this incident, and ends with it."""
        why = self._kept_from(incident)
        if why:
            raise CannotJoin(why=why)
        self.incident_id = incident.id
        self._say(events.TicketJoined, incident_id=incident.id)

    def part(self) -> None:
        """It was about something else after all."""
        incident_id, self.incident_id = self.incident_id, None
        self._say(events.TicketParted, incident_id=incident_id)

    def settle(self, text: str, *, by: UUID, terms, at: datetime) -> None:
        """The incident is over, and this with it: a repair is completed, a question answered.

        Raises:
            IllegalMove: somebody is at work on it, or it ended otherwise.
            NeedsAPerson: complaints and suggestions want an answer of their own.
        """
        if self.kind is Kind.REPAIR:
            if self.open_quote:  # nobody is asked to pay for what is over
                self.open_quote.withdraw(self, by=by, at=at)
            self.complete(text, terms=terms, at=at, act=Move.SETTLE, charge_fen=0)
            self._meet_clocks(at)
        elif self.kind is Kind.INQUIRY:
            self.reply(text, Outcome.ANSWERED, by=by, terms=terms, at=at)
        else:
            raise NeedsAPerson(kind=self.kind)

    def _kept_from(self, incident) -> str | None:
        if self.state in ENDS:
            return str(self.state)
        if getattr(self, "confidence_id", None) or self.estate_id != incident.estate_id:
            return str(self.kind)
        return str(self.incident_id) if self.incident_id else None
