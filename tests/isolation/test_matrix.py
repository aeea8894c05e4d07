"""Nobody sees what is not theirs: every route × every kind of id × strangers, from the route table.

A stranger's answer about a thing of HY-E-01 must be the same, to the letter, as about a thing that does not exist.
A new route joins by itself; if it takes a kind of id that is not known here, its test fails and says so.
"""

import csv
import io

import orjson
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from chassis import tables
from chassis.exports import CSV, XLSX
from chassis.ids import new_id
from tests.examples import HERE
from tests.interfaces import ROUTES, Route
from tests.world import World

OTHER_OPERATOR = ["QY head_office", "QY region_manager", "QY-01 estate_manager", "QY-01 technician", "QY-01 owner"]
OTHER_ESTATE = ["HY-E-02 estate_manager", "HY-E-02 dispatcher", "HY-E-02 technician", "HY-E-02 owner"]
OPERATOR_WIDE = {"operator_id", "region_id", "client_id"}  # what all estates of one operator share

ROUTES_WITH_AN_ID = [route for route in ROUTES if route.in_path and not route.is_public]
LISTS = [route for route in ROUTES if route.method == "GET" and not route.in_path and not route.is_public]
FILTERED = [(route, name) for route in LISTS for name in route.in_query if name.endswith("_id") or name == "assignee"]
ROUTES_WITH_BODY_IDS = [(route, name) for route in ROUTES for name in route.ids_in_body if route.method != "GET"]

# Where the least that the schema allows is not enough to get past the checks of the body.
BODIES = {
    "POST /api/tickets/v1/tickets/{ticket_id}/review": {"decision": "accept"},
    "POST /api/directory/v1/buildings/{building_id}/units": {"units": []},
    "POST /api/tickets/v1/tickets/{ticket_id}/appointment": {
        "from": "2036-11-24T01:00:00Z",
        "to": "2036-11-24T03:00:00Z",
    },
    "PUT /api/tickets/v1/estates/{estate_id}/calendar": {"week": [[{"from": "09:00", "to": "18:00"}]] * 7},
}


def strangers_to(kind: str) -> list[str]:
    return OTHER_OPERATOR if kind in OPERATOR_WIDE else OTHER_OPERATOR + OTHER_ESTATE


def shown(answer) -> list | dict | None:
    """What an answer holds: JSON, or the rows of a table below its headings."""
    if answer.mimetype == CSV:
        return list(csv.reader(io.StringIO(answer.text)))[1:]
    if answer.mimetype == XLSX:
        return CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()[1:]
    return answer.get_json(silent=True)


def told(answer) -> tuple[int, bytes]:
    """Status and body without the request's own id."""
    body = shown(answer)
    if isinstance(body, dict):
        body = {key: value for key, value in body.items() if key != "instance"}
    return answer.status_code, orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def ask(world: World, who: str, route: Route, path_ids: dict, body: dict | None, **query):
    path = route.path
    for name in route.in_path:
        path = path.replace(f"{{{name}}}", path_ids[name])
    headers = {"If-Match": '"1"'} if route.method in ("PUT", "PATCH") else {}
    content = {"json": body} if body is not None else {}
    query = route.least_question() | query
    return world.client(route.service, who).open(
        path, method=route.method, headers=headers, query_string=query, **content
    )


@pytest.mark.parametrize("route", ROUTES_WITH_AN_ID, ids=str)
def test_another_mans_thing_does_not_exist(world, theirs, route):
    unknown = set(route.in_path) - theirs.keys()
    assert not unknown, f"{route}: add an example of {unknown} to `theirs`"
    body = BODIES.get(str(route), route.least())
    nothing = {name: str(new_id()) for name in route.in_path}

    for who in strangers_to(route.in_path[0]):
        about_theirs, about_nothing = ask(world, who, route, theirs, body), ask(world, who, route, nothing, body)
        assert told(about_theirs) == told(about_nothing), f"{who} can tell that it exists"
        assert about_theirs.status_code in (403, 404), f"{who}: {about_theirs.status_code} {about_theirs.text}"


@pytest.mark.parametrize(("route", "field"), ROUTES_WITH_BODY_IDS, ids=lambda each: str(each))
def test_an_id_in_a_body_tells_a_stranger_nothing(world, theirs, route, field):
    assert field in theirs, f"{route}: add an example of {field} to `theirs`"
    body, own = BODIES.get(str(route), route.least()), {name: str(new_id()) for name in route.in_path}

    for who in strangers_to(field):
        named = ask(world, who, route, own, {**body, field: theirs[field]})
        nothing = ask(world, who, route, own, {**body, field: str(new_id())})
        assert told(named) == told(nothing), f"{who} can tell that it exists"
        assert named.status_code >= 400, f"{who}: {named.status_code}"


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_lists_hold_nothing_of_others(world, theirs, route):
    foreign = {str(id) for kind, id in theirs.items() if kind not in OPERATOR_WIDE}
    foreign |= {str(person.id) for label, person in world.people.items() if label.startswith(HERE)}
    for who in OTHER_OPERATOR + OTHER_ESTATE:
        answer = ask(world, who, route, {}, None)
        assert answer.status_code in (200, 403), f"{who}: {shown(answer)}"
        seen = {id for id in foreign if id in str(shown(answer))}
        assert not seen, f"{who} sees {seen} in {route}"


@pytest.mark.parametrize(("route", "name"), FILTERED, ids=lambda each: str(each))
def test_a_filter_by_anothers_id_finds_what_an_unknown_id_finds(world, theirs, route, name):
    assert name in theirs, f"{route}: add an example of {name} to `theirs`"
    for who in strangers_to(name):
        named, nothing = (ask(world, who, route, {}, None, **{name: each}) for each in (theirs[name], new_id()))
        assert told(named) == told(nothing), f"{who} can tell that it exists"
        assert named.status_code in (200, 403, 404)
        found = shown(named)
        assert not (named.status_code == 200 and (found["items"] if isinstance(found, dict) else found))


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.is_public], ids=str)
def test_without_a_token_there_is_only_401(world, theirs, route):
    path = route.path
    for name in route.in_path:
        path = path.replace(f"{{{name}}}", theirs.get(name, str(new_id())))
    answer = world.platform[route.service].client().open(path, method=route.method, json=route.least())

    assert answer.status_code == 401 and answer.content_type == "application/problem+json"
    assert "WWW-Authenticate" in answer.headers


def test_where_the_where_is_forgotten_row_level_security_stands(world, theirs, monkeypatch):
    """With every visibility rule removed, a stranger still finds nothing: the database says it again."""
    from sqlalchemy import true

    from services.tickets.model import Ticket

    monkeypatch.setattr(Ticket, "visible_to", classmethod(lambda cls, actor, permission: true()))

    for who in OTHER_OPERATOR + OTHER_ESTATE[:3]:
        client = world.client("tickets", who)
        assert client.get(f"/tickets/{theirs['ticket_id']}").status_code == 404
        assert theirs["ticket_id"] not in client.get("/tickets?limit=200").text


@pytest.mark.parametrize("service", ["directory", "tickets", "notify"])
def test_an_event_of_one_operator_never_touches_another(world, service):
    with world.platform[service].work() as work:
        heard = set(work.scalars(select(tables.inbox.c.operator_id).distinct()))
    assert heard <= set(world.operators.values())
