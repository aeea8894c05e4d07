"""What notify says. Ids and states only: the words of a message stay here."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.events import event, part


class Channel(StrEnum):
    """The ways to a person. In-app is the list of messages after sign-in; the others leave the house."""

    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms"


class Category(StrEnum):
    """What a message is about, as far as its reader may choose how to get it."""

    TICKETS = "tickets"  # how my own requests fare
    RATING = "rating"  # invitations to rate
    NOTICES = "notices"  # of my estate: what is out of order, and what will be off
    WORK = "work"  # staff: something to do
    ALERTS = "alerts"  # staff: a limit is near or past
    LEGAL = "legal"  # notices the law asks for
    ACCOUNT = "account"  # invitations and new passwords: nothing to choose


@part
class Choice:
    """By which channels a person wants one category."""

    category: Category
    channels: list[Channel]


@event("notify.delivery.failed", version=1)
class DeliveryFailed:
    """A message will not reach this person by this channel: refused for good, out of attempts, or no address known."""

    delivery_id: UUID
    message_id: UUID
    person_id: UUID
    estate_id: UUID | None
    template: str
    channel: Channel
    reason: str
    attempts: int
    failed_at: datetime


@event("notify.preference.changed", version=1)
class PreferenceChanged:
    """A person chose how, and at what hours, to be told."""

    person_id: UUID
    choices: list[Choice]
    quiet_from: str | None
    quiet_until: str | None
    timezone: str
