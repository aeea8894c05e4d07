"""What every conversation with the broker shares: the names of things, how to connect, what a message looks like.

Names follow from the service's, so nothing is configured twice (messaging.md §2.2; broker.py makes them exist). A web role
may know the names; pika is imported by whoever speaks, which a web role never does.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pika

VHOST = "linli"
CONTENT_TYPE = "application/cloudevents+json"
EVENTS = "domain.events"  # the one exchange on which every fact is said
ATTEMPT, REASON, TRACE = "x-attempt", "x-reason", "traceparent"
RETRY_AFTER = (5, 30, 300, 1800, 7200)  # seconds in each retry tier
ATTEMPTS = len(RETRY_AFTER) + 1
REPLAY = "events"  # keys of the retry exchange, beside the numbers of the tiers
PARKED = "parked"


def events_queue(service: str) -> str:
    return f"{service}.events"


def retry_exchange(service: str) -> str:
    return f"{service}.retry"


def retry_queue(service: str, tier: int) -> str:
    return f"{service}.retry.{tier}"


def parked_queue(service: str) -> str:
    return f"{service}.parked"


class Refused(RuntimeError):
    """The broker will not let us (403) or finds its things other than we do (406): a person must correct the set-up."""


def refusal(error: BaseException) -> Refused | None:
    """The error as `Refused` when trying again cannot help, else None."""
    from pika.exceptions import (
        AuthenticationError,
        ChannelClosedByBroker,
        ConnectionClosedByBroker,
        ProbableAuthenticationError,
    )

    if isinstance(error, AuthenticationError | ProbableAuthenticationError):
        return Refused(f"The broker refuses our user or password: {error}")
    if not isinstance(error, ChannelClosedByBroker | ConnectionClosedByBroker):
        return None
    overdue = "timed out" in error.reply_text  # 406 as well: we held a delivery longer than the broker waits
    return Refused(str(error)) if error.reply_code in (403, 406) and not overdue else None


def parameters(url: str, name: str) -> "pika.URLParameters":
    """How each of our connections is made; `name` is what the broker's operators see."""
    import pika

    chosen = pika.URLParameters(url)
    chosen.heartbeat = 30
    chosen.blocked_connection_timeout = 30
    chosen.socket_timeout = 5
    chosen.stack_timeout = 10
    chosen.client_properties = {"connection_name": name}
    return chosen


def pauses(first: float = 0.5, longest: float = 30) -> Iterator[float]:
    """How long to wait before each next try: doubling, with full jitter so that a crowd does not return as one."""
    ceiling = first
    while True:
        yield random.uniform(0, ceiling)
        ceiling = min(2 * ceiling, longest)


@dataclass(frozen=True)
class Message:
    """What goes out. Headers are only ever our own: a copied `x-death` counts as a cycle and the message vanishes."""

    id: str
    exchange: str
    routing_key: str
    body: bytes = field(repr=False)
    headers: dict = field(default_factory=dict)

    @property
    def properties(self) -> "pika.BasicProperties":
        import pika

        return pika.BasicProperties(
            content_type=CONTENT_TYPE,
            delivery_mode=pika.DeliveryMode.Persistent.value,
            message_id=self.id,
            headers={name: value for name, value in self.headers.items() if value is not None},
        )
