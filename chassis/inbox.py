"""The inbox: each reaction hears each event exactly once, whatever is delivered twice.

The row that remembers the event is written in the transaction of the effect, so there is never one without the other.
A batch is heard in one transaction, because commits and round trips are what costs (messaging.md §9). When that fails,
each reaction hears each event in a transaction of its own, so that only the guilty fail. A reaction with `together` says
event by event what it wants, and has it done for the whole batch at once.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session

from chassis import amqp, redact
from chassis.actor import Actor, actor_of_event, actor_of_events
from chassis.errors import Problem
from chassis.events import BrokenEvent, Envelope, Reaction, load
from chassis.failpoint import failpoint
from chassis.observe import figures, span, spans

log = structlog.get_logger(__name__)
UNSURE = (OperationalError, InterfaceError, NoConnectionFree)  # the transaction, or the whole database, may be gone
REASON_LENGTH = 300
REMEMBER = """
    INSERT INTO inbox (consumer, source, event_id, operator_id, processed_at)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::uuid[], %s::uuid[], %s::timestamptz[])
    ON CONFLICT DO NOTHING RETURNING consumer, source, event_id"""  # the same for any number of them, so it stays prepared


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


@dataclass(frozen=True)
class Hearing:
    """One reaction, about to hear one event."""

    consumer: str
    reaction: Reaction
    envelope: Envelope
    fact: Any

    @property
    def key(self) -> tuple[str, str, UUID]:
        """The identity of the row that remembers it."""
        return self.consumer, self.envelope.source, self.envelope.id

    @property
    def context(self) -> tuple[UUID, UUID | None]:
        return self.envelope.operator_id, self.envelope.estate_id


def process(runtime, envelopes: list[Envelope]) -> list[Outcome]:
    """Let the service's reactions hear these events. → an outcome for each of them.

    Raises:
        DatabaseAway: with some perhaps committed; hearing all of them again does no harm.
    """
    understood = [_understand(runtime.service, envelope) for envelope in envelopes]
    hearings = [hearing for each in understood if isinstance(each, list) for hearing in each]
    failures = _hear_all(runtime, hearings)
    return [
        each if isinstance(each, Outcome) else failures.get((envelope.source, envelope.id), DONE)
        for envelope, each in zip(envelopes, understood, strict=True)
    ]


def answers(runtime) -> bool:
    """Whether the database answers a simple question now."""
    try:
        with runtime.engine.connect() as connection:
            connection.execute(select(1))
    except UNSURE:
        return False
    return True


def reason_of(error: BaseException) -> str:
    """One line for people. Of the database's words only the message: its details repeat the values of the row; and
    what looks like a secret or a phone is cut out, for the line stays in queues and tables."""
    if isinstance(error, DBAPIError):
        diagnosis = getattr(error.orig, "diag", None)
        said = getattr(diagnosis, "message_primary", None) or "no message"
        return redact.text(f"{type(error.orig).__name__}: {said}")
    text = str(error) if isinstance(error, Problem | BrokenEvent) else f"{type(error).__name__}: {error}"
    return redact.text(text.partition("\n")[0])[:REASON_LENGTH]


def _understand(service, envelope: Envelope) -> list[Hearing] | Outcome:
    """Who hears the event, or why nobody can. A fact that we stopped listening to is simply over."""
    reactions = service.reactions_to(envelope.type)
    if not reactions and _unversioned(envelope.type) in map(_unversioned, service.hears):
        return parked(f"{envelope.type}: {service.name} does not know this version")
    try:
        return [
            Hearing(f"{service.name}.{reaction.name}", reaction, envelope, load(reaction.hears, envelope.data))
            for reaction in reactions
        ]
    except BrokenEvent as error:
        return parked(reason_of(error))


def _unversioned(type: str) -> str:
    return type.rpartition(".v")[0]


def _hear_all(runtime, hearings: list[Hearing]) -> dict[tuple, Outcome]:
    """→ {(source, id): what is to become of it} of the events that failed."""
    if len(hearings) > 1:
        try:
            _hear(runtime, sorted(hearings, key=lambda hearing: str(hearing.context)))
            return {}
        except Exception as error:
            log.info("inbox.one_by_one", hearings=len(hearings), reason=reason_of(error))
    outcomes = {hearing.key: _hear_alone(runtime, hearing) for hearing in hearings}
    return {(source, id): outcome for (_, source, id), outcome in outcomes.items() if not outcome.done}


def _hear_alone(runtime, hearing: Hearing) -> Outcome:
    try:
        _hear(runtime, [hearing])
        return DONE
    except Exception as error:
        if isinstance(error, UNSURE) and not answers(runtime):
            raise DatabaseAway(reason_of(error)) from error
        return _failed(hearing, error)


def _hear(runtime, hearings: Iterable[Hearing]) -> None:
    """In one transaction, operator by operator and estate by estate."""
    heard = []
    with runtime.transaction() as session:
        for _, group in groupby(hearings, key=lambda hearing: hearing.envelope.operator_id):
            mine = list(group)
            work = runtime.begin(session, _actor_of(mine), cause=mine[0].envelope)
            new = _remember(work, mine)
            first = [
                hearing for hearing in mine if hearing.key in new and not new.remove(hearing.key)
            ]  # some come twice
            for hearing in first:
                if not hearing.reaction.together:
                    _react(session, work, hearing)
            for act in dict.fromkeys(hearing.reaction.together for hearing in first):
                if act:
                    _react_together(session, work, act, [each for each in first if each.reaction.together is act])
            heard += first
        failpoint("before_commit")
    for hearing in heard:
        envelope = hearing.envelope
        say = log.debug if hearing.reaction.projection else log.info  # copies are many, and tell nothing of a story
        say(
            "heard",
            consumer=hearing.consumer,
            type=envelope.type,
            id=str(envelope.id),
            correlation_id=envelope.correlation_id,
        )


def _remember(work, hearings: list[Hearing]) -> set[tuple]:
    """Write down that these are heard. → the keys of those that were not yet."""
    columns = zip(*((*hearing.key, hearing.envelope.operator_id, work.now) for hearing in hearings), strict=True)
    return set(map(tuple, work.session.connection().exec_driver_sql(REMEMBER, tuple(map(list, columns)))))


def _react(session: Session, work, hearing: Hearing) -> None:
    """One unit of work among those of the batch: with its own cause, and blind to what its neighbours have loaded."""
    envelope = hearing.envelope
    with _watched(work.service.name, hearing) as trace:
        own = session.info["work"] = copy.copy(work)
        own.become(actor_of_event(*hearing.context))
        own.cause, own.correlation_id, own.traceparent, own.held = envelope, envelope.correlation_id, trace, []
        hearing.reaction.function(own, hearing.fact)
        session.flush()
        session.expunge_all()


def _react_together(session: Session, work, act: Callable, hearings: list[Hearing]) -> None:
    """One step for all of them, after the others: what it writes may need the copies that came in the same batch."""
    own = session.info["work"] = copy.copy(work)
    own.become(_actor_of(hearings))
    own.cause, own.held, own.mute = None, [], True
    wanted = [want for hearing in hearings for want in _wants(own, hearing)]
    with figures.reaction.labels(work.service.name, act.__name__).time():
        act(own, wanted)
        session.flush()
        session.expunge_all()


def _wants(work, hearing: Hearing) -> list:
    with _watched(work.service.name, hearing) as trace:
        own = copy.copy(work)
        own.cause, own.correlation_id, own.traceparent = hearing.envelope, hearing.envelope.correlation_id, trace
        return list(hearing.reaction.function(own, hearing.fact))


def _actor_of(hearings: list[Hearing]) -> Actor:
    """Of one operator's events: who acts where they happened."""
    return actor_of_events(hearings[0].envelope.operator_id, {hearing.envelope.estate_id for hearing in hearings})


@contextmanager
def _watched(service: str, hearing: Hearing) -> Iterator[str | None]:
    """What operations see of one reaction: a span, its time, and log lines under the correlation id of what it hears."""
    envelope, name = hearing.envelope, hearing.reaction.name
    place = f"{amqp.EVENTS}:{envelope.type}:{amqp.events_queue(service)}"
    facts = spans.messaging("process", "process", place, envelope.type, str(envelope.id), **{
        "messaging.message.conversation_id": envelope.correlation_id, "linli.reaction": hearing.consumer,
    })  # fmt: skip
    with (
        span(f"process {place}", envelope.traceparent, kind="CONSUMER", attributes=facts) as trace,
        figures.reaction.labels(service, name).time(),
        structlog.contextvars.bound_contextvars(correlation_id=envelope.correlation_id),
    ):
        yield trace


def _failed(hearing: Hearing, error: Exception) -> Outcome:
    reason, envelope = reason_of(error), hearing.envelope
    told = isinstance(error, Problem | DBAPIError)  # a sentence suffices, and SQL text may hold private values
    log.warning(
        "inbox.failed",
        consumer=hearing.consumer,
        type=envelope.type,
        id=str(envelope.id),
        correlation_id=envelope.correlation_id,
        reason=reason,
        exc_info=None if told else error,
    )
    return Outcome(Verdict.PARK if isinstance(error, BrokenEvent) else Verdict.RETRY, reason)
