"""Bare pika: what the broker gives without us. The floors and limits of goals 3 and 4, and the peers' relays."""

import itertools
import threading
import time
from collections.abc import Iterable

import pika

DURABLE = {"x-queue-type": "quorum"}
PERSISTENT = pika.BasicProperties(content_type="application/cloudevents+json", delivery_mode=2)


def declare(url: str, exchange: str, queues: Iterable[str], key: str) -> None:
    """Durable queues as the services have them, bound to the exchange by one key, and empty."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        for queue in queues:
            channel.queue_declare(queue, durable=True, arguments=DURABLE)
            channel.queue_bind(queue, exchange, key)
            channel.queue_purge(queue)


def counts(url: str, queues: Iterable[str]) -> list[int]:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        return [channel.queue_declare(queue, passive=True).method.message_count for queue in queues]


def round_trips(url: str, queue: str, body: bytes, count: int) -> list[float]:
    """Seconds from before a confirmed publish until the message was consumed and acknowledged, one after another."""
    arrived = threading.Event()
    consumer = threading.Thread(target=_acknowledge, args=(url, queue, count, arrived), daemon=True)
    consumer.start()
    seconds = []
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for _ in range(count):
            began = time.perf_counter()
            channel.basic_publish("", queue, body, PERSISTENT, mandatory=True)
            if not arrived.wait(10):
                raise TimeoutError(f"{queue} gave nothing back")
            seconds.append(time.perf_counter() - began)
            arrived.clear()
    consumer.join()
    return seconds


def _acknowledge(url: str, queue: str, count: int, arrived: threading.Event) -> None:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        for method, _, _ in itertools.islice(channel.consume(queue), count):
            channel.basic_ack(method.delivery_tag)
            arrived.set()


class Pipelined:
    """The raw publisher: `batch` messages on their way, then the next when all of them are confirmed."""

    def __init__(self, url: str, exchange: str, key: str, body: bytes, count: int, batch: int = 500):
        self.exchange, self.key, self.body, self.left, self.batch = exchange, key, body, count, batch
        self.waiting = self.published = self.confirmed = 0
        self.connection = pika.SelectConnection(pika.URLParameters(url), on_open_callback=self._opened)

    def run(self) -> float:
        """Publish everything. → messages a second, from the first publish to the last confirm."""
        try:
            self.connection.ioloop.start()
        finally:
            self.connection.ioloop.close()
        if self.confirmed != self.published or self.left:
            raise ConnectionError("the broker did not confirm everything")
        return self.published / (self.ended - self.began)

    def _opened(self, connection) -> None:
        connection.channel(on_open_callback=self._ready)

    def _ready(self, channel) -> None:
        self.channel = channel
        channel.confirm_delivery(self._on_confirm, callback=self._begin)

    def _begin(self, _frame) -> None:
        self.began = time.perf_counter()
        self._publish()

    def _publish(self) -> None:
        self.waiting = min(self.batch, self.left)
        self.left -= self.waiting
        for _ in range(self.waiting):
            self.channel.basic_publish(self.exchange, self.key, self.body, PERSISTENT, mandatory=True)
        self.published += self.waiting

    def _on_confirm(self, frame) -> None:
        answered = frame.method.delivery_tag - self.confirmed if frame.method.multiple else 1
        self.confirmed += answered
        if self.confirmed < self.published:
            return
        if self.left:
            return self._publish()
        self.ended = time.perf_counter()
        self.connection.add_on_close_callback(lambda connection, _: connection.ioloop.stop())
        self.connection.close()
