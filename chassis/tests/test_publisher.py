"""Publishing: what the broker answers for is known message by message, and a lost connection comes back."""

import gc
import warnings

import pytest
import requests

from chassis import amqp
from chassis.amqp import Message, Refused
from chassis.ids import new_id
from chassis.publisher import Publisher
from chassis.servers import free_port
from chassis.tests.wire import eventually

pytestmark = pytest.mark.connected
STORM = "weather.storm.announced.v1"


def message(key=STORM, **more):
    return Message(str(new_id()), amqp.EVENTS, key, b"{}", **more)


@pytest.fixture
def publisher(wire):
    made = Publisher(wire.url("weather"), "a publisher under test")
    assert made.ready(10)
    yield made
    made.close()


def connections(wire, name):
    found = requests.get(f"{wire.node.management_url}/api/connections", timeout=10).json()
    return [each["name"] for each in found if each.get("client_properties", {}).get("connection_name") == name]


def cut(wire, name):
    """End the connection from the broker's side, once its management has noticed it."""
    eventually(lambda: connections(wire, name))
    for each in connections(wire, name):
        requests.delete(f"{wire.node.management_url}/api/connections/{each}", timeout=10).raise_for_status()


def test_every_message_of_a_large_batch_is_confirmed(wire, publisher):
    messages = [message() for _ in range(1_200)]

    receipt = publisher.publish_batch(messages)

    assert receipt.confirmed == {each.id for each in messages}
    assert wire.depth("kites.events") == 1_200


def test_a_message_that_no_queue_takes_is_returned_and_the_others_are_not(publisher):
    lost, taken = message("weather.fog.seen.v1"), message()

    receipt = publisher.publish_batch([lost, taken])

    assert receipt.confirmed == {taken.id}
    assert receipt.returned == {lost.id: "312 NO_ROUTE"}


def test_messages_are_persistent_and_carry_our_headers_alone(wire, publisher):
    sent = message(headers={amqp.ATTEMPT: 2, amqp.TRACE: None})

    publisher.publish_batch([sent])

    ((properties, body),) = wire.take("kites.events")
    assert (properties.delivery_mode, properties.content_type) == (2, "application/cloudevents+json")
    assert (properties.message_id, properties.headers, body) == (sent.id, {"x-attempt": 2}, b"{}")


def test_a_connection_that_is_cut_is_made_again(wire, publisher):
    cut(wire, "a publisher under test")
    eventually(lambda: publisher.publish_batch([message()]).confirmed)


def test_without_a_broker_a_batch_fails_at_once_with_its_reason():
    nowhere = Publisher("amqp://a:b@127.0.0.1:9/linli", "nowhere")
    sent = message()

    receipt = nowhere.publish_batch([sent])

    assert not nowhere.ready(0.1)
    assert receipt.failed == {sent.id: "the broker cannot be reached, or takes nothing just now"}
    nowhere.close()


@pytest.mark.parametrize("service, password", [("weather", "wrong"), ("nobody", "unknown")])
def test_a_wrong_password_is_an_error_to_end_with(wire, service, password):
    publisher = Publisher(wire.url(service, password), "a stranger")

    eventually(lambda: not publisher._thread.is_alive())
    with pytest.raises(Refused, match="refuses our user or password"):
        publisher.ready()


def test_an_exchange_we_may_not_write_to_is_an_error_to_end_with(publisher):
    publisher.publish_batch([Message("1", "kites.retry", "1", b"")])

    eventually(lambda: not publisher._thread.is_alive())
    with pytest.raises(Refused, match="403"):
        publisher.publish_batch([message()])


def test_a_publisher_closed_while_it_connects_leaves_no_socket_behind():
    nowhere = f"amqp://somebody:secret@127.0.0.1:{free_port()}/linli"
    gc.collect()  # what earlier tests left is not counted here

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for _ in range(60):
            Publisher(nowhere, "short-lived").close()
        gc.collect()

    assert [str(each.message) for each in seen if each.category is ResourceWarning] == []
