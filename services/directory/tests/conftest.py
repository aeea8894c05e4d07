"""The directory, freshly emptied for each test."""

from chassis.testing import harness, installations, postgres_url  # noqa: F401  fixtures

directory = harness("directory")
