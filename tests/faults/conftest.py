"""One site for all faults of a run, as new at the start of each test; a seed that is printed and can be given."""

import os
import random

import pytest

from tests.faults.load import Load
from tests.faults.site import Site

SEED = int(os.environ.get("SEED") or random.randrange(10**6))


def pytest_report_header() -> str:
    return f"faults: SEED={SEED}"


@pytest.fixture(scope="session")
def opened(tmp_path_factory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"))
    try:
        site.open()
        yield site
    finally:
        site.close()


@pytest.fixture
def site(opened) -> Site:
    opened.begin()
    yield opened
    opened.stop()


@pytest.fixture
def load(site) -> Load:
    return Load(site, SEED)


@pytest.fixture
def seed() -> int:
    return SEED
