"""What is said of call-backs 回访: somebody is to ask the owner's side how it was, did, or did not in time."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.events import event, part
from services.tickets.events.words import Kind, Urgency


class Why(StrEnum):
    """Why somebody is called back."""

    LOW_RATING = "low_rating"
    POLICY = "policy"
    SAMPLE = "sample"


class Reached(StrEnum):
    """What came of a call-back."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "not_satisfied"
    NOT_REACHED = "not_reached"


@part
class CallbackFacts:
    """A call-back and the ticket it is about."""

    callback_id: UUID
    ticket_id: UUID
    number: str
    estate_id: UUID
    unit_id: UUID | None
    kind: Kind
    title_zh: str
    title_en: str
    urgency: Urgency
    reporter_id: UUID
    confidential: bool
    assignee_id: UUID | None
    why: Why
    opened_at: datetime
    due_at: datetime


@event("tickets.callback.opened", version=1)
class CallbackOpened(CallbackFacts):
    """Somebody is to ask how it was, by `due_at`. `told` are the persons to see to it; never one complained of."""

    told: list[UUID]


@event("tickets.callback.missed", version=1)
class CallbackMissed(CallbackFacts):
    """Nobody called in time. `told` are those above."""

    told: list[UUID]


@event("tickets.callback.settled", version=1)
class CallbackSettled(CallbackFacts):
    """Somebody called, and this is what came of it; what was said stands on the call-back."""

    outcome: Reached
    settled_by: UUID
    settled_at: datetime


@event("tickets.callback_policy.changed", version=1)
class CallbackPolicyChanged:
    """Whom an operator calls back from now on: a share of the unrated, and always these kinds or emergencies, unrated."""

    sample_percent: int
    always: list[str]
    hours: int
