"""Protections that can be taken away, one by one: what each fault must then do proves that the fault bites.

A process of a test is started with the names of what it shall lack. Production code has no such switches; each of these
puts a plausible mistake in the place of what protects.
"""

import copy
import os
import threading
import time
from functools import partial

from sqlalchemy import text

from chassis import amqp, consumer, inbox, relay, work
from chassis.consumer import Delivery
from chassis.inbox import Outcome, Verdict


def witness() -> None:
    """Not a weakness: each effect is counted, in its own transaction, by a table that only tests have."""
    seen = text("INSERT INTO effect (consumer, event_id) VALUES (:consumer, :event_id)")

    def counted(react, session, own, hearings):
        react(hearings)
        for hearing in hearings:
            session.execute(seen, {"consumer": hearing.consumer, "event_id": hearing.envelope.id})

    _around_reactions(counted)


def _around_reactions(around) -> None:
    """Put `around(react, session, own, hearings)` in the place of both ways to react: one by one, and together.

    `react(hearings)` does what was done before, for as many of the hearings as it is given.
    """
    alone, together = inbox._react, inbox._react_together

    def one(session, own, hearing):
        around(lambda chosen: [alone(session, own, each) for each in chosen], session, own, [hearing])

    def many(session, own, act, hearings):
        around(lambda chosen: chosen and together(session, own, act, chosen), session, own, hearings)

    inbox._react, inbox._react_together = one, many


# ── the inbox ────────────────────────────────────────────────────────────────────────────────────────────────────────


def inbox_forgets() -> None:
    """What was heard before is heard again."""
    remember = inbox._remember

    def forgetful(own, hearings):
        remember(own, hearings)
        return {hearing.key for hearing in hearings}

    inbox._remember = forgetful


def no_gate() -> None:
    """A copy takes whatever comes last for the latest."""
    insert = work.insert

    class Ungated:
        def __init__(self, put):
            self.put = put

        def values(self, row):
            return Ungated(self.put.values(row))

        @property
        def excluded(self):
            return self.put.excluded

        def on_conflict_do_update(self, *, where=None, **more):
            return self.put.on_conflict_do_update(**more)

    work.insert = lambda table: Ungated(insert(table))


def time_gate() -> None:
    """A copy trusts the producer's clock instead of its count."""
    keep = work.Work.copy

    def by_time(own, cls, id, **fields):
        timed = copy.copy(own)
        timed.cause = copy.copy(own.cause)
        object.__setattr__(timed.cause, "sequence", int(own.cause.time.timestamp() * 1000))
        keep(timed, cls, id, **fields)

    work.Work.copy = by_time


def gated_reactions() -> None:
    """The version gate swallows reactions too: what comes late is dropped."""
    latest = {}

    def is_news(hearing) -> bool:
        key, sequence = (hearing.consumer, hearing.envelope.subject), hearing.envelope.sequence
        before, latest[key] = latest.get(key, 0), max(sequence, latest.get(key, 0))
        return before < sequence

    _around_reactions(lambda react, _session, _own, hearings: react([each for each in hearings if is_news(each)]))


def absence_counts() -> None:
    """A database that is away is taken for the message's own failure, and costs an attempt."""

    def alone(runtime, hearing):
        try:
            inbox._hear(runtime, [hearing])
            return inbox.DONE
        except Exception as error:
            return Outcome(Verdict.RETRY, inbox.reason_of(error))

    inbox._hear_alone = alone


# ── the consumer ─────────────────────────────────────────────────────────────────────────────────────────────────────


def acknowledges_first() -> None:
    """Messages are acknowledged when they come, and heard afterwards."""
    handle = consumer._Line._handle

    def hasty(self, batch):
        for delivery in batch:
            self._ask(partial(self.channel.basic_ack, delivery.tag))
        time.sleep(0.2 if batch else 0)
        acknowledge, self._acknowledge = self._acknowledge, lambda tags: None
        try:
            handle(self, batch)
        finally:
            self._acknowledge = acknowledge

    consumer._Line._handle = hasty


def one_thread() -> None:
    """Whoever hears also keeps the connection alive, and does not while it hears."""
    busy, handle = threading.Lock(), consumer._Line._handle

    def alone(self, batch):
        with busy:
            handle(self, batch)

    def patient(self, *args, **kwargs):
        with busy:
            return process(self, *args, **kwargs)

    process = consumer.pika.BlockingConnection.process_data_events
    consumer.pika.BlockingConnection.process_data_events = patient
    consumer._Line._handle = alone


def failures_return() -> None:
    """What fails goes back to the queue's head instead of up the ladder."""

    def pass_on(self):
        held, self.held = self.held, []
        for delivery, _ in held:
            self._ask(partial(self.channel.basic_nack, delivery.tag, requeue=True))

    consumer._Line._pass_on = pass_on


def everything_is_retried() -> None:
    """No message is beyond understanding: even what cannot be read climbs the whole ladder."""
    onward = Delivery.onward
    Delivery.onward = lambda self, service, outcome: onward(self, service, Outcome(Verdict.RETRY, outcome.reason))


# ── the relay ────────────────────────────────────────────────────────────────────────────────────────────────────────


def marks_first() -> None:
    """Events are marked as sent before the broker has them."""
    carry_batch = relay.Relay.carry_batch
    sent = text("UPDATE outbox SET sent_at = now() WHERE id = ANY (CAST(:ids AS uuid[]))")

    class Hasty:
        def __init__(self, relay):
            self.relay, self.publisher = relay, relay.publisher

        def sending(self, messages):
            messages = list(messages)
            with self.relay.runtime.system_engine.begin() as connection:
                connection.execute(sent, {"ids": [message.id for message in messages]})
            return self.publisher.sending(messages)

        def __getattr__(self, name):
            return getattr(self.publisher, name)

    def hasty(self, keeper):
        if not isinstance(self.publisher, Hasty):
            self.publisher = Hasty(self)
        return carry_batch(self, keeper)

    relay.Relay.carry_batch = hasty


def rows_are_shared_out() -> None:
    """Relays share rows and not aggregates: each takes what no other has locked."""
    rows_of_nobody = text("""
        SELECT seq, id, aggregate_id, routing_key, event::text AS event, NULL AS traceparent, attempts FROM outbox
        WHERE sent_at IS NULL ORDER BY seq LIMIT 7 FOR UPDATE SKIP LOCKED""")

    def carry_batch(self, keeper):
        with self.runtime.system_engine.begin() as connection:
            rows = connection.execute(rows_of_nobody).all()
            receipt = self.publisher.publish_batch(relay._message(row) for row in rows)
            taken = [row.seq for row in rows if str(row.id) in receipt.confirmed | receipt.returned.keys()]
            connection.execute(relay.SENT, {"now": self.runtime.clock.now(), "seqs": taken})
        self.ahead = taken  # look again at once
        return len(taken)

    relay.Relay.carry_batch = carry_batch


def follows_a_cursor() -> None:
    """The relay remembers the highest number it saw, and looks only beyond it."""
    beyond = text("""
        SELECT seq, id, aggregate_id, routing_key, event::text AS event, NULL AS traceparent, attempts FROM outbox
        WHERE seq > :last ORDER BY seq LIMIT 500""")
    newest = text("SELECT coalesce(max(seq), 0) FROM outbox")

    def carry_batch(self, keeper):
        if not hasattr(self, "last"):
            self.last = keeper.scalar(newest)
        rows = keeper.execute(beyond, {"last": self.last}).all()
        self.last = max([self.last, *(row.seq for row in rows)])
        self.answered, _ = self._judge(rows, self.publisher.publish_batch(relay._message(row) for row in rows))
        return self._write(keeper)

    relay.Relay.carry_batch = carry_batch


def impatient() -> None:
    """A broker that takes nothing is asked again at once."""
    ready = relay.Publisher.ready
    relay.Publisher.ready = lambda self, timeout=0: ready(self, 0)


# ── links, requests ──────────────────────────────────────────────────────────────────────────────────────────────────


def no_heartbeat() -> None:
    """Nobody notices that the broker's side of a connection is silent."""
    parameters = amqp.parameters

    def deaf(url, name):
        chosen = parameters(url, name)
        chosen.heartbeat = 0
        chosen.blocked_connection_timeout = None
        return chosen

    amqp.parameters = deaf


def publishes_in_the_request() -> None:
    """The web role speaks to the broker itself, before it answers."""
    import pika
    from sqlalchemy import event
    from sqlalchemy.orm import Session

    def publish(_session, _context):
        with pika.BlockingConnection(amqp.parameters(os.environ["AMQP_URL"], "web")) as connection:
            connection.channel()

    event.listen(Session, "after_flush", publish)


def skewed(seconds: str) -> None:
    """Not a weakness: the process's clock is wrong by so much."""
    from datetime import timedelta

    from chassis.clock import Clock

    now, wrong = Clock.now, timedelta(seconds=float(seconds))
    Clock.now = lambda self: now(self) + wrong


def patient_heartbeat(seconds: str) -> None:
    """Not a weakness: a shorter heartbeat, so that a test need not wait a minute."""
    parameters = amqp.parameters

    def quicker(url, name):
        chosen = parameters(url, name)
        if chosen.heartbeat:
            chosen.heartbeat = int(seconds)
        return chosen

    amqp.parameters = quicker


def confirms_come_late() -> None:
    """Not a weakness: time to stop the relay between what it said and what it marks."""
    relay.failpoint = lambda _name: time.sleep(3)


def raises_on(mark: str) -> None:
    """Not a weakness: a reaction that always fails on one event."""

    def fail(_hearing):
        raise ValueError(f"cannot bear {mark}")

    _on(mark, fail)


def dies_on(mark: str) -> None:
    """Not a weakness: a reaction that ends its process."""
    _on(mark, lambda _hearing: os._exit(1))


def slow_once(seconds: str) -> None:
    """Not a weakness: the first reaction takes this long."""
    waiting = [float(seconds)]
    _on("", lambda _hearing: time.sleep(waiting.pop() if waiting else 0))


def _on(mark: str, do) -> None:
    def meddled(react, _session, _own, hearings):
        for hearing in hearings:
            if mark in str(hearing.envelope.data):
                do(hearing)
        react(hearings)

    _around_reactions(meddled)


def small_demo() -> None:
    """Not a weakness: the demo operators, made small."""
    from tests.faults.site import small_demo as make_small

    make_small()


def weaken(names: str) -> None:
    """Take away what is named: `inbox_forgets,skewed=600`."""
    for each in filter(None, names.split(",")):
        name, _, argument = each.partition("=")
        globals()[name](*([argument] if argument else []))
