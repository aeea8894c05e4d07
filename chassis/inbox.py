"""The inbox: each reaction hears each event exactly once, whatever is delivered twice.

The row that remembers the event is written in the transaction of the effect, so there is never one without the other.
A batch shares one transaction with a savepoint for each reaction, because a commit for each message is what costs
(messaging.md §9); when the whole fails, each message is tried alone, so that the innocent are committed.
"""

from dataclasses import dataclass
from enum import StrEnum

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session

from chassis.actor import actor_of_event
from chassis.errors import Problem
from chassis.events import BrokenEvent, Envelope, Reaction, load
from chassis.failpoint import failpoint
from chassis.observe import span
from chassis.tables import inbox

log = structlog.get_logger(__name__)
UNSURE = (OperationalError, InterfaceError, NoConnectionFree)  # the transaction, or the whole database, may be gone
REASON_LENGTH = 300


class DatabaseAway(Exception):
    """The database does not answer. What was to be heard is heard later; no message is to blame."""


class Verdict(StrEnum):
    DONE = "done"
    RETRY = "retry"
    PARK = "park"


@dataclass(frozen=True)
class Outcome:
    """What is to become of a message. A message with several reactions is done when all of them are."""

    verdict: Verdict
    reason: str = ""

    @property
    def done(self) -> bool:
        return self.verdict is Verdict.DONE


DONE = Outcome(Verdict.DONE)


def parked(reason: str) -> Outcome:
    return Outcome(Verdict.PARK, reason)


def process(runtime, envelopes: list[Envelope]) -> list[Outcome]:
    """Let the service's reactions hear these events, in order. → an outcome for each of them.

    Raises:
        DatabaseAway: with some perhaps committed; hearing all of them again does no harm.
    """
    try:
        with runtime.transaction() as session:
            outcomes = [_hear(runtime, session, envelope) for envelope in envelopes]
            session.flush()
            failpoint("before_commit")
        return outcomes
    except Exception as error:
        log.info("inbox.one_by_one", messages=len(envelopes), reason=reason_of(error))
        return [_hear_alone(runtime, envelope) for envelope in envelopes]


def answers(runtime) -> bool:
    """Whether the database answers a simple question now."""
    try:
        with runtime.engine.connect() as connection:
            connection.execute(select(1))
    except UNSURE:
        return False
    return True


def reason_of(error: BaseException) -> str:
    """One line for people. Of the database's words only the message: its details repeat the values of the row."""
    if isinstance(error, DBAPIError):
        diagnosis = getattr(error.orig, "diag", None)
        return f"{type(error.orig).__name__}: {getattr(diagnosis, 'message_primary', None) or 'no message'}"
    text = str(error) if isinstance(error, Problem | BrokenEvent) else f"{type(error).__name__}: {error}"
    return text.partition("\n")[0][:REASON_LENGTH]


def _hear_alone(runtime, envelope: Envelope) -> Outcome:
    try:
        with runtime.transaction() as session:
            return _hear(runtime, session, envelope)
    except Exception as error:
        if isinstance(error, UNSURE) and not answers(runtime):
            raise DatabaseAway(reason_of(error)) from error
        return _failed(envelope, "the commit", error)


def _hear(runtime, session: Session, envelope: Envelope) -> Outcome:
    reactions = runtime.service.reactions_to(envelope.type)
    if not reactions:
        return _not_for_us(runtime.service, envelope)
    outcomes = [_react(runtime, session, envelope, reaction) for reaction in reactions]
    return min(outcomes, key=lambda outcome: (Verdict.RETRY, Verdict.PARK, Verdict.DONE).index(outcome.verdict))


def _not_for_us(service, envelope: Envelope) -> Outcome:
    """A version we do not know waits for people; a fact we stopped listening to is simply over."""
    name = _unversioned(envelope.type)
    if name in map(_unversioned, service.hears):
        return parked(f"{envelope.type}: {service.name} does not know this version")
    return DONE


def _unversioned(type: str) -> str:
    return type.rpartition(".v")[0]


def _react(runtime, session: Session, envelope: Envelope, reaction: Reaction) -> Outcome:
    """One reaction in a savepoint. What it left behind in the session after a failure is forgotten with it."""
    try:
        heard = load(reaction.hears, envelope.data)
        with span(f"{reaction.name} {envelope.type}", envelope.traceparent) as trace, session.begin_nested():
            actor = actor_of_event(envelope.operator_id, envelope.estate_id)
            work = runtime.begin(session, actor, cause=envelope, traceparent=trace)
            if _is_new(work, reaction):
                reaction.function(work, heard)
    except UNSURE:
        raise
    except BrokenEvent as error:
        session.expunge_all()
        return parked(reason_of(error))
    except Exception as error:
        session.expunge_all()
        return _failed(envelope, reaction.name, error)
    return DONE


def _is_new(work, reaction: Reaction) -> bool:
    """Remember that this reaction hears this event; False when it did before. `rowcount` would be -1 either way."""
    row = {
        "consumer": f"{work.service.name}.{reaction.name}",
        "source": work.cause.source,
        "event_id": work.cause.id,
        "operator_id": work.cause.operator_id,
        "processed_at": work.now,
    }
    put = insert(inbox).values(row).on_conflict_do_nothing().returning(inbox.c.event_id)
    return work.scalar(put) is not None


def _failed(envelope: Envelope, where: str, error: Exception) -> Outcome:
    reason = reason_of(error)
    told = isinstance(error, Problem | DBAPIError)  # a sentence suffices, and SQL text may hold private values
    log.warning("inbox.failed", where=where, type=envelope.type, id=str(envelope.id), reason=reason, exc_info=not told)
    return Outcome(Verdict.RETRY, reason)
