"""The broker goes away, dies in the middle, takes nothing (3, 4, 13)."""

import statistics
import subprocess
import sys
import threading
import time

import pytest

from chassis import amqp, servers
from tests.faults.load import Unanswered
from tests.faults.site import SERVICES
from tests.faults.sizes import LONG

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.timeout(600)]
DOWN, FILED = (60, 1000) if LONG else (5, 60)  # seconds; tickets meanwhile
BROKER_DEATHS = 10 if LONG else 1


# ── 3: away ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.faults
def test_while_the_broker_is_down_everything_is_accepted_as_quickly_and_nothing_is_lost(site, load):
    """3. A door writes to its database and never speaks to the broker."""
    site.start()
    assert files_while_the_broker_is_down(site, load) == []
    found = site.quiesce(60)
    assert found.whole, found
    assert load.lost() == []


@pytest.mark.faults
def test_a_door_that_speaks_to_the_broker_itself_refuses_while_it_is_down(site, load):
    """3, unprotected."""
    site.start(roles="web", weakened="publishes_in_the_request")
    assert "not accepted" in str(files_while_the_broker_is_down(site, load))


def files_while_the_broker_is_down(site, load) -> list[str]:
    """→ what was not as before"""
    began, chance, load.patience = time.monotonic(), load.chance(), 3
    usual = [timed(load.file, chance) for _ in range(30)]
    site.kill_broker()
    try:
        slow = [timed(load.file, chance) for _ in range(FILED)]
        time.sleep(max(0, DOWN - (time.monotonic() - began)))
    except Unanswered:
        return ["a ticket was not accepted"]
    finally:
        site.rabbitmq.start()
    if ninety_five(slow) > 2 * ninety_five(usual) + 0.1:
        return [f"p95 {ninety_five(slow):.3f} s, before {ninety_five(usual):.3f} s"]
    return [f"{count} {what}" for what, count in load.counts.items() if what.startswith("answers 5")]


def timed(deed, chance) -> float:
    began = time.monotonic()
    deed(chance)
    return time.monotonic() - began


def ninety_five(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def test_a_web_role_does_not_even_import_what_speaks_amqp():
    """3. So it cannot."""
    code = (
        "import sys, chassis.http.server\nfrom chassis.service import load, names\n"
        "[load(name) for name in names()]\nsys.exit('pika' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=servers.CHECKOUT, check=False).returncode == 0


# ── 4: killed in the middle ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.faults
def test_a_broker_killed_in_the_middle_of_a_batch_costs_nothing(site, load):
    """4. What it confirmed it kept; what it did not is said again."""
    site.start()
    found = the_broker_dies(site, load)
    assert found.whole, found


@pytest.mark.faults
def test_a_relay_that_marks_first_loses_what_the_broker_dies_over(site, load):
    """4, unprotected."""
    site.start(roles=("web", "worker", "clock"))
    site.start(("tickets", "notify"), "relay")
    site.one("directory", "relay", weakened="marks_first")
    assert "not heard" in str(the_broker_dies(site, load))


def the_broker_dies(site, load):
    for _ in range(BROKER_DEATHS):
        load.burst(5)
        says = threading.Thread(target=site.linli, args=["directory", "republish", "directory"])
        with site.tap() as tap:
            says.start()
            assert servers.comes_true(lambda: tap.depth() > 20, 30)
        site.kill_broker()
        says.join()
        site.rabbitmq.start()
    return site.quiesce(90)


# ── 13: takes nothing ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.faults
def test_while_the_brokers_disk_is_full_we_accept_and_hear_and_wait_without_spinning(site, load):
    """13. Publishing has a connection of its own, and waits to be told that it may go on."""
    relay = start_with_a_backlog(site, load)
    with full_disk(site):
        site.one("notify", "worker")
        load.burst(10)
        assert servers.comes_true(lambda: site.depth(amqp.events_queue("notify")) == 0, 20), "nothing is acknowledged"
        busy = how_busy(relay)
        assert site.count("tickets", "outbox WHERE sent_at IS NULL"), "the alarm was not felt"
    assert busy < 0.2
    found = site.quiesce(20)
    assert found.whole, found


@pytest.mark.faults
def test_a_relay_that_asks_again_at_once_spins(site, load):
    """13, unprotected."""
    relay = start_with_a_backlog(site, load, relaying="impatient")
    with full_disk(site):
        load.burst(10)
        busy = how_busy(relay)
    assert busy > 0.2


def how_busy(relay) -> float:
    """→ its share of a processor, once it has given up the batch that the alarm caught"""
    time.sleep(12)
    began, used = time.monotonic(), relay.processor_seconds()
    time.sleep(30 if LONG else 4)
    return (relay.processor_seconds() - used) / (time.monotonic() - began)


def start_with_a_backlog(site, load, relaying=""):
    site.start(roles="web")
    site.start(("directory", "tickets"), "worker")
    site.start(("directory", "notify"), "relay")
    relay = site.one("tickets", "relay", weakened=relaying)
    load.burst(30)
    assert servers.comes_true(
        lambda: not any(site.count(each, "outbox WHERE sent_at IS NULL") for each in SERVICES), 20
    )
    return relay


class full_disk:
    """The broker's disk alarm, for as long as this is entered."""

    def __init__(self, site):
        self.site = site

    def __enter__(self):
        self.site.rabbitmqctl("set_disk_free_limit", str(10**14))

    def __exit__(self, *_):
        self.site.rabbitmqctl("set_disk_free_limit", "200MB")
