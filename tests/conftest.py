"""The platform in memory, and a small world on it."""

import pytest

from chassis.testing import Platform
from tests.world import World, furnish

SERVICES = ("directory", "tickets", "notify")


@pytest.fixture(scope="module")
def platform(installations) -> Platform:
    return Platform(installations, *SERVICES)


@pytest.fixture(scope="module")
def world(platform) -> World:
    return furnish(platform)
