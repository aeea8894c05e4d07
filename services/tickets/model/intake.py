"""What a ticket keeps from its intake: what its words proposed, and what a person confirmed it to be."""

from dataclasses import asdict

from sqlalchemy.orm import Mapped, mapped_column

from services.tickets.events import Urgency
from services.tickets.model.classifier import Proposal


class Intake:
    """Mixed into Ticket."""

    # {"category", "problem", "urgency", "words": [{"words", "speaks_for", "points"}]}; its words are the reporter's own
    proposed: Mapped[dict | None] = mapped_column(info={"private": True})

    def propose(self, proposal: Proposal) -> None:
        """Keep what the words say, if they say anything; it decides nothing."""
        if proposal.category or proposal.urgency is not Urgency.NORMAL:
            self.proposed = asdict(proposal)

    def classify(self, *, category: str | None, problem: str | None, urgency: Urgency | None) -> None:
        """What it is, as a person confirmed or corrected; what is None stays as it was."""
        if category:
            self.category, self.problem = category, problem
        self.urgency = urgency or self.urgency
