"""What a caller may not decide: fields that are ours, and acts that are the staff's. Every route, from its OpenAPI."""

import pytest
from sqlalchemy import func, select

from chassis import tables
from chassis.ids import new_id
from chassis.service import load
from tests.conftest import SERVICES
from tests.interfaces import ROUTES, Route
from tests.isolation.test_matrix import BODIES, ask

OURS = {
    "id": str(new_id()),
    "operator_id": str(new_id()),
    "estate_id": str(new_id()),
    "version": 99,
    "status": "closed",
    "state": "completed",
    "role": "head_office",
    "roles": [{"role": "head_office", "scope": "operator"}],
    "created_at": "2020-01-01T00:00:00Z",
    "filed_by": str(new_id()),
    "epoch": 0,
    "password_hash": "x",
    "amount": 0,
    "paid": True,
    "__class__": "Ticket",
}
CALLERS = ["HY head_office", "HY-E-01 estate_manager", "HY-E-01 dispatcher", "HY-E-01 technician", "HY-E-01 owner"]
WITHOUT_BODY = ("GET", "DELETE")
WITH_BODY = [route for route in ROUTES if route.method not in WITHOUT_BODY and not route.is_public]


def needs(route: Route) -> str | None:
    """The permission that the route asks for; none where signing in is enough."""
    [scheme] = route.operation["security"]
    return (scheme["token"] or [None])[0]


def holds(route: Route, role: str) -> bool:
    permission = needs(route)
    return permission is None or permission in load(route.service).grants.get(role, ())


def written(world) -> dict[str, tuple]:
    """How much every service has written so far."""
    found = {}
    for name in SERVICES:
        with world.platform[name].work() as work:
            found[name] = tuple(work.scalar(select(func.count()).select_from(t)) for t in (tables.outbox, tables.audit))
    return found


@pytest.mark.parametrize("route", WITH_BODY, ids=str)
def test_a_field_that_is_ours_is_refused_by_name_and_nothing_changes(world, theirs, route):
    accepted = set(route.body["properties"]) if route.body else set()
    body, before = BODIES.get(str(route), route.least()) or {}, written(world)
    callers = [who for who in CALLERS if holds(route, who.split()[-1])]
    assert callers, f"{route}: nobody of {CALLERS} may call it"

    for field in OURS.keys() - accepted:
        answer = ask(world, callers[0], route, theirs, {**body, field: OURS[field]})
        if "multipart/form-data" in str(route.operation.get("requestBody")):
            assert answer.status_code == 415, f"{field}: {answer.status_code}"
            continue
        assert answer.status_code == 422, f"{field} as {callers[0]}: {answer.status_code} {answer.text}"
        assert field in answer.json["errors"], answer.text
    assert written(world) == before


STAFFS = [route for route in ROUTES if not route.is_public and not holds(route, "owner")]


@pytest.mark.parametrize("who", ["HY-E-01 owner", "HY-E-01 household"])
def test_an_owner_is_refused_every_act_of_the_staff(world, theirs, who):
    before = written(world)
    for route in STAFFS:
        answer = ask(world, who, route, theirs, BODIES.get(str(route), route.least()))
        assert answer.status_code == 403, f"{route}: {answer.status_code} {answer.text}"

    assert len(STAFFS) >= 25 and written(world) == before


def test_what_staff_may_do_is_not_all_one(world, theirs):
    """A technician is no manager: what the role was not granted is refused, whatever its reach."""
    for route in (route for route in ROUTES if not route.is_public and not holds(route, "technician")):
        answer = ask(world, "HY-E-01 technician", route, theirs, BODIES.get(str(route), route.least()))
        assert answer.status_code == 403, f"{route}: {answer.status_code} {answer.text}"


def test_what_is_public_is_known_by_name():
    """A new door without a lock is opened here, on purpose, or not at all."""
    assert sorted(str(route) for route in ROUTES if route.is_public) == [
        "GET /api/directory/v1/jwks.json",
        "GET /api/tickets/v1/attachments/{attachment_id}/content",
        "GET /api/tickets/v1/job",
        "POST /api/directory/v1/password-resets",
        "POST /api/directory/v1/passwords",
        "POST /api/directory/v1/revocation",
        "POST /api/directory/v1/token",
        "POST /api/notify/v1/sms-receipts",
        "POST /api/tickets/v1/job/acceptance",
        "POST /api/tickets/v1/job/attachments",
        "POST /api/tickets/v1/job/completion",
        "POST /api/tickets/v1/job/refusal",
        "POST /api/tickets/v1/job/start",
    ]
