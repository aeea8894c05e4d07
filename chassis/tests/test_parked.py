"""The parked: looking loses nothing, and a replay takes exactly what is named."""

import pytest
from pika.exceptions import UnroutableError

from chassis import amqp, parked
from chassis.publisher import Publisher
from chassis.tests.kites.reactions import StormAnnounced
from chassis.tests.wire import eventually, said_by

pytestmark = pytest.mark.connected


@pytest.fixture
def three(wire):
    """Three parked messages: two events and something unreadable. → their ids"""
    events = [said_by(StormAnnounced(text=words)) for words in ("one", "two")]
    messages = [
        *(amqp.Message(str(e.id), "kites.retry", "parked", e.to_json(), headers(e)) for e in events),
        amqp.Message("broken", "kites.retry", "parked", b"\xff", headers()),
    ]
    publisher = Publisher(wire.url("kites"), "parks three")
    assert publisher.ready(10) and len(publisher.publish_batch(messages).confirmed) == 3
    publisher.close()
    eventually(lambda: wire.depth("kites.parked") == 3)
    return [message.id for message in messages]


def headers(event=None):
    return {amqp.ATTEMPT: 6, amqp.REASON: "why", amqp.TRACE: event and f"00-{event.id.hex}-b7ad6b7169203331-01"}


def test_looking_at_the_parked_leaves_them_there(wire, three):
    for _ in range(25):
        found = parked.list_parked(wire.runtime)

    assert sorted(each.id for each in found) == sorted(three)
    assert {each.type for each in found} == {"weather.storm.announced.v1", ""}
    assert {(each.attempts, each.reason) for each in found} == {(6, "why")}
    assert len(parked.list_parked(wire.runtime, limit=2)) == 2
    eventually(lambda: parked.count(wire.runtime) == 3)


def test_a_replay_takes_what_is_named_and_starts_its_attempts_anew(wire, three):
    assert parked.replay(wire.runtime, ids=[three[1]]) == 1

    eventually(lambda: wire.depth("kites.parked") == 2)
    ((properties, _),) = wire.take("kites.events")
    assert properties.message_id == three[1]
    assert list(properties.headers) == ["traceparent"]


def test_a_replay_without_names_takes_all(wire, three):
    assert parked.replay(wire.runtime) == 3

    assert wire.depth("kites.parked") == 0
    assert len(wire.take("kites.events")) == 3


def test_a_replay_that_the_broker_does_not_take_loses_nothing(wire, three):
    wire.admin.queue_unbind("kites.events", "kites.retry", "events")

    with pytest.raises(UnroutableError):
        parked.replay(wire.runtime)

    eventually(lambda: wire.depth("kites.parked") == 3)
