"""The FastAPI peer's mapped classes: the tickets service's tables as they are, with what they are asked for."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKey, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from tests.bench.twins import common


class Base(DeclarativeBase):
    type_annotation_map = {
        UUID: Uuid,
        str: Text,
        int: BigInteger,
        datetime: DateTime(timezone=True),
        dict: JSONB(none_as_null=True),
        list: JSONB(none_as_null=True),
    }


class Estate(Base):
    __tablename__ = "estate"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    operator_id: Mapped[UUID]
    code: Mapped[str]


class Unit(Base):
    __tablename__ = "unit"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    operator_id: Mapped[UUID]
    estate_id: Mapped[UUID]


class Person(Base):
    __tablename__ = "person"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]


class Contractor(Base):
    __tablename__ = "contractor"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]


class Pen(Base):
    __tablename__ = "pen"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    estate_id: Mapped[UUID]
    year: Mapped[int]
    next: Mapped[int]


class Clock(Base):
    __tablename__ = "clock"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    operator_id: Mapped[UUID]
    estate_id: Mapped[UUID]
    version: Mapped[int]
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    clock: Mapped[str]
    started_at: Mapped[datetime]
    warn_at: Mapped[datetime]
    due_at: Mapped[datetime]
    target: Mapped[int]
    counting: Mapped[str]
    counted_by: Mapped[int]
    escalate_at: Mapped[datetime | None]
    level: Mapped[str | None]
    paused_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]


class Rating(Base):
    __tablename__ = "rating"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"))
    score: Mapped[int]


class Ticket(Base):
    __tablename__ = "ticket"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    operator_id: Mapped[UUID]
    estate_id: Mapped[UUID]
    version: Mapped[int]
    number: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    unit_id: Mapped[UUID | None]
    place: Mapped[str | None]
    channel: Mapped[str]
    reporter_id: Mapped[UUID]
    filed_by: Mapped[UUID]
    complained_of: Mapped[Any] = mapped_column(ARRAY(Uuid))
    category: Mapped[str | None]
    problem: Mapped[str | None]
    description: Mapped[str]
    urgency: Mapped[str]
    preferred_times: Mapped[list | None]
    contact_phone: Mapped[str | None]
    payer: Mapped[str | None]
    question: Mapped[str | None]
    answer: Mapped[str | None]
    reason: Mapped[str | None]
    assignee_id: Mapped[UUID | None]
    held_from: Mapped[str | None]
    resolution: Mapped[str | None]
    cause: Mapped[str | None]
    parts: Mapped[list | None]
    labour_minutes: Mapped[int | None]
    reopened: Mapped[int]
    filed_at: Mapped[datetime]
    reviewed_at: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    rated_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    reopen_until: Mapped[datetime | None]
    limits: Mapped[dict | None]
    appointed_from: Mapped[datetime | None]
    appointed_to: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    reply_text: Mapped[str | None]
    outcome: Mapped[str | None]
    replied_by: Mapped[UUID | None]
    replied_at: Mapped[datetime | None]
    contested_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confidence_id: Mapped[UUID | None]
    cause_code: Mapped[str | None]
    charged_fen: Mapped[int]
    follows_id: Mapped[UUID | None]
    warranty_until: Mapped[date | None]
    contractor_id: Mapped[UUID | None]
    assignment_id: Mapped[UUID | None]
    returned: Mapped[int]
    urged: Mapped[int]
    urged_at: Mapped[datetime | None]
    send_at: Mapped[datetime | None]
    next_due_at: Mapped[datetime]  # kept by a trigger
    proposed: Mapped[dict | None]
    incident_id: Mapped[UUID | None]
    named_zh: Mapped[str | None]
    named_en: Mapped[str | None]
    clocks: Mapped[list[Clock]] = relationship(lazy="selectin")
    ratings: Mapped[list[Rating]] = relationship(lazy="selectin")
    assignee = relationship(Person, primaryjoin="foreign(Ticket.assignee_id) == Person.id", viewonly=True)
    contractor = relationship(Contractor, primaryjoin="foreign(Ticket.contractor_id) == Contractor.id", viewonly=True)
    reporter = relationship(Person, primaryjoin="foreign(Ticket.reporter_id) == Person.id", viewonly=True)

    @property
    def title_zh(self) -> str:
        return self.named_zh or common.title(self.kind, self.category)[0]

    @property
    def title_en(self) -> str:
        return self.named_en or common.title(self.kind, self.category)[1]

    @property
    def confidential(self) -> bool:
        return self.confidence_id is not None

    @property
    def dues(self) -> list[Clock]:
        return self.clocks


SHORT = (Ticket.id, Ticket.number, Ticket.kind, Ticket.state, Ticket.estate_id, Ticket.unit_id, Ticket.filed_at)
LINE = (
    *SHORT, Ticket.version, Ticket.place, Ticket.category, Ticket.problem, Ticket.urgency, Ticket.named_zh, Ticket.named_en,
    Ticket.assignee_id,
)  # fmt: skip


class Outbox(Base):
    """Mapped by its id and without its sequence: we may write here and not read."""

    __tablename__ = "outbox"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(SmallInteger)
    operator_id: Mapped[UUID]
    estate_id: Mapped[UUID | None]
    aggregate_type: Mapped[str]
    aggregate_id: Mapped[UUID]
    aggregate_version: Mapped[int]
    routing_key: Mapped[str]
    event: Mapped[dict]


class Audit(Base):
    __tablename__ = "audit"
    seq: Mapped[int] = mapped_column(primary_key=True)
    operator_id: Mapped[UUID]
    estate_id: Mapped[UUID | None]
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID]
    version: Mapped[int]
    changes: Mapped[dict]
    correlation_id: Mapped[str]


def facts_of(thing) -> dict:
    facts = {column.key: getattr(thing, column.key) for column in thing.__mapper__.column_attrs}
    if isinstance(thing, Ticket):
        facts |= {name: getattr(thing, name) for name in ("title_zh", "title_en", "confidential")}
    return facts
