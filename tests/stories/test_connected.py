"""The main flow over a real RabbitMQ: relays, queues, workers."""

import pytest

from chassis.testing import ConnectedPlatform
from tests.conftest import SERVICES
from tests.stories.repair import live_through
from tests.world import furnish

pytestmark = pytest.mark.connected


def test_a_repair_travels_over_a_real_broker(installations, rabbitmq):
    with ConnectedPlatform(installations, rabbitmq, *SERVICES) as platform:
        live_through(furnish(platform))
