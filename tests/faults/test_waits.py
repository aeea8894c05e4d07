"""What is away, slow, silent or wrong about the time is waited out (16, 17, 18, 19)."""

import random
import time

import psycopg
import pytest

from chassis import amqp, servers
from tests.faults.load import Load
from tests.faults.sizes import LONG

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.timeout(600)]
AWAY = 40 if LONG else 5  # seconds without a database
HEARTBEAT = 5
QUICK = f"patient_heartbeat={HEARTBEAT}"


# ── 16: no database ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_while_a_listeners_database_is_away_no_message_is_to_blame(site, load):
    """16. Nothing parked, no attempt spent; the backlog is heard afterwards."""
    assert the_database_goes_away(site, load) == 0
    found = site.quiesce(40)
    assert found.whole, found


@pytest.mark.faults
def test_a_worker_that_blames_the_messages_parks_them_all(site, load):
    """16, unprotected."""
    assert the_database_goes_away(site, load, "absence_counts") > 0


def the_database_goes_away(site, load, weakened="") -> int:
    """→ how many messages were blamed, in retry queues or parked"""
    site.start(roles=("web", "relay"), services=("directory", "tickets"))
    site.start(("directory", "tickets"), "worker")
    site.one("notify", "worker", weakened=weakened)
    load.burst(5)
    with psycopg.connect(site.postgres.url(), autocommit=True) as admin:
        admin.execute("ALTER DATABASE notify ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'notify'")
        load.burst(25)
        time.sleep(AWAY)
        tiers = [amqp.retry_queue("notify", tier) for tier in range(1, amqp.ATTEMPTS)]
        blamed = sum(map(site.depth, [*tiers, amqp.parked_queue("notify")]))
        admin.execute("ALTER DATABASE notify ALLOW_CONNECTIONS true")
    site.one("notify", "relay")
    return blamed


# ── 17: slow ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.faults
def test_a_reaction_slower_than_three_heartbeats_costs_neither_connection_nor_attempt(site, load):
    """17. Whoever keeps the connection alive is not whoever hears."""
    assert "consumer.lost" not in a_reaction_takes_long(site, load)
    found = site.quiesce(40)
    assert found.whole, found


@pytest.mark.faults
def test_a_worker_of_one_thread_loses_its_connection_over_it(site, load):
    """17, unprotected."""
    assert "consumer.lost" in a_reaction_takes_long(site, load, "one_thread")


def a_reaction_takes_long(site, load, weakened="") -> str:
    """→ what the worker had to say meanwhile"""
    site.start(roles=("web", "relay"))
    site.start(("directory", "tickets"), "worker")
    slow = site.one("notify", "worker", weakened=f"{QUICK},slow_once={3 * HEARTBEAT + 2},{weakened}")
    said_before = slow.log.stat().st_size
    load.burst(5)
    time.sleep(3 * HEARTBEAT + 5)
    return slow.log.read_bytes()[said_before:].decode()


# ── 18: bad links ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.faults
def test_links_that_reset_drip_hang_and_come_late_cost_nothing(site, load, seed):
    """18. To the broker and to the database, of relays and workers."""
    chance = random.Random(seed)
    site.start(roles="web")
    site.start(("directory", "tickets", "notify"), ("relay", "worker"), linked=True, weakened=QUICK)
    for _ in range(20 if LONG else 4):
        load.burst(4)
        for link, weather in zip(chance.sample(site.links, 4), ("reset", "slow", "hold", "late"), strict=True):
            if weather == "reset":
                link.reset()
            elif weather == "slow":
                link.slow(0.01)
            elif weather == "hold":
                link.hold()
            else:
                link.late(0.2)
        load.burst(4)
        time.sleep(1)
        for link in site.links:
            link.clear()
    found = site.quiesce(90)
    assert found.whole, found


@pytest.mark.faults
@pytest.mark.parametrize("role", ["relay", "worker"])
def test_a_half_open_link_to_the_broker_is_noticed_within_two_heartbeats(site, load, role):
    """18. Nothing comes over it, and nobody says so: the heartbeat does."""
    assert a_link_goes_dead(site, load, role) < 2 * HEARTBEAT + 3
    found = site.quiesce(60)
    assert found.whole, found


@pytest.mark.faults
@pytest.mark.parametrize("role", ["relay", "worker"])
def test_without_heartbeats_a_half_open_link_is_never_noticed(site, load, role):
    """18, unprotected."""
    assert a_link_goes_dead(site, load, role, "no_heartbeat") >= 2 * HEARTBEAT + 3


def a_link_goes_dead(site, load, role, weakened="") -> float:
    """→ seconds until the process connects anew, as far as they are waited for"""
    site.start(roles="web")
    other = "worker" if role == "relay" else "relay"
    site.start(roles=other)
    site.start(("directory", "notify"), role)
    site.one("tickets", role, linked=True, weakened=f"{QUICK},{weakened}")
    to_broker = site.links[-2]
    assert servers.comes_true(lambda: to_broker.passed > 500, 10)
    load.burst(3)
    time.sleep(1)
    began, stranded = time.monotonic(), to_broker.strand()
    load.burst(5)
    servers.comes_true(lambda: to_broker.accepted > stranded, 2 * HEARTBEAT + 4)
    return time.monotonic() - began


# ── 19: clocks that differ ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.faults
def test_a_producer_whose_clock_leaps_back_is_still_heard_in_its_order(site, load):
    """19. Order is by sequence, never by time."""
    told, copied = clocks_leap(site, load)
    assert told == copied
    found = site.quiesce(40)
    assert found.whole, found


@pytest.mark.faults
def test_a_listener_that_trusts_the_time_keeps_the_old_state(site, load):
    """19, unprotected."""
    told, copied = clocks_leap(site, load, "time_gate")
    assert told != copied


def clocks_leap(site, load, weakened="") -> tuple:
    """Ten minutes ahead, then ten behind, while the listeners' clocks are right. → a unit's name there, and here"""
    site.sql("directory", "UPDATE signing_key SET signs_from = signs_from - interval '1 day'")
    site.start(roles=("relay", "clock"), weakened="skewed=-600")
    site.start(roles="worker", weakened=weakened)
    unit, someone = site.demo["accounts"]["owner"]["unit_id"], Load(site, 0)
    for wrong in (600, -600):
        door = site.one("directory", "web", weakened=f"skewed={wrong}")
        for number in range(3):
            someone.speak_of(unit, f"{wrong} 之 {number}")
        door.kill()
    servers.comes_true(site.is_still, 20)
    time.sleep(2)
    named = "SELECT spoken_zh FROM unit WHERE id = %s"
    return site.sql("directory", named, unit), site.sql("notify", named, unit)
