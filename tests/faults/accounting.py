"""The books of the whole platform: each committed event had its effect exactly once in every listener, and nothing else had.

`account` reads the services' databases as they are, with set-based SQL, and needs no process of ours to run. It is the
judge of every fault here, and of a restored backup.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pika
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.orm import Session

from chassis import amqp, audit
from chassis.model import Copy
from chassis.service import Service, load

SHOWN = 5  # examples named in a finding

SAID = """
    SELECT id::text, routing_key, aggregate_type, aggregate_id::text, aggregate_version, event->>'source' AS source
    FROM outbox ORDER BY seq"""
OUTBOX = {
    "never sent": "SELECT routing_key || ' ' || id FROM outbox WHERE sent_at IS NULL AND parked_at IS NULL",
    "parked in the outbox": "SELECT routing_key || ' ' || id FROM outbox WHERE sent_at IS NULL AND parked_at IS NOT NULL",
    "versions that no event tells of": """
        SELECT aggregate_type || ' ' || aggregate_id FROM outbox WHERE split_part(routing_key, '.', 3) <> 'restated'
        GROUP BY aggregate_type, aggregate_id
        HAVING count(*) <> max(aggregate_version) - min(aggregate_version) + 1""",
    "events without an audit row": """
        SELECT outbox.routing_key || ' ' || outbox.id FROM outbox LEFT JOIN audit
        ON subject_type = aggregate_type AND subject_id = aggregate_id AND version = aggregate_version AND action = routing_key
        WHERE audit.seq IS NULL AND split_part(routing_key, '.', 2) <> 'audit'
        AND split_part(routing_key, '.', 3) <> 'restated'""",
    "audit rows without an event": """
        SELECT audit.action || ' ' || audit.subject_id FROM audit LEFT JOIN outbox
        ON subject_type = aggregate_type AND subject_id = aggregate_id AND version = aggregate_version AND action = routing_key
        WHERE outbox.seq IS NULL AND audit.at > (SELECT min(created_at) FROM outbox)""",
}  # fmt: skip

HEARINGS = """
    WITH said AS (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:types AS text[]), CAST(:sources AS text[]))
            AS event(event_id, type, source)),
        hears AS (SELECT * FROM unnest(CAST(:heard AS text[]), CAST(:consumers AS text[])) AS hears(type, consumer)),
        due AS (SELECT * FROM said JOIN hears USING (type))
"""
LISTENER = {
    "not heard": HEARINGS + """
        SELECT due.consumer || ' ← ' || due.type || ' ' || due.event_id FROM due
        LEFT JOIN inbox USING (consumer, source, event_id) WHERE inbox.consumer IS NULL""",
    "heard, but never said": HEARINGS + """
        SELECT inbox.consumer || ' ← ' || inbox.event_id FROM inbox LEFT JOIN said USING (source, event_id)
        WHERE said.event_id IS NULL AND inbox.source = ANY (CAST(:known AS text[]))
        AND inbox.processed_at > now() - interval '6 days'""",
}  # fmt: skip
EFFECTS = {
    "effects missing": HEARINGS + """
        SELECT due.consumer || ' ← ' || due.event_id FROM due
        LEFT JOIN effect USING (consumer, event_id) WHERE effect.at IS NULL""",
    "effects repeated": HEARINGS + """
        SELECT consumer || ' ← ' || event_id || ': ' || count(*) FROM due JOIN effect USING (consumer, event_id)
        GROUP BY consumer, event_id HAVING count(*) > 1""",
    "effects of nothing": HEARINGS + """
        SELECT effect.consumer || ' ← ' || effect.event_id FROM effect
        LEFT JOIN due USING (consumer, event_id) WHERE due.event_id IS NULL""",
}  # fmt: skip
COPIED = """
    WITH original AS (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS bigint[])) AS original(id, version))
    SELECT original.id || ': copy ' || coalesce(copy.sequence::text, 'absent') || ', original ' || original.version
    FROM original LEFT JOIN {table} AS copy USING (id) WHERE copy.sequence IS DISTINCT FROM original.version"""
UNFOUNDED = {
    "notify": {
        "messages of no event": HEARINGS + """
            SELECT message.template || ' ' || message.event_id FROM message
            LEFT JOIN said USING (event_id) WHERE said.event_id IS NULL""",
        "messages without their deliveries": """
            SELECT message.id::text FROM message LEFT JOIN delivery
            ON delivery.message_id = message.id AND delivery.channel = 'in_app'
            WHERE message.in_app AND delivery.id IS NULL""",
    },
}  # fmt: skip


@dataclass
class Account:
    """What was counted, and every sentence about what is wrong."""

    events: int = 0
    hearings: int = 0
    effects: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return not self.wrong

    def find(self, what: str, examples: list) -> None:
        """Note a finding, when there is one."""
        if examples:
            shown = ", ".join(map(str, examples[:SHOWN])) + (", …" if len(examples) > SHOWN else "")
            self.wrong.append(f"{len(examples)} {what}: {shown}")

    def __str__(self) -> str:
        counted = f"{self.events} events, {self.hearings} hearings due, {self.effects} effects counted"
        return "\n".join([f"{counted}: {'whole' if self.whole else 'WRONG'}", *self.wrong])


@dataclass(frozen=True)
class Event:
    """One row of an outbox, as far as the books need it."""

    id: str
    type: str
    aggregate: str
    aggregate_id: str
    version: int
    source: str


def account(services: Mapping[str, str], amqp_url: str = "") -> Account:
    """Balance the books of a platform at rest.

    Args:
        services: each service's name, and a URL into its database that sees every row (the system role's will do).
        amqp_url: an administrator's, into the events' vhost; without it the broker is not looked at.
    """
    found, said = Account(), []
    for name, url in services.items():
        with _looking_into(url) as database:
            said += [Event(*row) for row in database.execute(text(SAID))]
            _producer(found, name, database)
    found.events = len(said)
    for name, url in services.items():
        with _looking_into(url) as database:
            _listener(found, load(name), database, said)
    if amqp_url:
        _broker(found, services, amqp_url)
    return found


def _looking_into(url: str) -> Connection:
    return create_engine(url, poolclass=NullPool).connect()


def _producer(found: Account, name: str, database: Connection) -> None:
    for what, query in OUTBOX.items():
        found.find(f"{name}: {what}", list(database.scalars(text(query))))
    found.find(f"{name}: audit chain", audit.verify(Session(database)))


# ── listeners ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _listener(found: Account, service: Service, database: Connection, said: list[Event]) -> None:
    books = _books(service, said)
    found.hearings += database.scalar(text(HEARINGS + "SELECT count(*) FROM due"), books)
    queries = LISTENER | UNFOUNDED.get(service.name, {})
    if database.scalar(text("SELECT to_regclass('effect') IS NOT NULL")):
        queries |= EFFECTS
        found.effects += database.scalar(text("SELECT count(*) FROM effect"))
    for what, query in queries.items():
        chosen = books if query.startswith(HEARINGS) else {}
        found.find(f"{service.name}: {what}", list(database.scalars(text(query), chosen)))
    for table, originals in _copied(service, said):
        wanted = {"ids": list(originals), "versions": list(originals.values())}
        found.find(
            f"{service.name}: {table} copies behind", list(database.scalars(text(COPIED.format(table=table)), wanted))
        )


def _books(service: Service, said: list[Event]) -> dict[str, list]:
    hears = [
        (type, f"{service.name}.{reaction.name}") for type in service.hears for reaction in service.reactions_to(type)
    ]
    return {
        "ids": [event.id for event in said],
        "types": [event.type for event in said],
        "sources": [event.source for event in said],
        "known": sorted({event.source for event in said}),
        "heard": [type for type, _ in hears],
        "consumers": [consumer for _, consumer in hears],
    }


def _copied(service: Service, said: list[Event]) -> Iterator[tuple[str, dict[str, int]]]:
    """(table, {original: its latest version that the copy can know}) of each copy, which is named as its original is."""
    mapped = {mapper.class_.__tablename__ for mapper in service.registry.mappers if issubclass(mapper.class_, Copy)}
    shown = {type for type in service.hears if any(each.projection for each in service.reactions_to(type))}
    for table in sorted(mapped):
        latest: dict[str, int] = {}
        for event in said:
            if event.aggregate == table and event.type in shown:
                latest[event.aggregate_id] = max(event.version, latest.get(event.aggregate_id, 0))
        yield table, latest


# ── the broker ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _broker(found: Account, services: Mapping[str, str], amqp_url: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
        channel = connection.channel()
        for name in services:
            queues = [amqp.events_queue(name), amqp.parked_queue(name)]
            for queue in [*queues, *(amqp.retry_queue(name, tier) for tier in range(1, amqp.ATTEMPTS))]:
                depth = channel.queue_declare(queue, passive=True).method.message_count
                if depth:
                    found.wrong.append(f"{queue} holds {depth} messages")
