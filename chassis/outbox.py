"""What entities recorded becomes outbox and audit rows in the flush that writes the change itself.

So nobody can forget to publish, and nobody can publish what was rolled back.
"""

import zlib
from typing import Any
from uuid import UUID

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from chassis import tables, writing
from chassis.events import Envelope, dump
from chassis.ids import new_id
from chassis.model import Entity, Row

SHARDS = 16
MASK = "•••"
UNTOLD = {"id", "operator_id", "estate_id", "version"}  # columns that a change list need not repeat


def shard_of(aggregate_id: UUID) -> int:
    return zlib.crc32(aggregate_id.bytes) % SHARDS


def envelope_of(work, entity: Entity, fact, version: int, actor: str | None = None) -> Envelope:
    kind = type(fact).__event__
    return Envelope(
        id=new_id(),
        source=f"/{work.service.name}",
        type=kind.type,
        subject=f"{kind.aggregate}/{entity.id}",
        time=work.now,
        operator_id=entity.operator_id,
        estate_id=getattr(entity, "estate_id", None),
        sequence=version,
        correlation_id=work.correlation_id,
        causation_id=str(work.cause.id) if work.cause else None,
        traceparent=work.traceparent,
        actor=actor or entity.told_as(work.actor),
        data=dump(fact),
    )


def outbox_row(envelope: Envelope) -> dict[str, Any]:
    aggregate, _, named = envelope.subject.partition("/")
    aggregate_id = UUID(named)
    return {
        "id": envelope.id,
        "shard": shard_of(aggregate_id),
        "operator_id": envelope.operator_id,
        "estate_id": envelope.estate_id,
        "aggregate_type": aggregate,
        "aggregate_id": aggregate_id,
        "aggregate_version": envelope.sequence,
        "routing_key": envelope.type,
        "event": envelope.to_dict(),
    }


def audit_row(envelope: Envelope, changes: dict) -> dict[str, Any]:
    subject_type, _, subject_id = envelope.subject.partition("/")
    return {
        "operator_id": envelope.operator_id,
        "estate_id": envelope.estate_id,
        "at": envelope.time,
        "actor": envelope.actor,
        "action": envelope.type,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "version": envelope.sequence,
        "changes": changes,
        "correlation_id": envelope.correlation_id,
    }


def changes_of(entity: Entity) -> dict[str, list]:
    """{column: [before, after]} of what this flush will write; private columns only say that they changed."""
    state, changes = inspect(entity), {}
    for attribute in state.mapper.column_attrs:
        before, after = (None, None) if attribute.key in UNTOLD else _change(state, attribute.key)
        if before != after:
            changes[attribute.key] = masked(attribute.columns[0], [before, after])
    return changes


def masked(column, change: list) -> list:
    """Private columns only say that they changed."""
    return [None if value is None else MASK for value in change] if column.info.get("private") else change


def _change(state, name: str) -> tuple:
    """Before and after; for what is new there is no past to ask for, which makes many at once half as dear."""
    if state.pending:
        return None, state.dict.get(name)
    past = state.attrs[name].history
    return (past.deleted or [None])[0], (past.added or [None])[0]


@event.listens_for(Session, "before_flush")
def _before(session: Session, _context, _instances) -> None:
    """New rows first. When nothing else changes, what tells of them goes along, and the flush is over."""
    work = session.info.get("work")
    if work is None:
        return
    told = _gather(session, work)
    pieces = writing.pieces_of(session)
    if session.dirty or session.deleted:
        session.info["told"] = told
    else:
        pieces += told
    writing.write(session.connection(), pieces)
    writing.settle(session)


@event.listens_for(Session, "after_flush")
def _after(session: Session, _context) -> None:
    """A lost update is found by the version first, and only then told."""
    writing.write(session.connection(), session.info.pop("told", ()))


def _gather(session: Session, work) -> list[writing.Piece]:
    """The outbox and audit rows of what was recorded since the last flush."""
    told = []
    for thing in [*session.new, *session.dirty]:
        if isinstance(thing, Row) and thing.operator_id is None:
            thing.operator_id = work.actor.operator_id
        facts = vars(thing).pop("recorded", None) if isinstance(thing, Entity) else None
        if facts and work.mute:
            raise TypeError(f"{type(thing).__name__} recorded an event in what is done for many events together")
        if facts:
            changes = changes_of(thing)
            for order, fact, version in facts:
                told.append((order, envelope_of(work, thing, fact, version), changes))
                changes = {}
    if not told:
        return []
    told.sort(key=lambda each: each[0])
    return [
        (tables.outbox, [outbox_row(envelope) for _, envelope, _ in told]),
        (tables.audit, [audit_row(envelope, changes) for _, envelope, changes in told]),
    ]
