"""Tests on real parts: PostgreSQL and RabbitMQ servers for the run, a harness around one service, a platform of several.

Servers come from TEST_DATABASE_URL and TEST_AMQP_URL; else from a Docker Engine by testcontainers, when one answers; else
from this machine's own binaries, privately. Time is a clock that is moved. Tables are empty at the start of each test.
"""

from chassis.observe import configure_logging
from chassis.testing.harness import (
    KEY,
    MONDAY_MORNING,
    PASSWORDS,
    PRIVATE_KEYS,
    SECRET,
    Client,
    Harness,
    Installations,
    Person,
    a_person,
    harness,
    installations,
)
from chassis.testing.platform import ConnectedPlatform, Platform
from chassis.testing.provided import Broker, docker_answers, postgres_url, rabbitmq


def pytest_configure() -> None:
    """Log lines as in production; pytest shows them with the test that fails."""
    configure_logging("test", "test", fixed=False)


__all__ = [
    "KEY",
    "MONDAY_MORNING",
    "PASSWORDS",
    "PRIVATE_KEYS",
    "SECRET",
    "Broker",
    "Client",
    "ConnectedPlatform",
    "Harness",
    "Installations",
    "Person",
    "Platform",
    "a_person",
    "docker_answers",
    "harness",
    "installations",
    "postgres_url",
    "rabbitmq",
]
