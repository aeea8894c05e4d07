"""Publishing, pipelined: many messages on their way at once, each answered for by the broker.

One connection in a thread of its own, for publishing alone, so that an alarm which blocks publishers blocks no
acknowledgement. Whoever publishes waits in `publish_batch`, or does something else in `sending` before it asks, and learns
which messages the broker now answers for.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile

import pika
import structlog

from chassis import amqp
from chassis.amqp import Message
from chassis.failpoint import failpoint
from chassis.observe import figures

log = structlog.get_logger(__name__)
WINDOW = 500  # messages on their way at once
NOT_NOW = "the broker cannot be reached, or takes nothing just now"


@dataclass
class Receipt:
    """What became of each message, by id: confirmed, returned by the broker because no queue takes it, or failed and why."""

    confirmed: set[str] = field(default_factory=set)
    returned: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class _Batch:
    """Messages to go out, and the answers so far. Written by the connection's thread, read when it is `done`."""

    def __init__(self, messages: Iterable[Message]):
        self.messages = list(messages)
        self.waiting = deque(self.messages)
        self.receipt = Receipt()
        self.unanswered = len(self.messages)
        self.done = threading.Event()

    def answer(self, id: str, *, confirmed: bool) -> None:
        if not confirmed:
            self.receipt.failed[id] = "the broker did not accept it"
        elif id not in self.receipt.returned:
            self.receipt.confirmed.add(id)
        self.unanswered -= 1
        if not self.unanswered:
            self.done.set()

    def close(self, reason: str) -> Receipt:
        """Whatever has no answer by now failed for this reason."""
        self.done.set()
        returned, failed = dict(self.receipt.returned), dict(self.receipt.failed)
        confirmed = set(self.receipt.confirmed) - returned.keys() - failed.keys()
        for message in self.messages:
            if message.id not in confirmed and message.id not in returned:
                failed.setdefault(message.id, reason)
        return Receipt(confirmed, returned, failed)


class _Link:
    """The life of one connection: opened, used by one batch at a time, lost. All of it runs in the publisher's thread."""

    def __init__(self, parameters: pika.ConnectionParameters, usable: threading.Event):
        self.usable = usable
        self.blocked = figures.blocked.labels((parameters.client_properties or {})["connection_name"].partition("@")[0])
        self.blocked.set(0)
        self.opened = False
        self.error: BaseException | None = None
        self.batch: _Batch | None = None
        self.last_tag = 0
        self.on_their_way: dict[int, tuple[_Batch, str]] = {}
        self.connection = pika.SelectConnection(parameters, self._on_open, self._on_lost, self._on_lost)

    def live(self) -> None:
        try:
            self.connection.ioloop.start()
        finally:
            self.connection.ioloop.close()  # its own sockets, also when a callback failed

    def call(self, function) -> None:
        """Run it in this connection's thread; the one thing that other threads may do."""
        self.connection.ioloop.add_callback_threadsafe(function)

    def close(self) -> None:
        self.usable.clear()
        if not (self.connection.is_closing or self.connection.is_closed):
            self.connection.close()  # one that is still being made is given up, and its socket with it

    # ── opening and losing ───────────────────────────────────────────────────────────────────────────────────────

    def _on_open(self, connection) -> None:
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel) -> None:
        self.channel = channel
        channel.add_on_close_callback(self._on_channel_closed)
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(self._on_confirm, callback=self._on_ready)

    def _on_ready(self, _frame) -> None:
        self.opened = True
        self.usable.set()

    def _on_blocked(self, _connection, frame) -> None:
        log.warning("publisher.blocked", reason=frame.method.reason)
        self.blocked.set(1)
        self.usable.clear()

    def _on_unblocked(self, _connection, _frame) -> None:
        log.info("publisher.unblocked")
        self.blocked.set(0)
        self.usable.set()

    def _on_channel_closed(self, _channel, error) -> None:
        self.usable.clear()
        self.error = self.error or error
        if self.connection.is_open:
            self.connection.close()

    def _on_lost(self, _connection, error) -> None:
        self.usable.clear()
        self.error = self.error or error
        if self.batch:
            self.batch.done.set()
        self.connection.ioloop.stop()

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────

    def fill(self) -> None:
        """Send what the window has room for."""
        batch = self.batch
        while batch.waiting and not batch.done.is_set() and len(self.on_their_way) < WINDOW and self.channel.is_open:
            message = batch.waiting.popleft()
            self.last_tag += 1
            self.on_their_way[self.last_tag] = (batch, message.id)
            self.channel.basic_publish(
                message.exchange, message.routing_key, message.body, message.properties, mandatory=True
            )

    def _on_return(self, _channel, method, properties, _body) -> None:
        """Comes before the confirm of the same message, which then does not count."""
        if self.batch:
            self.batch.receipt.returned[properties.message_id] = f"{method.reply_code} {method.reply_text}"

    def _on_confirm(self, frame) -> None:
        failpoint("after_publish")
        answer = frame.method
        for tag in self._tags(answer.delivery_tag, answer.multiple):
            batch, id = self.on_their_way.pop(tag)
            batch.answer(id, confirmed=isinstance(answer, pika.spec.Basic.Ack))
        self.fill()

    def _tags(self, tag: int, multiple: bool) -> list[int]:
        if not multiple:
            return [tag]
        return list(takewhile(lambda earlier: earlier <= tag, self.on_their_way))  # which stand as they were sent


class Publisher:
    """Keeps a connection for publishing, for ever; several may publish, one batch after another."""

    def __init__(self, url: str, name: str):
        self._parameters = amqp.parameters(url, name)
        self._usable = threading.Event()
        self._closing = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._link: _Link | None = None
        self._refused: amqp.Refused | None = None
        self._thread = threading.Thread(target=self._keep_connected, name=f"publisher {name}", daemon=True)
        self._thread.start()

    def ready(self, timeout: float = 0) -> bool:
        """Whether, within `timeout` seconds, the broker takes messages. Raises Refused when it never will."""
        usable = self._usable.wait(timeout)
        if self._refused:
            raise self._refused
        return usable

    def publish_batch(self, messages: Iterable[Message], timeout: float = 10) -> Receipt:
        """Publish and wait for the answers. What is not confirmed may or may not have arrived: publish it again later."""
        with self.sending(messages, timeout) as answers:
            return answers()

    @contextmanager
    def sending(self, messages: Iterable[Message], timeout: float = 10) -> Iterator[Callable[[], Receipt]]:
        """Publish while something else is done; the answers are waited for when the function is called that this yields."""
        batch = _Batch(messages)
        with self._one_at_a_time:
            link = self._link if batch.messages and self.ready() else None
            if link:
                link.batch = batch  # before asking again: a link lost from here on tells the batch
            sent = link is not None and self.ready()
            if sent:
                link.call(link.fill)
            yield lambda: _answers(batch, link, timeout) if sent else batch.close(NOT_NOW)

    def close(self) -> None:
        self._closing.set()
        while self._thread.is_alive():
            if self._link:
                self._link.call(self._link.close)
            self._thread.join(0.2)

    def _keep_connected(self) -> None:
        pauses = amqp.pauses()
        while not self._closing.is_set():
            self._link = _Link(self._parameters, self._usable)
            try:
                self._link.live()
            except Exception:
                log.exception("publisher.failed")  # a fault of ours must not look like a broker that stays away
                self._usable.clear()
            self._refused = amqp.refusal(self._link.error)
            if self._refused:
                return
            if self._link.opened:
                pauses = amqp.pauses()
            if not self._closing.is_set():
                log.warning("publisher.lost", reason=repr(self._link.error))
            self._closing.wait(next(pauses))


def _answers(batch: _Batch, link: _Link, timeout: float) -> Receipt:
    answered = batch.done.wait(timeout)
    return batch.close(f"the connection was lost: {link.error!r}" if answered else f"no answer within {timeout} s")
