"""A directory of one's own with people who can sign in, and everything that is logged while a test runs."""

import io
import logging

import pytest
import structlog

from chassis import observe
from chassis.testing import harness
from services.directory.tests.factories import Place

directory = harness("directory")
tickets = harness("tickets")
notify = harness("notify")


@pytest.fixture
def place(directory) -> Place:
    return Place(directory)


@pytest.fixture
def owner(place):
    """Owner of a home, who can sign in."""
    owner = place.owner()
    place.account(owner.id)
    return owner


@pytest.fixture
def anybody(directory):
    return directory.client()


@pytest.fixture
def logged(monkeypatch):
    """What our processes write to their logs, libraries' lines included: `logged.getvalue()`."""
    kept, before = io.StringIO(), structlog.get_config()
    structlog.configure(
        processors=observe.steps(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(kept),
        cache_logger_on_first_use=False,
    )
    handler, root = logging.StreamHandler(kept), logging.getLogger()
    handler.setFormatter(observe.OneLine())
    root.addHandler(handler)
    monkeypatch.setattr(root, "level", logging.INFO)
    yield kept
    root.removeHandler(handler)
    structlog.configure(**before)
