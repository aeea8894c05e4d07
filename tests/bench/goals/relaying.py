"""Goal 4: from the outbox through the broker into five queues, and from a queue into an inbox."""

import json

from chassis import amqp, servers
from chassis.ids import new_id
from tests.bench import bare, load, seed
from tests.bench.place import OURS as BIN
from tests.bench.place import Program
from tests.bench.run import Run, Sample
from tests.bench.table import Result

DATABASE = "tickets_relay"
KEY = "tickets.ticket.benched.v1"
PATIENCE = 120  # seconds for a slice
QUEUES = [f"bench.{number}" for number in range(1, 6)]
SLICE = 10_000  # events at a time, after which the queues are emptied and the other side has its turn
PART_EACH = 0.02  # of the events: how many the relay that waits for each is given
OUTBOX = """
INSERT INTO outbox (id, shard, operator_id, estate_id, aggregate_type, aggregate_id, aggregate_version, routing_key, event)
SELECT id, i % 16, {operator}, {operator}, 'ticket', id, 1, '{key}', jsonb_set('{event}'::jsonb, '{{id}}', to_jsonb(id::text))
  FROM (SELECT i, gen_random_uuid() AS id FROM generate_series(1, {count}) i) made;
"""
LEFT = "SELECT EXISTS (SELECT FROM outbox WHERE sent_at IS NULL AND parked_at IS NULL)"
PACE = (
    "SELECT count(*), extract(epoch FROM max(sent_at) - min(sent_at)), count(*) FILTER (WHERE sent_at = first) FROM outbox, \
(SELECT min(sent_at) AS first FROM outbox) earliest"
)


def throughput(run: Run) -> None:
    """4: events from an outbox into five durable queues."""
    run.place.database("tickets", DATABASE)
    bare.declare(run.place.amqp_admin, amqp.EVENTS, QUEUES, KEY)
    found = {"ours": [], "raw": [], "each": []}
    for _ in range(run.repeats):
        slices = [_slice(run) for _ in range(max(1, run.events // run.repeats // SLICE))]
        for name, rates in found.items():
            rates.append(sum((each[name] for each in slices), Sample(0, 0)).rate)
        run.say(", ".join(f"{name} {rates[-1]:,.0f}/s" for name, rates in found.items()))
    words = f"relay {run.events:,} events to {len(QUEUES)} queues"
    run.found(
        Result("4", words, "raw pika, confirm every 500, no database", "/s", found["ours"], found["raw"], 0.5, 0.75)
    )
    run.found(
        Result("4", words, "relay with one confirm and mark a message", "/s", found["ours"], found["each"], 8, 15)
    )


def _slice(run: Run) -> dict[str, Sample]:
    """Each side in its turn, from empty queues."""
    return {
        "raw": _raw(run, SLICE),
        "ours": _carried(run, SLICE, _ours(run)),
        "each": _carried(run, int(SLICE * PART_EACH), _waiting_for_each(run)),
    }


def _raw(run: Run, count: int) -> Sample:
    rate = bare.Pipelined(run.place.amqp_admin, amqp.EVENTS, KEY, json.dumps(_event()).encode(), count).run()
    _all_there(run, count)
    return Sample(count, count / rate)


def _carried(run: Run, count: int, relay: Program) -> Sample:
    """What this relay marks as sent after its first mark, until its last."""
    with run.place.admin(DATABASE) as database:
        database.execute("TRUNCATE outbox")
        event = json.dumps(_event()).replace("'", "''")
        database.execute(OUTBOX.format(operator=f"'{seed.OPERATOR}'::uuid", key=KEY, event=event, count=count))
        database.execute("VACUUM (ANALYZE) outbox")
        run.place.start(relay)
        carried = servers.comes_true(lambda: not database.execute(LEFT).fetchone()[0], PATIENCE)
        sent, seconds, first = database.execute(PACE).fetchone()
    run.place.stop(relay)
    if not carried:
        raise load.WentWrong(f"{relay.name}: not all of {count:,} events were carried within {PATIENCE} s")
    _all_there(run, count)
    return Sample(sent - first, float(seconds))


def _all_there(run: Run, count: int) -> None:
    """Every queue holds every event, or nothing was measured. They are emptied for whoever is next."""
    held = bare.counts(run.place.amqp_admin, QUEUES)
    if min(held) < count:
        raise ConnectionError(f"of {count} events the queues hold {held}")
    bare.declare(run.place.amqp_admin, amqp.EVENTS, QUEUES, KEY)


def _ours(run: Run) -> Program:
    return run.place.program("tickets", DATABASE, "relay")


def _waiting_for_each(run: Run) -> Program:
    urls = [run.place.url("tickets", "system", DATABASE), run.place.amqp("tickets"), amqp.EVENTS]
    return Program("relay that waits for each", [BIN / "python", "-m", "tests.bench.plainrelays", "each", *urls], {})


def _event() -> dict:
    """An event of the size that a filed ticket has."""
    id, moment = str(new_id()), "2026-11-23T08:00:00Z"
    facts = dict.fromkeys(
        ("estate_id", "unit_id", "reporter_id", "filed_by", "assignee_id", "title_zh", "title_en", "filed_at"), id
    )
    data = {
        **facts,
        "ticket_id": id,
        "number": "E001-2026-000001",
        "state": "submitted",
        "dues": [{"clock": "review", "due_at": moment}],
    }
    return {
        "specversion": "1.0", "id": id, "source": "/tickets", "type": KEY, "subject": f"ticket/{id}", "time": moment,
        "datacontenttype": "application/json", "dataschema": f"urn:linli:{KEY}", "operatorid": str(seed.OPERATOR),
        "estateid": id, "sequence": "1", "correlationid": id, "actor": f"person/{id}", "data": data,
    }  # fmt: skip
