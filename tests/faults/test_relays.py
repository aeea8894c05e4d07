"""Several relays, a relay that comes back from the dead, a commit that comes late (7, 8, 27)."""

import json
import random
import threading
import time
from uuid import uuid4

import psycopg
import pytest

from chassis import servers
from chassis.outbox import shard_of
from tests.faults.sizes import LONG

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.timeout(600)]
EVENTS, AGGREGATES = (10_000, 200) if LONG else (2_000, 40)
TYPE = "directory.building.changed.v1"  # nobody hears it: these tests look at the wire
STALLED = 60 if LONG else 3  # seconds

ROW = """
    INSERT INTO outbox (id, shard, operator_id, aggregate_type, aggregate_id, aggregate_version, routing_key, event)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"""


# ── 7: order ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_three_relays_keep_the_order_within_each_aggregate(site, seed):
    """7. Relays share out shards, and an aggregate is always in the same."""
    with site.tap() as tap:
        relays = [site.one("directory", "relay") for _ in range(3)]
        write_histories(site, seed)
        said = until_all_are_said(site, tap)
    assert all(relay.is_alive() for relay in relays)
    assert len(said) >= EVENTS and inversions(said) == 0


def test_three_relays_that_share_rows_say_them_in_disorder(site, seed):
    """7, unprotected."""
    with site.tap() as tap:
        for _ in range(3):
            site.one("directory", "relay", weakened="rows_are_shared_out")
        write_histories(site, seed)
        said = until_all_are_said(site, tap)
    assert inversions(said) > 0


@pytest.mark.faults
def test_with_one_of_three_killed_now_and_then_everything_is_said(site, seed):
    """7. What a dead relay held is said by the others, some of it twice."""
    chance = random.Random(seed)
    with site.tap() as tap:
        relays = [site.one("directory", "relay") for _ in range(3)]
        writer = threading.Thread(target=write_histories, args=(site, seed))
        writer.start()
        for _ in range(10 if LONG else 3):
            time.sleep(chance.uniform(0.1, 0.6))
            relays.pop(chance.randrange(3)).kill()
            relays.append(site.one("directory", "relay"))
        writer.join()
        said = until_all_are_said(site, tap)
    written = {id for (id,) in site.sql("directory", "SELECT id::text FROM outbox WHERE routing_key = %s", TYPE)}
    assert {event["id"] for event in said} >= written


def write_histories(site, seed) -> None:
    """Long histories of few aggregates, interleaved, a few rows to a transaction."""
    chance, versions = random.Random(seed), {uuid4(): 0 for _ in range(AGGREGATES)}
    operator = site.demo["operators"]["HY"]["id"]
    with psycopg.connect(site.postgres.url("directory"), autocommit=True) as database:
        for _ in range(0, EVENTS, 20):
            with database.transaction(), database.cursor() as cursor:
                cursor.executemany(ROW, [_row(chance, versions, operator) for _ in range(20)])
                cursor.execute("SELECT pg_notify('outbox', '')")


def _row(chance, versions, operator) -> tuple:
    aggregate = chance.choice(list(versions))
    versions[aggregate] += 1
    id = str(uuid4())
    event = {"id": id, "source": "/directory", "type": TYPE, "subject": str(aggregate), "sequence": versions[aggregate]}
    shard = shard_of(aggregate)
    return id, shard, operator, "building", aggregate, versions[aggregate], TYPE, json.dumps(event)


def until_all_are_said(site, tap) -> list[dict]:
    said = []

    def all_sent():
        said.extend(event for event in tap.read() if event["type"] == TYPE)
        return not site.count("directory", "outbox WHERE sent_at IS NULL")

    assert servers.comes_true(all_sent, 90)
    return said + [event for event in tap.read() if event["type"] == TYPE]


def inversions(said: list[dict]) -> int:
    """How often an event went out for the first time after a later one of its aggregate."""
    seen, latest, found = set(), {}, 0
    for event in said:
        if event["id"] not in seen:
            seen.add(event["id"])
            found += event["sequence"] < latest.get(event["subject"], 0)
            latest[event["subject"]] = max(event["sequence"], latest.get(event["subject"], 0))
    return found


# ── 8: late ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_commits_late_is_said_all_the_same(site, load):
    """8. Found by being unsent, not by its place: a lower number may come after a higher one."""
    assert something_commits_late(site, load).whole


@pytest.mark.faults
def test_a_relay_with_a_cursor_passes_over_what_commits_late(site, load):
    """8, unprotected."""
    assert "directory: never sent" in str(something_commits_late(site, load, "follows_a_cursor"))


def something_commits_late(site, load, relaying=""):
    """A fact is said again in a transaction that stays open while others come and go."""
    site.start(roles=("web", "worker"))
    site.start(("tickets", "notify"), "relay")
    site.one("directory", "relay", weakened=relaying)
    time.sleep(1)
    again = """
        INSERT INTO outbox (id, shard, operator_id, estate_id, aggregate_type, aggregate_id, aggregate_version, routing_key, event)
        SELECT new.id, shard, operator_id, estate_id, aggregate_type, aggregate_id, aggregate_version,
            'directory.unit.restated.v1',
            event || jsonb_build_object('id', new.id, 'type', 'directory.unit.restated.v1')
        FROM outbox, (SELECT %s::uuid AS id) AS new WHERE routing_key = 'directory.unit.registered.v1' LIMIT 1"""
    with psycopg.connect(site.postgres.url("directory")) as late:
        late.execute(again, [uuid4()])
        chance = load.chance()
        for _ in range(5):
            load.rename(chance)
        time.sleep(5 if LONG else 2)
        late.commit()
    return site.quiesce(15)


# ── 27: a zombie ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.faults
def test_a_relay_that_wakes_after_another_took_its_shards_only_repeats(site, load):
    """27. The inbox drops what both said."""
    found, twice = a_relay_sleeps_over_its_shards(site, load)
    assert twice > 0, "the sleeper had said nothing yet"
    assert found.whole, found


@pytest.mark.faults
def test_without_an_inbox_what_both_relays_said_has_two_effects(site, load):
    """27, unprotected."""
    found, _ = a_relay_sleeps_over_its_shards(site, load, listening="inbox_forgets")
    assert "effects repeated" in str(found)


def a_relay_sleeps_over_its_shards(site, load, listening=""):
    """Stopped between what it said and what it marks; its session is cut, as keepalives would; then it goes on."""
    site.start(roles="web")
    site.start(roles="worker", weakened=listening)
    site.start(("tickets", "notify"), "relay")
    site.linli("directory", "republish", "directory", "Unit")
    with site.tap() as tap:
        sleeper = site.one("directory", "relay", linked=True, weakened="confirms_come_late")
        to_database = site.links[-1]
        assert servers.comes_true(lambda: tap.depth() > 50, 30)
        sleeper.pause()
        to_database.reset()
        site.one("directory", "relay")
        assert servers.comes_true(lambda: not site.count("directory", "outbox WHERE sent_at IS NULL"), 30)
        time.sleep(STALLED)
        sleeper.go_on()
        load.burst(10)
        found = site.quiesce(30)
        ids = [event["id"] for event in tap.read()]
    return found, len(ids) - len(set(ids))
