"""Processes that die between two steps (1, 2, 11, 12)."""

import os

import pytest

from tests.faults.load import Load
from tests.faults.site import Site

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.timeout(300)]
ROUNDS = int(os.environ.get("ROUNDS", "3"))


def dying(site: Site, load: Load, service: str, role: str, point: str, rounds: int, weakened: str = "") -> int:
    """Something to do, and somebody who dies over it, again and again; then one who does not. → how often it died"""
    deaths = 0
    for _ in range(rounds):
        load.burst(6)
        doomed = site.one(service, role, weakened=weakened, FAIL_AT=point)
        deaths += doomed.died()
        doomed.kill()
    site.one(service, role, weakened=weakened)
    return deaths


def test_a_relay_killed_between_confirm_and_mark_says_things_twice_and_they_have_one_effect(site, load):
    """1. Whoever hears the duplicates has them in its inbox already."""
    assert one_is_killed_after_the_confirm(site, load).whole


def test_without_an_inbox_its_duplicates_have_two_effects(site, load):
    """1, unprotected."""
    assert "effects other than one" in str(one_is_killed_after_the_confirm(site, load, listening="inbox_forgets"))


def one_is_killed_after_the_confirm(site, load, listening=""):
    site.start(roles="web")
    site.start(roles="worker", weakened=listening)
    site.start(("directory", "notify"), "relay")
    assert dying(site, load, "tickets", "relay", "after_confirm", ROUNDS) == ROUNDS
    return site.quiesce(20 if not listening else 10)


def test_a_relay_killed_between_publish_and_confirm_loses_nothing(site, load):
    """2. What was not confirmed is not marked, and is found again."""
    assert one_is_killed_after_the_publish(site, load).whole


def test_a_relay_that_marks_first_loses_what_it_dies_over(site, load):
    """2, unprotected."""
    assert "not heard" in str(one_is_killed_after_the_publish(site, load, relaying="marks_first", seconds=5))


def one_is_killed_after_the_publish(site, load, relaying="", seconds=20):
    site.start(roles=("web", "worker"))
    site.start(("directory", "notify"), "relay")
    assert dying(site, load, "tickets", "relay", "after_publish", ROUNDS, relaying) == ROUNDS
    return site.quiesce(seconds)
