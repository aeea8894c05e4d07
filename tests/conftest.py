"""The platform in memory, and a small world on it."""

import pytest

from chassis.testing import Platform
from tests.examples import ids_of_every_kind
from tests.world import World, furnish

SERVICES = ("directory", "tickets", "notify")


@pytest.fixture(scope="module")
def platform(installations) -> Platform:
    return Platform(installations, *SERVICES)


@pytest.fixture(scope="module")
def world(platform) -> World:
    return furnish(platform)


@pytest.fixture(scope="module")
def theirs(world) -> dict[str, str]:
    """An id of HY-E-01 of every kind."""
    return ids_of_every_kind(world)
