"""The consumer: nothing is lost, nothing is done twice, and one bad message keeps nobody waiting."""

import signal
import threading
from dataclasses import replace

import pika
import pytest
from sqlalchemy import select

from chassis import amqp, broker, consumer, inbox, parked
from chassis.events import on
from chassis.tests.kites.model import Note
from chassis.tests.kites.reactions import StormAnnounced, note_storm
from chassis.tests.test_publisher import cut
from chassis.tests.wire import away, eventually, hearing, said_by

pytestmark = pytest.mark.connected


def storm(words="thunder", **more):
    return said_by(StormAnnounced(text=words), **more)


def storms(count):
    return [storm(f"storm {n:03}") for n in range(count)]


def notes(kites):
    with kites.work() as work:
        return sorted(work.scalars(select(Note.text)))


def ready(wire):
    """How many messages wait in the service's queue, those delivered and not acknowledged not counted."""
    return wire.depth("kites.events")


def reasons(wire):
    return [each.reason for each in parked.list_parked(wire.runtime)]


def test_poison_is_parked_and_a_hundred_good_messages_behind_it_are_done_quickly(kites, wire):
    """Three can never be understood and are parked at once; the fourth waits in its tier, and nobody with it."""
    wire.topology(kites.service, retry_after=(30,) * 5)
    newer = replace(storm(), type="weather.storm.announced.v1", data={"text": 7})
    poison = [b"not JSON", b'{"specversion": "1.0"}', newer, storm("unheard of")]
    good = storms(100)
    wire.say(*poison, *good)

    with wire.running(consumer):
        eventually(lambda: len(notes(kites)) == 100)
        eventually(lambda: wire.depth("kites.parked") == 3 and wire.depth("kites.retry.1") == 1)

    found = {each.reason.partition(":")[0]: each.attempts for each in parked.list_parked(wire.runtime)}
    assert found == {"not JSON": 1, "the envelope lacks 'id'": 1, "weather.storm.announced.v1": 1}
    assert notes(kites) == [f"storm {n:03}" for n in range(100)]


def test_an_event_that_came_as_another_is_parked_and_one_that_came_by_a_retry_is_not(kites, wire):
    """What it says and what it is bound by must agree; after a retry it comes by the name of its queue."""
    wire.topology(kites.service, retry_after=(0.1,) * 5)
    wire.say(replace(storm("in disguise"), type="weather.storm.announced.v1"))
    disguised = storm("disguised")
    properties = pika.BasicProperties(message_id=str(disguised.id))
    body = replace(disguised, type="weather.storm.passed.v1").to_json()
    wire.admin.basic_publish(amqp.EVENTS, "weather.storm.announced.v1", body, properties)
    wire.say(storm("unheard of"))

    with wire.running(consumer):
        eventually(lambda: wire.depth("kites.parked") == 2)

    came_as = "the event says that it is weather.storm.passed.v1, and came as weather.storm.announced.v1"
    assert came_as in reasons(wire)
    assert notes(kites) == ["in disguise"]


def test_after_the_mending_a_replay_has_one_effect_and_all_its_attempts_again(kites, wire):
    wire.say(storm("unheard of"))
    with wire.running(consumer):
        eventually(lambda: wire.depth("kites.parked") == 1)

    @on(StormAnnounced)
    def note_any_storm(work, heard):
        note_storm(work, StormAnnounced(text=f"after all: {heard.text}"))

    (waiting,) = parked.list_parked(wire.runtime)
    wire.becomes(hearing(kites.service, note_any_storm))
    assert parked.replay(wire.runtime) == 1
    with wire.running(consumer):
        eventually(lambda: notes(kites) == ["after all: unheard of"])

    assert (waiting.type, waiting.attempts) == ("weather.storm.announced.v1", 6)
    assert waiting.reason == "ValueError: nobody knows what to do about this storm"
    assert wire.depth("kites.parked") == 0


def test_each_failure_climbs_one_tier_with_our_own_headers_alone(kites, wire):
    wire.topology(kites.service, retry_after=(0.2, 0.2, 30, 30, 30))
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    wire.say(replace(storm("unheard of"), traceparent=trace))

    with wire.running(consumer):
        eventually(lambda: wire.depth("kites.retry.3") == 1)

    ((properties, _),) = wire.take("kites.retry.3")
    assert properties.headers == {
        "x-attempt": 4,
        "x-reason": "ValueError: nobody knows what to do about this storm",
        "traceparent": trace,
    }


def test_while_the_database_is_away_every_message_is_kept_and_no_attempt_is_spent(kites, wire, postgres_url):
    with wire.running(consumer):
        wire.say(storm("before"))
        eventually(lambda: notes(kites) == ["before"])
        with away(kites, postgres_url):
            wire.say(*storms(60))
            eventually(lambda: ready(wire) < 60)
            assert all(wire.depth(f"kites.retry.{tier}") == 0 for tier in range(1, 6))
        eventually(lambda: len(notes(kites)) == 61)

    assert ready(wire) == wire.depth("kites.parked") == 0


def test_told_to_stop_while_the_database_is_away_it_gives_every_message_back(kites, wire, postgres_url):
    with wire.running(consumer) as end:
        wire.say(storm("before"))
        eventually(lambda: notes(kites) == ["before"])
        with away(kites, postgres_url):
            wire.say(*storms(120))
            eventually(lambda: ready(wire) < 120)
            end()

    eventually(lambda: ready(wire) == 120)
    assert wire.depth("kites.retry.1") == 0


def test_a_batch_left_unheard_at_the_end_is_not_acknowledged_with_the_next(kites, wire, monkeypatch):
    stop, hear = threading.Event(), inbox.process

    def away_when_told_to_stop(runtime, envelopes):
        if not stop.is_set():
            stop.set()
            raise inbox.DatabaseAway("for this batch alone")
        return hear(runtime, envelopes)

    monkeypatch.setattr(inbox, "process", away_when_told_to_stop)
    wire.say(*storms(120))

    consumer.run(wire.runtime, stop)

    eventually(lambda: ready(wire) + len(notes(kites)) == 120)


def test_without_a_database_at_the_start_nothing_is_consumed(kites, wire, postgres_url):
    wire.say(*storms(3))
    with away(kites, postgres_url), wire.running(consumer):
        eventually(lambda: ready(wire) == 3)

    with wire.running(consumer):
        eventually(lambda: len(notes(kites)) == 3)


@pytest.mark.slow
def test_a_reaction_slower_than_three_heartbeats_keeps_the_connection(kites, wire, monkeypatch):
    begun = []
    connect = amqp.parameters

    def with_quick_heartbeat(url, name):
        chosen = connect(url, name)
        chosen.heartbeat = 1
        return chosen

    @on(StormAnnounced)
    def think_long(work, heard):
        begun.append(heard.text)
        threading.Event().wait(3.5)
        note_storm(work, heard)

    monkeypatch.setattr(amqp, "parameters", with_quick_heartbeat)
    wire.topology(hearing(kites.service, think_long))
    wire.say(storm())
    with wire.running(consumer):
        eventually(lambda: notes(kites) == ["thunder"])

    assert begun == ["thunder"]
    assert ready(wire) == 0


def test_a_consumer_killed_after_the_commit_and_before_the_acknowledgement_has_one_effect(kites, wire):
    wire.say(*storms(30))
    assert wire.process(consumer, fail_at="after_commit").wait(60) == -signal.SIGKILL
    eventually(lambda: ready(wire) == 30)
    committed = len(notes(kites))

    with wire.running(consumer):
        eventually(lambda: ready(wire) == 0 and len(notes(kites)) == 30)

    assert committed > 0
    assert notes(kites) == [f"storm {n:03}" for n in range(30)]


def test_a_consumer_killed_before_the_commit_has_one_effect(kites, wire):
    wire.say(*storms(30))
    assert wire.process(consumer, fail_at="before_commit").wait(60) == -signal.SIGKILL
    assert notes(kites) == []

    with wire.running(consumer):
        eventually(lambda: len(notes(kites)) == 30)


def test_a_message_that_kills_its_process_ends_among_the_parked_and_can_be_replayed(kites, wire, monkeypatch):
    monkeypatch.setattr(broker, "DELIVERY_LIMIT", 2)
    wire.topology(kites.service)
    wire.say(*storms(3), storm("lightning"))
    for _ in range(3):
        wire.process(consumer, service="chassis.tests.lightning").wait(60)
        eventually(lambda: wire.depth("kites.parked") or ready(wire))

    eventually(lambda: wire.depth("kites.parked") > 0 and ready(wire) == 0)
    assert "left its queue by itself: delivery_limit" in reasons(wire)
    parked.replay(wire.runtime)
    with wire.running(consumer):
        eventually(lambda: notes(kites) == ["lightning", "storm 000", "storm 001", "storm 002"])


def test_a_connection_that_is_cut_is_made_again_and_nothing_is_done_twice(kites, wire, monkeypatch):
    monkeypatch.setattr(consumer, "process_name", lambda role: f"{role} to be cut")
    with wire.running(consumer):
        wire.say(storm("before"))
        eventually(lambda: notes(kites) == ["before"])
        cut(wire, "kites worker to be cut")
        wire.say(storm("after"))
        eventually(lambda: notes(kites) == ["after", "before"])


def test_told_to_stop_it_finishes_what_has_arrived(kites, wire):
    entered, released = threading.Event(), threading.Event()

    @on(StormAnnounced)
    def wait_and_note(work, heard):
        entered.set()
        released.wait(10)
        note_storm(work, heard)

    wire.topology(hearing(kites.service, wait_and_note))
    wire.say(*storms(120))
    with wire.running(consumer):
        assert entered.wait(10)
        eventually(lambda: ready(wire) == 0)
        threading.Timer(0.5, released.set).start()

    assert len(notes(kites)) == 120
    assert ready(wire) == 0


def test_a_retry_that_the_broker_does_not_take_is_held_and_the_rest_goes_on(kites, wire):
    for tier in ("1", "parked"):
        wire.admin.queue_unbind(f"kites.{'retry.1' if tier == '1' else 'parked'}", "kites.retry", tier)
    wire.say(storm("unheard of"), b"not JSON", *storms(5))

    with wire.running(consumer):
        eventually(lambda: len(notes(kites)) == 5)

    eventually(lambda: ready(wire) == 2)


def test_a_fact_no_longer_heard_is_acknowledged(kites, wire):
    wire.admin.queue_bind("kites.events", amqp.EVENTS, "weather.fog.seen.v1")
    wire.say(replace(storm(), type="weather.fog.seen.v1"), storm())

    with wire.running(consumer):
        eventually(lambda: notes(kites) == ["thunder"])

    assert ready(wire) == wire.depth("kites.parked") == 0


def test_a_queue_that_is_not_ours_is_an_error_to_end_with(wire):
    wire.runtime.settings = replace(wire.runtime.settings, amqp_url=wire.url("weather"))

    with pytest.raises(amqp.Refused, match="403"):
        consumer.run(wire.runtime, threading.Event())
