"""The directory, freshly emptied for each test, and an estate to try things in."""

import pytest

from chassis.testing import harness
from services.directory.tests.factories import Place

directory = harness("directory")


@pytest.fixture
def place(directory):
    """Operator HY with two estates in one region; a building of four homes in the first."""
    return Place(directory)
