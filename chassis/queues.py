"""How much waits in a service's queues: asked of the broker with the service's own rights."""

from dataclasses import dataclass

import pika

from chassis import amqp
from chassis.runtime import process_name


@dataclass(frozen=True)
class Queues:
    """`waiting` holds the messages that are ready, by the queue's name without the service's: events, retry.1…, parked."""

    waiting: dict[str, int]
    consumers: int

    @property
    def retrying(self) -> int:
        return sum(depth for name, depth in self.waiting.items() if name.startswith("retry."))


def look(runtime) -> Queues:
    """Raises AMQPError or OSError when the broker is away or lacks one of them."""
    service = runtime.service.name
    retries = (amqp.retry_queue(service, tier) for tier in range(1, amqp.ATTEMPTS))
    names = [amqp.events_queue(service), *retries, amqp.parked_queue(service)]
    with pika.BlockingConnection(_hasty(runtime)) as connection:
        channel = connection.channel()
        found = {name: channel.queue_declare(name, passive=True).method for name in names}
    waiting = {name.removeprefix(f"{service}."): queue.message_count for name, queue in found.items()}
    return Queues(waiting, found[names[0]].consumer_count)


def _hasty(runtime) -> pika.URLParameters:
    """Who looks does not wait long: the answer is wanted now or not at all."""
    hasty = amqp.parameters(runtime.settings.amqp_url, f"{runtime.service.name} {process_name('looking')}")
    hasty.socket_timeout, hasty.stack_timeout, hasty.blocked_connection_timeout = 2, 3, 3
    return hasty
