"""The chassis is tried on a service of its own."""

from chassis.testing import harness
from chassis.tests.kites.service import service
from chassis.tests.wire import wire  # noqa: F401  a fixture

kites = harness(service)
