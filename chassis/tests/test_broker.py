"""The topology: rendered from what services hear, each with no more rights than it needs."""

import base64
import hashlib

import pika
import pytest
from pika.exceptions import ChannelClosedByBroker

from chassis import amqp, broker
from chassis.tests.kites.service import service as kites_service
from chassis.tests.wire import PASSWORD, QUICK, eventually, room


def rendered(*rooms, **more):
    return broker.definitions(rooms, {each.name: PASSWORD for each in rooms}, **more)


def test_a_queue_is_bound_to_exactly_what_its_service_hears():
    bindings = rendered(room("lifts", "doors.door.opened.v1"), room("doors"))["bindings"]

    heard = {(b["routing_key"], b["destination"]) for b in bindings if b["source"] == amqp.EVENTS}
    ways = {(b["routing_key"], b["destination"]) for b in bindings if b["source"] == "lifts.retry"}
    assert heard == {("doors.door.opened.v1", "lifts.events")}
    assert ways == {
        *((str(n), f"lifts.retry.{n}") for n in range(1, 6)),
        ("parked", "lifts.parked"),
        ("events", "lifts.events"),
    }


def test_whatever_can_be_tuned_is_a_policy_and_every_queue_has_its_own():
    whole = rendered(room("lifts"))

    assert {tuple(queue["arguments"].items()) for queue in whole["queues"]} == {(("x-queue-type", "quorum"),)}
    assert {policy["pattern"] for policy in whole["policies"]} == {
        f"^{queue['name']}$".replace(".", r"\.") for queue in whole["queues"]
    }
    ttls = [p["definition"]["message-ttl"] for p in whole["policies"] if "message-ttl" in p["definition"]]
    assert ttls == [5_000, 30_000, 300_000, 1_800_000, 7_200_000]


def test_no_password_lies_in_the_definitions():
    whole = rendered(room("lifts"), extra=[broker.administrator("boss", "b0ss")])

    assert PASSWORD not in str(whole) and "b0ss" not in str(whole)
    salted = base64.b64decode(whole["users"][0]["password_hash"])
    assert salted[4:] == hashlib.sha256(salted[:4] + PASSWORD.encode()).digest()


def test_the_contracts_say_whom_a_fact_reaches_and_which_reach_nobody(tmp_path):
    heard = broker.listeners([kites_service, room("roofs", "kites.kite.flown.v1")])
    file = tmp_path / "listeners.json"
    file.write_text('{"kites.kite.flown.v1": ["roofs"], "kites.kite.built.v1": []}')

    assert (heard["kites.kite.flown.v1"], heard["kites.kite.built.v1"]) == (["roofs"], [])
    assert broker.unheard(file) == {"kites.kite.built.v1"}
    assert broker.unheard(tmp_path / "absent.json") == set()


@pytest.mark.connected
def test_sync_unbinds_what_is_no_longer_heard(wire):
    wire.topology(kites_service, room("roofs", "weather.hail.seen.v1", "weather.snow.seen.v1"))

    removed = wire.topology(kites_service, room("roofs", "weather.snow.seen.v1"))

    assert removed == ["domain.events -weather.hail.seen.v1-> roofs.events"]
    assert wire.topology(kites_service, room("roofs", "weather.snow.seen.v1")) == [], "and again changes nothing"


@pytest.mark.connected
def test_policies_reach_the_queues(wire):
    wire.topology(kites_service, retry_after=(*QUICK[:4], 30))
    wire.admin.basic_publish("kites.retry", "1", b"quick")
    wire.admin.basic_publish("kites.retry", "5", b"slow")

    eventually(lambda: wire.depth("kites.events") == 1)
    assert wire.depth("kites.retry.5") == 1


ALLOWED = {
    "consume its own queue": lambda channel: channel.basic_get("kites.events"),
    "look at its parked": lambda channel: channel.basic_get("kites.parked"),
    "say facts": lambda channel: channel.basic_publish("domain.events", "kites.kite.built.v1", b""),
    "send to its own ladder": lambda channel: channel.basic_publish("kites.retry", "parked", b""),
}
REFUSED = {
    "consume another's queue": lambda channel: channel.basic_get("weather.events"),
    "consume another's parked": lambda channel: channel.basic_get("weather.parked"),
    "empty another's queue": lambda channel: channel.queue_purge("weather.events"),
    "send to another's ladder": lambda channel: channel.basic_publish("weather.retry", "1", b""),
    "write past the exchanges": lambda channel: channel.basic_publish("", "weather.events", b""),
    "declare a queue": lambda channel: channel.queue_declare("kites.more"),
    "declare an exchange": lambda channel: channel.exchange_declare("kites.more"),
    "delete its queue": lambda channel: channel.queue_delete("kites.events"),
    "hear more than agreed": lambda channel: channel.queue_bind("kites.events", "domain.events", "#"),
    "hear less than agreed": lambda channel: channel.queue_unbind(
        "kites.events", "domain.events", "weather.storm.announced.v1"
    ),
}


@pytest.fixture
def kites_channel(wire):
    with pika.BlockingConnection(pika.URLParameters(wire.url("kites"))) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        yield channel


@pytest.mark.connected
@pytest.mark.parametrize("deed", ALLOWED)
def test_a_service_may(kites_channel, deed):
    ALLOWED[deed](kites_channel)


@pytest.mark.connected
@pytest.mark.parametrize("deed", REFUSED)
def test_a_service_may_not(kites_channel, deed):
    with pytest.raises(ChannelClosedByBroker) as refusal:
        REFUSED[deed](kites_channel)

    assert refusal.value.reply_code == 403
