"""The event catalogue reads AsyncAPI as the chassis writes it: who says what, who listens, which fields."""

import pytest
import yaml

from chassis import contracts as promises
from chassis.service import load, names
from gateway.edge.catalogue import Catalogue, Field, read_catalogue

COMPLETED = "tickets.ticket.completed.v1"
REGISTERED = "directory.person.registered.v1"


def channel(type_):
    return {"address": type_, "messages": {"event": {"$ref": f"#/components/messages/{type_}"}}}


def operation(action, type_):
    return {"action": action, "channel": {"$ref": f"#/channels/{type_}"}}


def enveloped(data):
    particular = {"type": "object", "properties": {"type": {"const": "…"}, "data": data}}
    return {"allOf": [{"$ref": "#/components/schemas/envelope"}, particular]}


ENVELOPE = {
    "type": "object",
    "properties": {"specversion": {"const": "1.0"}, "estateid": {"type": "string"}, "data": {"type": "object"}},
    "required": ["specversion", "data"],
}
PARTS = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "price_fen": {"type": "integer"}},
    "required": ["name", "price_fen"],
}
DONE = {
    "type": "object",
    "properties": {
        "ticket_id": {"type": "string", "format": "uuid"},
        "cause": {"type": ["string", "null"], "description": "What it was"},
        "outcome": {"anyOf": [{"enum": ["fixed", "replaced"]}, {"type": "null"}]},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Parts"}},
    },
    "required": ["ticket_id", "parts"],
}
DOCUMENT = {
    "asyncapi": "3.0.0",
    "info": {"title": "Linli", "version": "1"},
    "channels": {type_: channel(type_) for type_ in (COMPLETED, REGISTERED)},
    "operations": {
        "tickets.says.completed": operation("send", COMPLETED),
        "notify.hears.completed": operation("receive", COMPLETED),
        "billing.hears.completed": operation("receive", COMPLETED),
        "directory.says.registered": operation("send", REGISTERED),
    },
    "components": {
        "messages": {
            COMPLETED: {
                "name": COMPLETED,
                "summary": "The work is done.\n\nMore for implementers.",
                "payload": enveloped({"$ref": "#/components/schemas/Done"}),
            },
            REGISTERED: {
                "name": REGISTERED,
                "payload": enveloped({"type": "object", "x-personal-data": "sealed", "properties": {}}),
            },
        },
        "schemas": {"Parts": PARTS, "Done": DONE, "envelope": ENVELOPE},
    },
}


@pytest.fixture
def contracts(tmp_path):
    (tmp_path / "asyncapi.yaml").write_text(yaml.safe_dump(DOCUMENT, sort_keys=False))
    return tmp_path


def test_each_service_is_listed_with_what_it_says_and_who_listens(contracts):
    services = read_catalogue(contracts).services

    assert list(services) == ["directory", "tickets"]
    [completed] = services["tickets"]
    assert (completed.type, completed.short) == (COMPLETED, "ticket.completed.v1")
    assert completed.about == "The work is done."
    assert completed.heard_by == ["billing", "notify"]
    assert not completed.private
    [registered] = services["directory"]
    assert registered.private and registered.heard_by == []


def test_fields_say_what_they_are(contracts):
    [completed] = read_catalogue(contracts).services["tickets"]

    assert completed.fields == [
        Field("ticket_id", "uuid", optional=False, about="", depth=0),
        Field("cause", "string", optional=True, about="What it was", depth=0),
        Field("outcome", "fixed | replaced", optional=True, about="", depth=0),
        Field("parts", "object[]", optional=False, about="", depth=0),
        Field("name", "string", optional=False, about="", depth=1),
        Field("price_fen", "integer", optional=False, about="", depth=1),
    ]


def test_what_goes_around_every_event_is_told_once(contracts):
    assert read_catalogue(contracts).envelope == [
        Field("specversion", "1.0", optional=False, about="", depth=0),
        Field("estateid", "string", optional=True, about="", depth=0),
        Field("data", "object", optional=False, about="", depth=0),
    ]


def test_without_contracts_there_is_nothing_to_list(tmp_path):
    assert read_catalogue(tmp_path) == Catalogue(envelope=[], services={})


def test_what_the_services_really_say_is_all_there(tmp_path):
    services = [load(name) for name in names()]
    document = yaml.safe_dump(promises.asyncapi(services), sort_keys=False)
    (tmp_path / "asyncapi.yaml").write_text(document)

    catalogue = read_catalogue(tmp_path)

    facts = [fact for facts in catalogue.services.values() for fact in facts]
    assert {fact.type: fact.heard_by for fact in facts} == promises.listeners(services)
    assert all(fact.about and fact.fields for fact in facts)
    assert {"id", "type", "operatorid", "sequence"} <= {field.name for field in catalogue.envelope}
