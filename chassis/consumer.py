"""The consumer: takes what the service hears from its queue to the inbox, and acknowledges after the commit.

Two threads: the main one speaks with the broker and is never kept waiting, so that a slow reaction does not cost the
connection; the worker hears batches. What fails goes up the retry ladder as a fresh message, and then waits among the
parked. A database that is away is waited for, with the messages kept (messaging.md §3).
"""

import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import pika
import structlog
from pika.exceptions import AMQPConnectionError, AMQPError

from chassis import amqp, inbox
from chassis.amqp import Message
from chassis.events import BrokenEvent, Envelope
from chassis.failpoint import failpoint
from chassis.ids import new_id
from chassis.inbox import Outcome, Verdict
from chassis.observe import figures
from chassis.publisher import Publisher
from chassis.runtime import process_name

log = structlog.get_logger(__name__)
PREFETCH = 200
BATCH = 50
DRAIN = 20  # seconds for what has arrived, when told to stop
WAKE_UP = None  # put among the deliveries to end the worker's waiting


def run(runtime, stop: threading.Event) -> None:
    """The worker role, until `stop`. Broker or database away: waited for. Raises amqp.Refused when the set-up is wrong."""
    publisher = Publisher(runtime.settings.amqp_url, f"{runtime.service.name} {process_name('retries')}")
    pauses = amqp.pauses()
    try:
        while not stop.is_set():
            line = _Line(runtime, publisher, stop)
            try:
                if inbox.answers(runtime):
                    line.serve()
                else:
                    log.warning("consumer.database_away")
            except (AMQPError, OSError) as error:
                refused = amqp.refusal(error)
                if refused:
                    raise refused from error
                runtime.pulse.turn("worker", lacks="broker")
                log.warning("consumer.lost", reason=repr(error))
            pauses = amqp.pauses() if line.opened else pauses
            stop.wait(next(pauses))
    finally:
        publisher.close()


@dataclass(frozen=True)
class Delivery:
    """A message as it came. The count of attempts is ours: the broker's counts other things, and not in every version."""

    tag: int
    id: str
    body: bytes = field(repr=False)
    headers: dict
    key: str = ""  # as which event it came; after a retry it comes by its queue's name, which says nothing

    @property
    def attempt(self) -> int:
        counted = self.headers.get(amqp.ATTEMPT)
        return counted if isinstance(counted, int) and counted > 0 else 1

    def onward(self, service: str, outcome: Outcome) -> Message:
        """The fresh message for the next tier of the ladder, or for the parked."""
        parks = outcome.verdict is Verdict.PARK or self.attempt >= amqp.ATTEMPTS
        key = amqp.PARKED if parks else str(self.attempt)
        headers = {
            amqp.ATTEMPT: self.attempt if parks else self.attempt + 1,
            amqp.REASON: outcome.reason,
            amqp.TRACE: self.headers.get(amqp.TRACE),
        }
        if parks:
            log.error("consumer.parked", id=self.id, attempt=self.attempt, reason=outcome.reason)
        return Message(self.id, amqp.retry_exchange(service), key, self.body, headers)


class _Ended(Exception):
    """We are to end with a batch unheard. Nothing after it may be acknowledged, or it would be too."""


class _Line:
    """One connection for consuming, from opening to loss or stop. Delivery tags live and die with it."""

    def __init__(self, runtime, publisher: Publisher, stop: threading.Event):
        self.runtime = runtime
        self.publisher = publisher
        self.stop = stop
        self.opened = False
        self.over = threading.Event()
        self.arrived: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self.held: list[tuple[Delivery, Message]] = []  # failed, and not yet safe with the broker as fresh messages
        self.consumer_tag: str | None = None
        self.failure: BaseException | None = None
        self.worker = threading.Thread(target=self._work, name="worker", daemon=True)

    # ── the main thread: the broker ──────────────────────────────────────────────────────────────────────────────

    def serve(self) -> None:
        """Consume until told to stop. Raises what ended it sooner."""
        name = f"{self.runtime.service.name} {process_name('worker')}"
        self.connection = pika.BlockingConnection(amqp.parameters(self.runtime.settings.amqp_url, name))
        try:
            self._open()
            while not self.stop.is_set() and self.worker.is_alive():
                self.connection.process_data_events(time_limit=1)
                self.runtime.pulse.turn("worker")
                if not self.channel.is_open or (self.consumer_tag and not self.channel.consumer_tags):
                    raise AMQPConnectionError("the broker ended our consuming")
            self._drain()
        finally:
            self._end()
        if self.failure:
            raise self.failure

    def _open(self) -> None:
        self.channel = self.connection.channel()
        self.channel.basic_qos(prefetch_count=PREFETCH)
        self._consume()
        self.opened = True
        self.worker.start()

    def _consume(self) -> None:
        queue_name = amqp.events_queue(self.runtime.service.name)
        self.consumer_tag = self.channel.basic_consume(queue_name, self._on_message)

    def _cancel(self) -> None:
        """No more deliveries; what has been delivered stays ours."""
        tag, self.consumer_tag = self.consumer_tag, None
        if tag:
            self.channel.basic_cancel(tag)

    def _on_message(self, _channel, method, properties, body) -> None:
        id = properties.message_id or str(new_id())
        key = method.routing_key if method.exchange == amqp.EVENTS else ""
        self.arrived.put(Delivery(method.delivery_tag, id, body, properties.headers or {}, key))

    def _drain(self) -> None:
        """Hear what has arrived, as far as time allows; the broker delivers the rest again, to whoever is next."""
        self._cancel()
        self.arrived.put(WAKE_UP)
        deadline = time.monotonic() + DRAIN
        while self.worker.is_alive() and time.monotonic() < deadline:
            self.connection.process_data_events(time_limit=0.1)
        self.connection.process_data_events(time_limit=0)

    def _end(self) -> None:
        self.over.set()
        self.arrived.put(WAKE_UP)
        if self.worker.is_alive() and not self.stop.is_set():
            self.worker.join()  # it may be in a reaction; nobody else begins meanwhile
        if self.connection.is_open:
            self.connection.close()

    # ── the worker: the database ─────────────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        try:
            while not self.over.is_set():
                batch = self._next_batch()
                if not batch and self.stop.is_set():
                    return
                self._handle(batch)
                self._pass_on()
        except _Ended:
            log.info("consumer.ended_unheard")
        except BaseException as error:
            self.failure = error
        finally:
            self._ask(lambda: None)  # wakes the main thread

    def _next_batch(self) -> list[Delivery]:
        """What has arrived, up to a batch. Under load it fills while the one before is heard; alone, none is kept waiting."""
        batch = []
        with suppress(queue.Empty):
            batch.append(self.arrived.get(timeout=1))
            while len(batch) < BATCH:
                batch.append(self.arrived.get_nowait())
        return [delivery for delivery in batch if delivery is not WAKE_UP]

    def _handle(self, batch: list[Delivery]) -> None:
        read = [_read(delivery) for delivery in batch]
        heard = iter(self._process([each for each in read if isinstance(each, Envelope)]))
        failpoint("after_commit")
        settled = []
        for delivery, each in zip(batch, read, strict=True):
            outcome = next(heard) if isinstance(each, Envelope) else each
            if outcome.done:
                settled.append(delivery.tag)
            else:
                self.held.append((delivery, delivery.onward(self.runtime.service.name, outcome)))
        self._count(batch, len(settled))
        self._acknowledge(settled)

    def _count(self, batch: list[Delivery], done: int) -> None:
        """Only what this batch brought is among the held by now: what was held before stands before it."""
        failed = [message.routing_key for _, message in self.held[len(self.held) - (len(batch) - done) :]]
        parked = failed.count(amqp.PARKED)
        for outcome, count in (("done", done), ("parked", parked), ("retried", len(failed) - parked)):
            figures.heard.labels(self.runtime.service.name, outcome).inc(count)
        self.runtime.pulse.did("worker", len(batch))

    def _process(self, envelopes: list[Envelope]) -> list[Outcome]:
        """Through the inbox, however long the database is away: meanwhile nothing is consumed, and nothing given back."""
        while envelopes:
            try:
                with figures.handling.labels(self.runtime.service.name).time():
                    outcomes = inbox.process(self.runtime, envelopes)
                self._note_delays(envelopes)
                return outcomes
            except inbox.DatabaseAway as error:
                log.warning("consumer.database_away", reason=str(error))
                self._ask(self._cancel)
                self._wait_for_database()
                self._ask(self._consume)
        return []

    def _note_delays(self, envelopes: list[Envelope]) -> None:
        now, delay = self.runtime.clock.now(), figures.delay.labels(self.runtime.service.name)
        for envelope in envelopes:
            delay.observe(max((now - envelope.time).total_seconds(), 0))

    def _wait_for_database(self) -> None:
        for pause in amqp.pauses(longest=5):
            if self.over.wait(pause) or self.stop.is_set():
                raise _Ended
            if inbox.answers(self.runtime):
                return

    def _pass_on(self) -> None:
        """Publish what failed as fresh messages; each is acknowledged once the broker answers for its successor."""
        receipt = self.publisher.publish_batch(message for _, message in self.held)
        for id, reason in {**receipt.returned, **receipt.failed}.items():
            log.warning("consumer.not_passed_on", id=id, reason=reason)
        held, self.held = self.held, []
        for delivery, message in held:
            if message.id in receipt.confirmed:
                self._ask(partial(self.channel.basic_ack, delivery.tag))
            else:
                self.held.append((delivery, message))

    def _acknowledge(self, tags: list[int]) -> None:
        """One acknowledgement for the batch and all before it, unless something before it is still held."""
        if tags and not self.held:
            self._ask(partial(self.channel.basic_ack, tags[-1], multiple=True))
        else:
            for tag in tags:
                self._ask(partial(self.channel.basic_ack, tag))

    def _ask(self, function) -> None:
        """Have the main thread do it. When the connection is gone there is nothing to do: all will be delivered again."""
        if self.connection.is_open:
            self.connection.add_callback_threadsafe(partial(self._if_open, function))

    def _if_open(self, function) -> None:
        if self.channel.is_open:
            function()


def _read(delivery: Delivery) -> Envelope | Outcome:
    try:
        envelope = Envelope.from_json(delivery.body)
    except BrokenEvent as error:
        return inbox.parked(inbox.reason_of(error))
    if delivery.key and delivery.key != envelope.type:
        return inbox.parked(f"the event says that it is {envelope.type}, and came as {delivery.key}")
    return envelope
