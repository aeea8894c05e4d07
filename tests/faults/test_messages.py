"""Messages that come often, in any order, that nobody can read, or that kill (5, 6, 9, 10)."""

import json
import random
import time
from uuid import uuid4

import pytest

from chassis import amqp, servers
from tests.faults.sizes import LONG

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.timeout(600)]
MARK = "毒 poison"


# ── 5 and 6: repeated, and in any order ──────────────────────────────────────────────────────────────────────────────


def test_every_event_five_times_and_shuffled_is_as_good_as_once(site, load, seed):
    """5. An inbox row for each reaction, in the transaction of its effect."""
    assert everything_comes_five_times(site, load, seed).whole


@pytest.mark.faults
def test_without_an_inbox_every_repetition_has_its_effect(site, load, seed):
    """5, unprotected."""
    assert "effects repeated" in str(everything_comes_five_times(site, load, seed, "inbox_forgets"))


def everything_comes_five_times(site, load, seed, weakened=""):
    site.start(roles=("web", "relay"))
    site.start(roles="worker", weakened=weakened)
    load.burst(60 if LONG else 25)
    repeated = events_of_this_test(site) * 4
    random.Random(seed).shuffle(repeated)
    site.say(*repeated)
    return site.quiesce(30)


def test_histories_in_any_order_end_in_the_same_copies_and_every_reaction(site, load, seed):
    """6. Copies are gated by the sequence; reactions are not gated at all."""
    assert histories_come_in_any_order(site, load, seed).whole


@pytest.mark.faults
def test_without_the_gate_a_copy_shows_whatever_came_last(site, load, seed):
    """6, unprotected."""
    assert "copies behind" in str(histories_come_in_any_order(site, load, seed, "no_gate"))


@pytest.mark.faults
def test_a_gate_for_reactions_swallows_those_that_come_late(site, load, seed):
    """6, unprotected the other way."""
    assert "effects missing" in str(histories_come_in_any_order(site, load, seed, "gated_reactions"))


def histories_come_in_any_order(site, load, seed, weakened=""):
    """The relays' own messages are thrown away; the same come shuffled."""
    site.start(roles=("web", "relay"))
    chance = load.chance()
    for _ in range(10):
        load.rename(chance)
    load.burst(30)
    assert servers.comes_true(
        lambda: not any(site.count(each, "outbox WHERE sent_at IS NULL") for each in site.names), 20
    )
    shuffled = events_of_this_test(site)
    random.Random(seed).shuffle(shuffled)
    site.purge()
    site.say(*shuffled)
    site.start(roles="worker", weakened=weakened)
    return site.quiesce(30)


def events_of_this_test(site) -> list[tuple[str, bytes]]:
    """What was said since the seed, as it went over the wire."""
    new = "SELECT routing_key, event::text FROM outbox WHERE created_at > %s ORDER BY seq"
    return [(key, body.encode()) for each in site.names for key, body in site.sql(each, new, site.began)]


# ── 9: poison ────────────────────────────────────────────────────────────────────────────────────────────────────────


def broken(site) -> list[tuple[str, str, bytes]]:
    """One of each kind that no attempt can bring through: what its reason must say, its routing key, its body."""
    key = "directory.unit.registered.v1"
    ((good,),) = site.sql("directory", "SELECT event FROM outbox WHERE routing_key = %s LIMIT 1", key)

    def changed(**more) -> bytes:
        return json.dumps({**good, "id": str(uuid4()), **more}).encode()

    return [
        ("not JSON", key, b"\xff{"),
        ("lacks 'id'", key, json.dumps({"specversion": "1.0"}).encode()),
        ("id is not a UUID", key, changed(id="17")),
        ("unit_id", key, changed(data={**good["data"], "unit_id": "nobody"})),
        ("does not know this version", "directory.unit.registered.v9", changed(type="directory.unit.registered.v9")),
        ("sequence is not", key, changed(sequence=str(-(10**30)))),
        ("NUL", key, changed(data={**good["data"], "code": "a\0b"})),
        ("came as", key, changed(type="directory.unit.changed.v1")),
    ]


def test_poison_is_parked_at_once_with_a_plain_reason_and_holds_nobody_up(site, load):
    """9. What can never be understood is not tried again; the good ones behind it are heard meanwhile."""
    poison, reasons = poison_comes(site)
    unsaid = [why for why, _, _ in poison if not any(why in reason for reason in reasons)]
    assert not unsaid, reasons
    assert not [reason for reason in reasons if "Error" in reason or "{" in reason], reasons


def test_a_worker_that_retries_everything_does_not_park_it_at_once(site, load):
    """9, unprotected."""
    poison, reasons = poison_comes(site, "everything_is_retried")
    assert len(reasons) < len(poison)


def poison_comes(site, weakened="") -> tuple[list, list[str]]:
    """Bad ones, then some two hundred good ones. → the bad, and the reasons of the parked when the good are done"""
    site.define_broker((60,) * 5)
    site.start(roles="relay")
    poison = broken(site)
    for _, key, body in poison:
        site.say((key, body), exchange=amqp.EVENTS if key.endswith("v1") else "", queue=amqp.events_queue("notify"))
    site.start(("directory", "tickets"), "worker")
    site.one("notify", "worker", weakened=weakened)
    site.linli("directory", "republish", "directory", "Unit")
    heard = "inbox WHERE processed_at > %s"
    assert servers.comes_true(lambda: site.count("notify", heard, site.began) > 100, 20)
    assert servers.comes_true(lambda: not site.depth(amqp.events_queue("notify")), 5)
    time.sleep(1)
    return poison, [parked["reason"] for parked in site.parked("notify")]


def test_what_always_fails_is_parked_after_six_attempts_and_its_replay_has_one_effect(site, load):
    """9. Mended, and put back on the running platform."""
    failing = start_with_a_failing_reaction(site, load)
    assert servers.comes_true(lambda: site.depth(amqp.parked_queue("notify")) == 1, 30)
    (parked,) = site.parked("notify")
    assert parked["attempts"] == amqp.ATTEMPTS and MARK in parked["reason"]
    assert "1 notify: not heard" in str(site.account())
    failing.kill()
    site.one("notify", "worker")
    site.linli("notify", "parked", "replay", "notify")
    found = site.quiesce(20)
    assert found.whole, found


def test_what_fails_and_goes_back_to_the_queues_head_wears_out_its_deliveries_at_once(site, load):
    """9, unprotected: no attempts with time between them, and nobody can say why it is parked."""
    start_with_a_failing_reaction(site, load, "failures_return")
    assert servers.comes_true(lambda: site.depth(amqp.parked_queue("notify")) == 1, 30)
    assert site.parked("notify") == [{"attempts": None, "reason": ""}]


def start_with_a_failing_reaction(site, load, weakened=""):
    site.start(roles=("web", "relay"))
    site.start(("directory", "tickets"), "worker")
    failing = site.one("notify", "worker", weakened=f"raises_on={MARK},{weakened}")
    load.poison(MARK)
    load.burst(5)
    return failing


# ── 10: deadly ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.faults
def test_a_message_that_kills_its_process_is_parked_and_the_innocent_can_be_replayed(site, load):
    """10. The queue's own limit of deliveries ends it."""
    deaths = a_message_kills(site, load)
    assert deaths <= 21 and site.depth(amqp.parked_queue("notify")) >= 1
    site.one("notify", "worker")
    site.linli("notify", "parked", "replay", "notify")
    found = site.quiesce(30)
    assert found.whole, found


@pytest.mark.faults
def test_without_a_limit_of_deliveries_it_kills_for_ever(site, load):
    """10, unprotected."""
    site.drop_policy(amqp.events_queue("notify"))
    assert a_message_kills(site, load) > 21


def a_message_kills(site, load, most=25) -> int:
    """A worker that is started again as often as it dies, for so long. → its deaths"""
    site.start(roles=("web", "relay"))
    site.start(("directory", "tickets"), "worker")
    load.burst(5)
    load.poison(MARK)
    load.burst(5)
    deaths = 0
    while deaths < most:
        doomed = site.one("notify", "worker", weakened=f"dies_on={MARK}")
        if not servers.comes_true(lambda: not doomed.is_alive() or site.depth(amqp.parked_queue("notify")), 15):  # noqa: B023
            break
        if doomed.is_alive():
            doomed.kill()
            break
        deaths += 1
    return deaths
