"""The relays everybody writes first, as peers: `python -m tests.bench.plainrelays poll|each DATABASE_URL AMQP_URL EXCHANGE`.

`poll` looks once a second and publishes what is there; `each` looks all the time. Both wait for the confirm of each
message and mark each as sent by itself.
"""

import signal
import sys

import pika
import psycopg

UNSENT = "SELECT seq, routing_key, event::text FROM outbox WHERE sent_at IS NULL AND parked_at IS NULL ORDER BY seq LIMIT 500"
SENT = "UPDATE outbox SET sent_at = clock_timestamp() WHERE seq = %s"
REST = {"poll": 1.0, "each": 0.01}


def carry(kind: str, database_url: str, amqp_url: str, exchange: str) -> None:
    persistent = pika.BasicProperties(delivery_mode=2)
    with (
        psycopg.connect(database_url, autocommit=True) as database,
        pika.BlockingConnection(pika.URLParameters(amqp_url)) as broker,
    ):
        channel = broker.channel()
        channel.confirm_delivery()
        while True:
            rows = database.execute(UNSENT).fetchall()
            for seq, key, event in rows:
                channel.basic_publish(exchange, key, event.encode(), persistent)
                database.execute(SENT, [seq])
            if not rows or kind == "poll":
                broker.sleep(REST[kind])


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    carry(*sys.argv[1:])
