"""A route says what it must, or the app does not start; and what it says is published."""

import pytest
from flask import Flask
from openapi_spec_validator import validate

from chassis.http import PUBLIC, Blueprint, Undeclared, allow, create_app, describe, doors, gives, takes
from chassis.tests.kites.schemas import Paint, Weather

PREFIX = "/api/kites/v1"


def view(work):
    """A view."""


def test_a_route_without_a_permission_stops_the_start_and_is_named():
    with pytest.raises(Undeclared, match=r"POST /secrets .*view\) declares no permission"):
        Blueprint("secrets").post("/secrets")(gives(None)(view))


def test_a_route_says_what_it_answers():
    with pytest.raises(Undeclared, match=r"GET /secrets .* does not say what it answers"):
        Blueprint("secrets").get("/secrets")(allow(PUBLIC)(lambda work: None))


def test_a_body_needs_a_parameter():
    with pytest.raises(Undeclared, match="one parameter for the body"):
        Blueprint("secrets").post("/secrets/<uuid:id>")(allow(PUBLIC)(takes(Paint)(gives(None)(lambda work, id: None))))


def test_a_route_made_past_the_declarations_stops_the_start(kites, monkeypatch):
    blp = Blueprint("backdoor")
    blp.add_url_rule("/backdoor", "backdoor", lambda: "come in")
    monkeypatch.setattr(kites.service, "blueprints", [blp])

    with pytest.raises(Undeclared, match="/backdoor was not made by"):
        create_app(kites.runtime)


def test_every_route_can_be_gone_through(kites):
    found = {(door.method, door.rule): door.marks.permission for door in doors(kites.app).values()}

    assert found["PATCH", "/kites/<uuid:kite_id>"] == "kites:fly"
    assert found["POST", "/attachments"] == "signed-in"
    assert len(found) == 12


def test_the_published_document_is_valid_and_complete(kites):
    document = kites.client().get("/openapi.json").json

    validate(document)
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            assert {"400", "401", "403", "404", "405", "409", "413", "415", "422", "429", "503"} <= set(
                operation["responses"]
            ), (method, path)
            assert operation["summary"] and operation["operationId"]


def test_refusals_are_published_as_problem_documents(kites):
    responses = describe(kites.app)["components"]["responses"]

    contents = {name: set(response.get("content", ())) for name, response in responses.items()}
    assert contents.pop("NotModified") == set()
    assert contents and all(media == {"application/problem+json"} for media in contents.values())


def test_versions_and_keys_are_published(kites):
    paths = describe(kites.app)["paths"]

    def headers(path, method):
        return {each["name"]: each["required"] for each in paths[PREFIX + path][method].get("parameters", ())}

    assert headers("/kites/{kite_id}", "patch") == {"If-Match": True}
    assert headers("/kites", "post") == {"Idempotency-Key": False}
    assert headers("/kites/{kite_id}/sale", "post") == {"Idempotency-Key": True}
    assert set(headers("/kites", "get")) == {"If-None-Match", "limit", "after", "state", "sort", "weather"}
    assert paths[PREFIX + "/weather"]["get"]["security"] == []
    assert paths[PREFIX + "/kites"]["get"]["security"] == [{"token": ["kites:see"]}]


def test_what_is_published_about_a_field_is_what_is_checked(kites):
    schemas = describe(kites.app)["components"]["schemas"]

    money = schemas["NewKite"]["properties"]["price_fen"]
    assert (money["type"], money["minimum"], money["maximum"]) == ("integer", 0, 2**53 - 1)
    assert schemas["KiteView"]["properties"]["state"] == {"type": "string", "enum": ["grounded", "flying"]}
    assert schemas["NewKite"]["additionalProperties"] is False


def test_one_blueprint_serves_two_apps(kites):
    first, second = create_app(kites.runtime), create_app(kites.runtime)

    assert isinstance(first, Flask) and first is not second
    assert describe(first) == describe(second)
    assert Weather.__name__ in describe(first)["components"]["schemas"]
