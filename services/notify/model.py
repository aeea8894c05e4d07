"""What notify keeps: messages, their deliveries, people's preferences; and copies of who lives and works where.

A message is one event told to one person, in words fixed when it is written. A delivery is one way of getting it there.
"""

import random
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.actor import Actor, Kind
from chassis.errors import Conflict, Invalid
from chassis.i18n import Sentence
from chassis.model import Copy, Entity, OfEstate, Row
from services.notify.events import Category, Channel, Choice, DeliveryFailed, PreferenceChanged

HOME_ZONE = "Asia/Shanghai"


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Message(Row):
    """One event, told to one person. Of an operator: a person reads their own wherever the thing was."""

    estate_id: Mapped[UUID | None]
    event_id: Mapped[UUID]
    person_id: Mapped[UUID]
    template: Mapped[str]
    category: Mapped[Category]
    language: Mapped[str]
    subject: Mapped[str] = mapped_column(info={"private": True})
    body: Mapped[str] = mapped_column(info={"private": True})
    about_type: Mapped[str]
    about_id: Mapped[UUID]
    in_app: Mapped[bool]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("event_id", "person_id"),
        Index("message_list", "operator_id", "person_id", "created_at", "id", postgresql_where=text("in_app")),
        Index("message_unread", "operator_id", "person_id", postgresql_where=text("in_app AND read_at IS NULL")),
    )

    @property
    def about(self) -> dict:
        return {"type": self.about_type, "id": self.about_id}

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None):
        """A message exists for the person it was written to, and for nobody else, whatever their role."""
        if actor.kind is not Kind.PERSON:
            return super().visible_to(actor, permission) if actor.kind is Kind.SYSTEM else false()
        return (cls.operator_id == actor.operator_id) & (cls.person_id == actor.id) & cls.in_app

    def read(self, at: datetime) -> None:
        """The first reading counts."""
        self.read_at = self.read_at or at


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────


class State(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


# A receipt may overtake our own note that we sent; a lease that ran out may be claimed again.
MOVES = {
    State.PENDING: {State.SENDING, State.FAILED},
    State.SENDING: {State.SENDING, State.PENDING, State.SENT, State.DELIVERED, State.FAILED},
    State.SENT: {State.DELIVERED, State.FAILED},
    State.DELIVERED: set(),
    State.FAILED: set(),
}
FINAL = {state for state, onward in MOVES.items() if not onward}
MOST_ATTEMPTS = 12  # with the waits below, about 14 hours: longer than a provider's bad night
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)


class IllegalMove(Conflict):
    en = "A delivery that is {state} cannot become {to}; reload it and look at its state."
    zh = "投递当前为「{state}」，不能变为「{to}」，请刷新后再试。"


# Who gets these has filed a confidential complaint; neither lists nor events speak of their deliveries.
CONFIDED = ("tickets.confidence.told", "tickets.confidence.disclosed")


class Delivery(Entity):
    """One message by one channel. The outside gets the same `key` on every attempt and may know a repeat by it.

    Attempts are book-keeping and say nothing; the end that needs somebody's eye, `failed`, is an event.
    """

    estate_id: Mapped[UUID | None]
    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id"))
    message: Mapped[Message] = relationship()  # so that both can be added in one flush
    event_id: Mapped[UUID]
    person_id: Mapped[UUID]
    template: Mapped[str]
    channel: Mapped[Channel]
    state: Mapped[State] = mapped_column(default=State.PENDING)
    letter: Mapped[str | None] = mapped_column(info={"private": True})  # sealed; forgotten at the end
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    provider_id: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("event_id", "person_id", "channel"),
        Index("delivery_due", "channel", "next_attempt_at", postgresql_where=text("state IN ('pending', 'sending')")),
        Index("delivery_list", "estate_id", "created_at", "id"),
        Index("delivery_newest", "operator_id", "created_at", "id"),
        Index("delivery_message", "message_id"),
    )

    @property
    def key(self) -> str:
        return f"{self.event_id}:{self.person_id}:{self.channel}"

    @property
    def reference(self) -> str:
        """What the provider hands back with its receipt: the operator's door and the delivery behind it."""
        return f"{self.operator_id}:{self.id}"

    def claim(self, until: datetime) -> None:
        """One sender has it until then; after that, it counts as lost on the way and is due again."""
        self._move(State.SENDING)
        self.attempts += 1
        self.next_attempt_at = until

    def give_back(self, at: datetime) -> None:
        """Claimed but not tried, for want of time."""
        self._move(State.PENDING)
        self.attempts -= 1
        self.next_attempt_at = at

    def sent(self, provider_id: str, at: datetime) -> None:
        self._move(State.SENT)
        self.provider_id, self.sent_at, self.last_error = provider_id, at, None
        self._forget()

    def delivered(self, at: datetime) -> None:
        self._move(State.DELIVERED)
        self.sent_at = self.sent_at or at
        self.delivered_at = at
        self._forget()

    def postpone(self, reason: str, at: datetime, wait: timedelta | None = None) -> None:
        """Try again later, or give up when it was tried often enough."""
        if self.attempts >= MOST_ATTEMPTS:
            return self.fail(reason, at)
        self._move(State.PENDING)
        self.last_error = reason
        self.next_attempt_at = at + (wait or backoff(self.attempts))

    def fail(self, reason: str, at: datetime) -> None:
        self._move(State.FAILED)
        self.last_error, self.failed_at = reason, at
        self._forget()
        if self.template in CONFIDED:
            return
        self.record(
            DeliveryFailed(
                delivery_id=self.id,
                message_id=self.message_id,
                person_id=self.person_id,
                estate_id=self.estate_id,
                template=self.template,
                channel=self.channel,
                reason=reason,
                attempts=self.attempts,
                failed_at=at,
            )
        )

    def _forget(self) -> None:
        """The words, which may hold a sign-in token, do not outlive their use."""
        self.letter = self.next_attempt_at = None

    def _move(self, to: State) -> None:
        if to not in MOVES[self.state]:
            raise IllegalMove(state=self.state, to=to)
        self.state = to


def backoff(attempts: int) -> timedelta:
    """30 s, 1 min, 2 min … 6 h, each give or take a fifth so that a crowd does not come back at once."""
    wait = min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
    return wait * random.uniform(0.8, 1.2)


# ── preferences ──────────────────────────────────────────────────────────────────────────────────────────────────

LEGAL_STAYS = Sentence(
    "Legal notices always appear in the app: keep in_app for them.", "法定通知须在应用内显示，请保留 in_app。"
)
CHOSEN = tuple(category for category in Category if category is not Category.ACCOUNT)
ALL_CHANNELS = tuple(Channel)


class Preference(Entity):
    """How one person wants to be told; its id is the person's. Without one, everything comes by every channel at any hour."""

    channels: Mapped[dict] = mapped_column(default=dict)
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    timezone: Mapped[str] = mapped_column(default=HOME_ZONE)

    def open_to(self, actor: Actor, permission: str) -> bool:
        return actor.id == self.id

    def wants(self, category: Category) -> tuple[Channel, ...]:
        """Channels for this category; about their own account nobody goes without."""
        if category is Category.ACCOUNT:
            return ALL_CHANNELS
        return tuple(Channel(name) for name in self.channels.get(category, ALL_CHANNELS))

    @property
    def choices(self) -> dict[str, list[Channel]]:
        return {category.value: list(self.wants(category)) for category in CHOSEN}

    def change(
        self, *, channels: dict[str, list[Channel]], quiet_from: time | None, quiet_until: time | None, timezone: str
    ):
        """Replace it all. Raises Invalid when a notice the law asks for would have nowhere to appear."""
        if Channel.IN_APP not in channels[Category.LEGAL]:
            raise Invalid(errors={"channels": [LEGAL_STAYS]})
        self.channels = {category: [channel.value for channel in chosen] for category, chosen in channels.items()}
        self.quiet_from, self.quiet_until, self.timezone = quiet_from, quiet_until, timezone
        self.record(
            PreferenceChanged(
                person_id=self.id,
                choices=[Choice(category=category, channels=list(self.wants(category))) for category in CHOSEN],
                quiet_from=quiet_from and f"{quiet_from:%H:%M}",
                quiet_until=quiet_until and f"{quiet_until:%H:%M}",
                timezone=timezone,
            )
        )

    def awake(self, at: datetime) -> datetime:
        """`at`, or the end of the quiet hours it falls into."""
        return after_quiet(at, self.quiet_from, self.quiet_until, self.timezone)


def after_quiet(at: datetime, quiet_from: time | None, quiet_until: time | None, timezone: str) -> datetime:
    """The first instant from `at` on that is outside the daily quiet hours, which may span midnight."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return at
    local = at.astimezone(ZoneInfo(timezone))
    clock = local.time().replace(tzinfo=None)
    spans_midnight = quiet_from > quiet_until
    quiet = (clock >= quiet_from or clock < quiet_until) if spans_midnight else quiet_from <= clock < quiet_until
    if not quiet:
        return at
    day = local.date() + timedelta(days=1 if spans_midnight and clock >= quiet_from else 0)
    return datetime.combine(day, quiet_until, ZoneInfo(timezone)).astimezone(UTC)


# ── copies of the directory ──────────────────────────────────────────────────────────────────────────────────────


class Estate(Copy):
    region_id: Mapped[UUID]
    name_zh: Mapped[str]
    name_en: Mapped[str]
    timezone: Mapped[str]

    __table_args__ = (Index("estate_region", "region_id"),)


class Unit(Copy, OfEstate):
    spoken_zh: Mapped[str]
    spoken_en: Mapped[str]


class Person(Copy):
    """Phone and e-mail stay ciphertext; only the sender opens them, for the moment of sending."""

    name: Mapped[str] = mapped_column(info={"private": True})
    language: Mapped[str]
    phone_sealed: Mapped[str | None] = mapped_column(info={"private": True})
    email_sealed: Mapped[str | None] = mapped_column(info={"private": True})

    def sealed_address(self, channel: Channel) -> str | None:
        return {Channel.EMAIL: self.email_sealed, Channel.SMS: self.phone_sealed}.get(channel)


class Occupancy(Copy, OfEstate):
    unit_id: Mapped[UUID]
    person_id: Mapped[UUID]
    relation: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    void: Mapped[bool]

    __table_args__ = (Index("occupancy_unit", "unit_id"), Index("occupancy_estate", "estate_id"))


class Staff(Copy):
    """Roles as `[{"role", "scope"}]`, to be asked by containment."""

    roles: Mapped[list]
    active: Mapped[bool]

    __table_args__ = (
        Index("staff_roles", "roles", postgresql_using="gin", postgresql_ops={"roles": "jsonb_path_ops"}),
    )


class Duty(Copy):
    estate_id: Mapped[UUID | None]
    region_id: Mapped[UUID | None]
    role: Mapped[str]
    person_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    level: Mapped[int]
    cancelled: Mapped[bool]

    __table_args__ = (Index("duty_time", "operator_id", "ends_at"),)
