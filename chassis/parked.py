"""What waits among the parked: messages that no attempt could bring through. People look, mend, and replay.

Nothing here loses a message: what is looked at goes back, and what is replayed leaves the parked queue only after the
broker answers for its copy.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orjson
import pika
from pika.adapters.blocking_connection import BlockingChannel

from chassis import amqp
from chassis.amqp import Message
from chassis.runtime import process_name


@dataclass(frozen=True)
class Parked:
    """One parked message; `type` is empty where the body cannot be read."""

    id: str
    type: str
    attempts: int
    reason: str
    body: str


def list_parked(runtime, limit: int = 100) -> list[Parked]:
    """The oldest parked messages of the service, left where they are."""
    with _channel(runtime) as channel:
        return [_describe(properties, body) for _, properties, body in _waiting(channel, runtime.service.name, limit)]


def replay(runtime, ids: Collection[str] | None = None) -> int:
    """Send parked messages, all or those named, to the service's queue again, with all attempts before them. → how many."""
    replayed, service = 0, runtime.service.name
    with _channel(runtime) as channel:
        channel.confirm_delivery()
        for tag, properties, body in _waiting(channel, service):
            if ids is None or properties.message_id in ids:
                _send_again(channel, service, properties, body)
                channel.basic_ack(tag)
                replayed += 1
    return replayed


def count(runtime) -> int:
    """How many are parked."""
    with _channel(runtime) as channel:
        return _depth(channel, runtime.service.name)


@contextmanager
def _channel(runtime) -> Iterator[BlockingChannel]:
    """Closing it gives back what was taken and not acknowledged."""
    name = f"{runtime.service.name} {process_name('parked')}"
    with pika.BlockingConnection(amqp.parameters(runtime.settings.amqp_url, name)) as connection:
        yield connection.channel()


def _depth(channel: BlockingChannel, service: str) -> int:
    return channel.queue_declare(amqp.parked_queue(service), passive=True).method.message_count


def _waiting(channel: BlockingChannel, service: str, limit: int | None = None) -> Iterator[tuple]:
    """What is parked at this moment, each once; what is parked meanwhile is for the next time."""
    depth = _depth(channel, service)
    for _ in range(depth if limit is None else min(depth, limit)):
        method, properties, body = channel.basic_get(amqp.parked_queue(service))
        if method is None:
            return
        yield method.delivery_tag, properties, body


def _send_again(channel: BlockingChannel, service: str, properties: pika.BasicProperties, body: bytes) -> None:
    trace = {amqp.TRACE: (properties.headers or {}).get(amqp.TRACE)}
    message = Message(properties.message_id, amqp.retry_exchange(service), amqp.REPLAY, body, trace)
    channel.basic_publish(message.exchange, message.routing_key, body, message.properties, mandatory=True)


def _describe(properties: pika.BasicProperties, body: bytes) -> Parked:
    headers = properties.headers or {}
    reason = headers.get(amqp.REASON) or f"left its queue by itself: {headers.get('x-first-death-reason', 'unknown')}"
    text = body.decode(errors="replace")
    return Parked(properties.message_id or "", _type_of(text), headers.get(amqp.ATTEMPT, 0), reason, text)


def _type_of(text: str) -> str:
    try:
        return str(orjson.loads(text)["type"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
