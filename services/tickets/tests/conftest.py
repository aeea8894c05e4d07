"""The service on its own database, and the estate of the factories heard of."""

import pytest

from chassis.testing import harness
from services.tickets.tests import factories

tickets = harness("tickets")


@pytest.fixture
def garden(tickets):
    """Heyue Garden: two homes, its staff, and the service that knows them."""
    return factories.Garden(tickets)
