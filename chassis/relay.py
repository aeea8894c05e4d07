"""The relay: carries what is committed to the outbox on to the broker, in order for each aggregate, and marks it sent.

The outbox has 16 shards; a relay owns a shard while its session holds the shard's advisory lock. Rows are found by
`sent_at IS NULL`, never by a cursor, so a late commit is not passed over. Nothing is locked while the broker is waited
for. Whatever dies in between, a row is published again and the listeners' inboxes drop it (messaging.md §1).

Of a backlog, the batch before is marked and the one behind is read while one is on its way, so that the broker never waits
for the database. A single event is marked as soon as it is confirmed.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
import structlog
from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import SQLAlchemyError

from chassis import amqp, broker
from chassis.amqp import Message
from chassis.failpoint import failpoint
from chassis.observe import figures, spans
from chassis.outbox import SHARDS
from chassis.publisher import Publisher, Receipt
from chassis.recovery import PAUSE
from chassis.runtime import process_name

log = structlog.get_logger(__name__)
BATCH = 500
LOOK = 1.0  # seconds between looks when no notification wakes us; and between looks at how many relays there are
RETURNS = 20  # so often may the broker find no queue for an event before it is parked
LONGEST_REST = 60  # seconds an aggregate waits after a refusal, doubling from one
LOCKS = 7_203_612  # the class of our advisory locks: one for each shard, and one that every relay shares
PRESENT = SHARDS

Answered = tuple[list[int], list[tuple[Row, str]]]  # what is sent; and what was returned, with the broker's reason

UNSENT = text("""
    SELECT seq, id, aggregate_id, routing_key, event::text AS event, event->>'traceparent' AS traceparent, attempts
    FROM outbox WHERE seq = ANY (ARRAY(
        SELECT next.seq FROM unnest(CAST(:shards AS smallint[])) AS mine(shard) CROSS JOIN LATERAL (
            SELECT seq FROM outbox WHERE shard = mine.shard AND sent_at IS NULL AND parked_at IS NULL
            AND seq <> ALL (CAST(:passing AS bigint[])) AND aggregate_id <> ALL (CAST(:resting AS uuid[]) || ARRAY(
                SELECT aggregate_id FROM outbox WHERE parked_at IS NOT NULL AND sent_at IS NULL))
            ORDER BY seq LIMIT :batch) AS next
        ORDER BY next.seq LIMIT :batch))
    AND (SELECT pg_advisory_xact_lock_shared(:pause)) IS NOT NULL
    ORDER BY seq""")  # the lock waits while a backup takes its snapshots: chassis/recovery.py
SENT = text("UPDATE outbox SET sent_at = :now, last_error = NULL WHERE seq = ANY (:seqs)")
RETURNED = text("""
    UPDATE outbox SET attempts = attempts + 1, last_error = :reason,
    parked_at = CASE WHEN attempts + 1 >= :most THEN CAST(:now AS timestamptz) END
    WHERE seq = :seq RETURNING parked_at""")
RESUME = text("UPDATE outbox SET parked_at = NULL, attempts = 0 WHERE parked_at IS NOT NULL AND sent_at IS NULL")
NOTICE_DEATH = text("""
    SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false)""")  # a relay whose machine is gone gives its shards back in 25 s
RELAYS = text("""
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE datname = current_database() AND locktype = 'advisory' AND classid = :locks AND objid = :present AND granted""")


def run(runtime, stop: threading.Event) -> None:
    """The relay role, until `stop`. Broker or database away: waited for. Raises amqp.Refused when the set-up is wrong."""
    publisher = Publisher(runtime.settings.amqp_url, f"{runtime.service.name} {process_name('relay')}")
    relay = Relay(runtime, publisher, broker.unheard())
    pauses = amqp.pauses()
    try:
        while not stop.is_set():
            try:
                relay.carry_until(stop)
            except (SQLAlchemyError, psycopg.Error) as error:
                log.warning("relay.database_away", reason=type(error).__name__)
                pauses = amqp.pauses() if relay.shards else pauses
                stop.wait(next(pauses))
    finally:
        publisher.close()


def resume(runtime) -> int:
    """Let parked events try again, once their types have a queue. → how many."""
    with runtime.transaction(system=True) as session:
        return session.execute(RESUME).rowcount


class Relay:
    """What one relay holds: its shards, and the aggregates that rest because the broker did not take their event."""

    def __init__(self, runtime, publisher: Publisher, unheard: set[str]):
        self.runtime = runtime
        self.publisher = publisher
        self.unheard = unheard
        self.shards: set[int] = set()
        self.ahead: list[Row] = []  # read, to be published next
        self.answered: Answered = ([], [])  # by the broker, to be written down
        self.resting: dict[UUID, float] = {}

    def carry_until(self, stop: threading.Event) -> None:
        """Carry until told to stop, or until the session that holds the shards is lost: every round begins on it."""
        self.shards, self.ahead, self.answered, counted = set(), [], ([], []), 0.0
        with self._session() as keeper:
            while not stop.is_set():
                if time.monotonic() - counted >= LOOK:
                    self._settle(keeper)  # what is read ahead may be another's from now on
                    self._share(keeper)
                    counted = time.monotonic()
                ready = self.publisher.ready(LOOK)
                self.runtime.pulse.turn("relay", lacks="" if ready else "broker")
                if not ready:
                    continue
                self.carry_batch(keeper)
                if not self.ahead:
                    _wait_for_news(keeper)
            self._settle(keeper)

    def carry_batch(self, keeper: Connection) -> int:
        """Publish the oldest events of the shards, and mark what the broker answered for unless more are ready to follow.

        → how many were marked
        """
        rows, self.ahead, began = self.ahead or self._look(keeper), [], time.time()
        with self.publisher.sending(map(_message, rows)) as answers:
            marked = self._write(keeper)
            ahead = self._look(keeper, passing=rows) if len(rows) == BATCH else []
            receipt = answers()
        spans.published(rows, receipt.confirmed, amqp.EVENTS, began)
        failpoint("after_confirm")
        self.answered, all_taken = self._judge(rows, receipt)
        self.ahead = ahead if all_taken else []  # what follows a failure is read again, behind it
        return marked if self.ahead else marked + self._write(keeper)

    def _look(self, keeper: Connection, passing: Iterable[Row] = ()) -> list[Row]:
        """The oldest events of the shards that are not on their way, but for aggregates that rest."""
        now = time.monotonic()
        self.resting = {aggregate: until for aggregate, until in self.resting.items() if until > now}
        chosen = {"shards": sorted(self.shards), "resting": list(self.resting), "passing": [row.seq for row in passing]}
        return keeper.execute(UNSENT, {**chosen, "batch": BATCH, "pause": PAUSE}).all()

    def _settle(self, keeper: Connection) -> None:
        """Nothing is read ahead, and nothing is left to be written down."""
        self.ahead = []
        self._write(keeper)

    # ── shards ───────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _session(self) -> Iterator[Connection]:
        """A connection of our own, outside the pool and without transactions: its end gives the shards back."""
        with self.runtime.system_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as keeper:
            keeper.detach()
            keeper.execute(NOTICE_DEATH)
            keeper.execute(text("LISTEN outbox"))
            keeper.execute(text("SELECT pg_advisory_lock_shared(:locks, :present)"), _lock(present=PRESENT))
            yield keeper

    def _share(self, keeper: Connection) -> None:
        """Hold an equal part of the shards: give back what is above it, take what is free up to it."""
        relays = keeper.scalar(RELAYS, _lock(present=PRESENT))
        part = -(-SHARDS // relays)
        for shard in sorted(self.shards)[part:]:
            keeper.execute(text("SELECT pg_advisory_unlock(:locks, :shard)"), _lock(shard=shard))
            self.shards.discard(shard)
        for shard in set(range(SHARDS)) - self.shards:
            if len(self.shards) >= part:
                return
            if keeper.scalar(text("SELECT pg_try_advisory_lock(:locks, :shard)"), _lock(shard=shard)):
                self.shards.add(shard)

    # ── marking ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _judge(self, rows: list[Row], receipt: Receipt) -> tuple[Answered, bool]:
        """Sent is, aggregate by aggregate, what stands before the first event not taken; from there the aggregate rests.

        → what is to be written down, and whether all were taken
        """
        sent, halted = [], {}
        for row in rows:
            if row.aggregate_id in halted:
                continue
            if self._is_taken(row, receipt):
                sent.append(row.seq)
            else:
                halted[row.aggregate_id] = row
                self.resting[row.aggregate_id] = time.monotonic() + min(2**row.attempts, LONGEST_REST)
        returned = [(row, receipt.returned[str(row.id)]) for row in halted.values() if str(row.id) in receipt.returned]
        self._count(sent=len(sent), returned=len(returned), unanswered=len(receipt.failed))
        return (sent, returned), not halted

    def _count(self, **outcomes: int) -> None:
        for outcome, count in outcomes.items():
            figures.sent.labels(self.runtime.service.name, outcome).inc(count)
        self.runtime.pulse.did("relay", outcomes.get("sent", 0))

    def _is_taken(self, row: Row, receipt: Receipt) -> bool:
        id = str(row.id)
        return id in receipt.confirmed or (id in receipt.returned and row.routing_key in self.unheard)

    def _write(self, keeper: Connection) -> int:
        """Each statement is a transaction of its own: what a death in between leaves out is only done again."""
        (sent, returned), self.answered = self.answered, ([], [])
        now = self.runtime.clock.now()
        if sent:
            keeper.execute(SENT, {"now": now, "seqs": sent})
        for row, reason in returned:
            parked = keeper.scalar(RETURNED, {"seq": row.seq, "reason": reason, "most": RETURNS, "now": now})
            self._count(parked=int(parked is not None))
            say = log.error if parked else log.warning
            say("relay.parked" if parked else "relay.returned", type=row.routing_key, id=str(row.id), reason=reason)
        return len(sent)


def _lock(**which: int) -> dict[str, int]:
    return {"locks": LOCKS, **which}


def _message(row: Row) -> Message:
    return Message(str(row.id), amqp.EVENTS, row.routing_key, row.event.encode(), {amqp.TRACE: row.traceparent})


def _wait_for_news(keeper: Connection) -> None:
    """Until a transaction wrote to the outbox, or a moment passed. Many notifications make one look."""
    driver = keeper.connection.dbapi_connection
    for timeout in (LOOK, 0):
        for _ in driver.notifies(timeout=timeout, stop_after=1 if timeout else None):
            pass
