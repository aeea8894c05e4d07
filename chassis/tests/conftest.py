"""The chassis is tried on a service of its own."""

from chassis.testing import harness
from chassis.tests.kites.service import service

kites = harness(service)
