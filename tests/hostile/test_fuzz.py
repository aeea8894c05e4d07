"""schemathesis over every service's OpenAPI: whatever is sent, no 5xx, and no answer that is not documented.

Half of the ids in paths are of things that exist, so that the views behind them are reached.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import SERVICES
from tests.interfaces import DOCUMENTS

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CALLERS = ("HY head_office", "HY-E-01 owner", "HY-E-01 dispatcher")
OPERATIONS = [
    (service, method.upper(), path)
    for service in SERVICES
    for path, operations in DOCUMENTS[service]["paths"].items()
    for method in operations
    if method in ("get", "post", "put", "patch", "delete")
]


@pytest.fixture(scope="module")
def fuzzed(world, theirs):
    """{service: schema over its application}, with everything in place that ids can name."""
    del theirs
    return {
        service: schemathesis.openapi.from_wsgi(
            f"/api/{service}/v1/openapi.json",
            world.platform[service].app,
            config=SchemathesisConfig(),
        )
        for service in SERVICES
    }


@pytest.mark.slow
@pytest.mark.parametrize(("service", "method", "path"), OPERATIONS, ids=lambda each: str(each))
def test_whatever_is_sent_the_answer_is_documented(world, fuzzed, theirs, service, method, path):
    operation = fuzzed[service][path][method]
    turns = iter(range(10**9))

    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @schemathesis_given(operation)
    def attack(case):
        turn = next(turns)
        caller = world.client(service, CALLERS[turn % len(CALLERS)])
        if turn % 2:
            case.path_parameters = {**(case.path_parameters or {}), **_known(case, theirs)}
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {caller.token()}"}
        case.call_and_validate(checks=CHECKS)

    attack()


def _known(case, theirs: dict[str, str]) -> dict[str, str]:
    return {name: theirs[name] for name in case.path_parameters or {} if name in theirs}


def schemathesis_given(operation):
    """Good and bad requests in turn."""
    from hypothesis import given
    from schemathesis.generation import GenerationMode

    strategies = [
        operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    ]
    return given(case=strategies[0] | strategies[1])
