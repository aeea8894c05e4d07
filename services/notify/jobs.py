"""Door 3, the clock: send what is due.

Three steps, so that no transaction is open while the network is slow. Claim a batch under a lease, in one transaction; send;
note each outcome in a transaction of its own. Who crashes between sending and noting leaves the lease to run out, and the
delivery goes again under the same key and Message-ID, by which the outside can tell the repeat.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import orjson
import structlog
from sqlalchemy import select

from chassis.actor import SYSTEM
from chassis.jobs import every
from chassis.private import Unreadable, unseal
from services.notify.channels import Channel, Parcel, Permanent, Retryable, Unreachable, outside
from services.notify.model import Delivery, Person, State

log = structlog.get_logger(__name__)
BATCH = 200  # of one channel at a time; a full one is followed by the next at once
BUDGET = 10.0  # seconds a batch may take; what is left is given back
LEASE = timedelta(minutes=2)  # longer than a batch can take, send timeout included


@dataclass(frozen=True)
class Claimed:
    """A delivery in hand, and which attempt it is: a later claim makes this one's outcome void."""

    delivery_id: UUID
    attempt: int
    parcel: Parcel


@every(seconds=2, own_transactions=True)
def send_due(runtime) -> int:
    """Send what is due by each channel, side by side: a mail server that hangs holds up no text message."""
    channels = list(outside(runtime.own_settings).values())
    with ThreadPoolExecutor(max(len(channels), 1)) as threads:
        return sum(threads.map(lambda channel: send_batch(runtime, channel), channels))


def send_batch(runtime, channel: Channel) -> int:
    """→ how many deliveries were tried"""
    waiting = claim(runtime, channel.name)
    until, tried = time.monotonic() + BUDGET, 0
    try:
        while waiting and time.monotonic() < until:
            tried += 1
            if not send(runtime, channel, waiting.pop(0)):
                break
    finally:
        channel.close()
    give_back(runtime, waiting)
    return tried


def claim(runtime, channel: str) -> list[Claimed]:
    """Take a batch under a lease; another sender passes it over until the lease ends."""
    with runtime.work(SYSTEM, system=True) as work:
        due = (
            select(Delivery)
            .where(
                Delivery.channel == channel,
                Delivery.state.in_([State.PENDING, State.SENDING]),
                Delivery.next_attempt_at <= work.now,
            )
            .order_by(Delivery.next_attempt_at)
        )
        return [claimed for delivery in work.due(due, BATCH) if (claimed := _claim_one(work, delivery))]


def _claim_one(work, delivery: Delivery) -> Claimed | None:
    """None, and the delivery failed, when there is nothing to be sent with: one such row must not stop the others."""
    address = work.get(Person, delivery.person_id).sealed_address(delivery.channel)
    if not address:
        return delivery.fail("no address is known any more", work.now)
    try:
        to, letter = unseal(address), orjson.loads(unseal(delivery.letter))
    except Unreadable:
        return delivery.fail("none of our keys opens its address or words", work.now)
    delivery.claim(until=work.now + LEASE)
    return Claimed(
        delivery.id, delivery.attempts, Parcel(key=delivery.key, reference=delivery.reference, to=to, **letter)
    )


def send(runtime, channel: Channel, claimed: Claimed) -> bool:
    """→ whether the channel is worth another try now"""
    try:
        provider_id = channel.send(claimed.parcel)
    except Permanent as refusal:
        note(runtime, claimed, Delivery.fail, str(refusal))
    except Retryable as trouble:
        wait = trouble.retry_after and timedelta(seconds=trouble.retry_after)
        note(runtime, claimed, Delivery.postpone, str(trouble), wait=wait)
        return not isinstance(trouble, Unreachable)
    except Exception as error:
        # A fault of our own or of a library: the others go on, and this one climbs the same ladder.
        log.exception("delivery.failed", channel=channel.name, delivery=str(claimed.delivery_id))
        note(runtime, claimed, Delivery.postpone, type(error).__name__)
    else:
        note(runtime, claimed, Delivery.sent, provider_id)
    return True


def note(runtime, claimed: Claimed, move, *said: str, **more) -> None:
    """Keep the outcome, unless a receipt was faster or the lease ran out and somebody else has it."""
    with runtime.work(SYSTEM, system=True) as work:
        delivery = work.take(Delivery, claimed.delivery_id)
        if delivery.state is State.SENDING and delivery.attempts == claimed.attempt:
            move(delivery, *said, at=work.now, **more)


def give_back(runtime, waiting: list[Claimed]) -> None:
    for claimed in waiting:
        note(runtime, claimed, Delivery.give_back)
