"""The directory, freshly emptied for each test, and an estate to try things in."""

import pytest

from chassis.testing import harness
from services.directory.tests.factories import Place

directory = harness("directory")


@pytest.fixture
def place(directory):
    """Operator HY with two estates in one region; a building of four homes in the first."""
    return Place(directory)


@pytest.fixture
def manager(place):
    return place.client(place.member("estate_manager", name="周敏"))


@pytest.fixture
def desk(place):
    return place.client(place.member("service_desk", name="李静"))


@pytest.fixture
def office(place):
    return place.client(place.member("head_office", "operator", name="徐洋"))


@pytest.fixture
def owner(place):
    """Owner of the first home, who can sign in."""
    owner = place.owner()
    place.account(owner.id)
    return owner


@pytest.fixture
def anybody(directory):
    return directory.client()
