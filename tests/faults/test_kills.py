"""Processes that die between two steps (1, 2, 11, 12)."""

import pytest

from chassis import servers
from tests.faults.load import Load
from tests.faults.site import Site
from tests.faults.sizes import FEW, ROUNDS

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.timeout(300)]


def dying(
    site: Site, load: Load, service: str, role: str, point: str, weakened: str = "", rounds: int = ROUNDS
) -> bool:
    """Something to do, and somebody who dies over it, again and again; then one who does not. → whether each time

    Now and then one lives until nothing waits: a message that is never acknowledged in 21 deliveries counts as deadly (10).
    """
    deaths = 0
    for number in range(1, rounds + 1):
        load.burst(4).something_for_everybody()
        doomed = site.one(service, role, weakened=weakened, FAIL_AT=point)
        deaths += doomed.died()
        doomed.kill()
        if number % 10 == 0:
            survivor = site.one(service, role, weakened=weakened)
            assert servers.comes_true(site.is_still, 60)
            survivor.kill()
    site.one(service, role, weakened=weakened)
    return deaths == rounds


def test_a_relay_killed_between_confirm_and_mark_says_things_twice_and_they_have_one_effect(site, load):
    """1. Whoever hears the duplicates has them in its inbox already."""
    assert one_is_killed_after_the_confirm(site, load).whole


def test_without_an_inbox_its_duplicates_have_two_effects(site, load):
    """1, unprotected."""
    assert "effects repeated" in str(one_is_killed_after_the_confirm(site, load, listening="inbox_forgets"))


def one_is_killed_after_the_confirm(site, load, listening=""):
    site.start(roles="web")
    site.start(roles="worker", weakened=listening)
    site.start(("directory", "notify"), "relay")
    assert dying(site, load, "tickets", "relay", "after_confirm", rounds=FEW if listening else ROUNDS)
    return site.quiesce()


def test_a_relay_killed_between_publish_and_confirm_loses_nothing(site, load):
    """2. What was not confirmed is not marked, and is found again."""
    assert one_is_killed_after_the_publish(site, load).whole


def test_a_relay_that_marks_first_loses_what_it_dies_over(site, load):
    """2, unprotected."""
    assert "not heard" in str(one_is_killed_after_the_publish(site, load, relaying="marks_first"))


def one_is_killed_after_the_publish(site, load, relaying=""):
    """With more to say than goes out at once, so that it dies with some of it unsaid."""
    site.start(roles=("web", "worker"))
    site.start(("tickets", "notify"), "relay")
    site.linli("directory", "republish", "directory")
    assert dying(site, load, "directory", "relay", "after_publish", relaying, FEW if relaying else ROUNDS)
    return site.quiesce()


def test_a_worker_killed_after_its_commit_and_before_its_acknowledgement_has_one_effect(site, load):
    """11. What is delivered again is in the inbox."""
    assert a_worker_is_killed(site, load, "after_commit").whole


def test_without_an_inbox_what_is_delivered_again_has_two_effects(site, load):
    """11, unprotected."""
    assert "effects repeated" in str(a_worker_is_killed(site, load, "after_commit", "inbox_forgets"))


def test_a_worker_killed_before_its_commit_has_one_effect(site, load):
    """12. What was not committed was not acknowledged."""
    assert a_worker_is_killed(site, load, "before_commit").whole


def test_a_worker_that_acknowledges_first_loses_what_it_dies_over(site, load):
    """12, unprotected."""
    assert "not heard" in str(a_worker_is_killed(site, load, "before_commit", "acknowledges_first"))


def a_worker_is_killed(site, load, point, weakened=""):
    site.start(roles=("web", "relay"))
    site.start(("directory", "tickets"), "worker")
    assert dying(site, load, "notify", "worker", point, weakened, FEW if weakened else ROUNDS)
    return site.quiesce()
