"""What is published under contracts/ is what the code promises, keeps its promises, and fits its standards."""

import re
from pathlib import Path

import orjson
import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator
from openapi_spec_validator import validate as validate_openapi

from chassis import VERSION, contracts
from chassis.events import load as read_event
from chassis.service import load, names

SERVICES = [load(name) for name in names()]
SAID = contracts.said_by(SERVICES)
HEARD = [
    (service, reaction, type)
    for service in SERVICES
    for reaction in service.reactions
    for type in reaction.hears.__event__.types
]
HEARD_IDS = [f"{service.name}.{reaction.name}<-{type}" for service, reaction, type in HEARD]
BASE = Path(__file__).parents[2]
RELEASES = sorted((BASE / "tests" / "recovery").glob("release-*"))


def test_the_committed_contracts_are_what_the_code_promises():
    assert contracts.drift(SERVICES) == [], "run `make contracts`, look at the difference, commit it"


@pytest.mark.parametrize(("service", "reaction", "type"), HEARD, ids=HEARD_IDS)
def test_what_is_listened_to_is_said_by_somebody_with_the_fields_that_are_read(service, reaction, type):
    assert type in SAID, f"{service.name}.{reaction.name} waits for {type}, which nobody says"

    said, read = contracts.schema_of(SAID[type]), contracts.schema_of(reaction.hears)
    missing = set(read["required"]) - set(said["properties"]) if "required" in read else set()
    assert not missing, f"{type} does not carry {missing}"
    retyped = [
        name
        for name, field in read["properties"].items()
        if name in said["properties"] and not _readable(said["properties"][name], field)
    ]
    assert not retyped, f"{type}: {retyped} are read as something else than they are said"


def _readable(said: dict, read: dict) -> bool:
    """Whether every value that may be said can be read: text may be read where a word of a list is said."""
    if read.get("format") not in (None, said.get("format")):
        return False
    return _kinds(said) <= _kinds(read) and set(said.get("enum", [])) <= set(read.get("enum", said.get("enum", [])))


def _kinds(field: dict) -> set[str]:
    kinds = field.get("type", [])
    return set(kinds) if isinstance(kinds, list) else {kinds}


def test_a_facts_golden_sample_is_read_by_every_listener():
    """Each said event, filled by its own schema with the least it may hold, passes through each listener's eyes."""
    for service, reaction, type in HEARD:
        sample = _least(contracts.schema_of(SAID[type]))
        assert read_event(reaction.hears, sample), f"{service.name}.{reaction.name} cannot read {type}"


SAMPLES = {
    "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
    "date-time": "2026-11-23T01:00:00+00:00",
    "date": "2026-11-23",
}


def _least(schema: dict):
    """The smallest value that fits: required fields and those that may be null as null."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    if isinstance(kind, list):
        return None
    if kind == "object":
        return {name: _least(field) for name, field in schema.get("properties", {}).items()}
    plain = {"array": [], "integer": 1, "boolean": True, "number": 1}
    return plain.get(kind, SAMPLES.get(schema.get("format"), "text"))


@pytest.mark.parametrize("type", SAID)
def test_every_event_schema_is_valid_and_says_what_the_event_means(type):
    schema = contracts.schema_of(SAID[type])

    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(_least(schema))
    assert len(schema["description"]) > 10


def test_the_catalogue_is_asyncapi_3():
    catalogue = yaml.safe_load((contracts.FOLDER / "asyncapi.yaml").read_text())
    specification = orjson.loads((Path(__file__).parent / "asyncapi-specs" / "3.0.0.json").read_bytes())

    errors = [error.message[:200] for error in Draft7Validator(specification).iter_errors(catalogue)]
    assert errors == []


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_every_http_interface_is_openapi_3_1(service):
    validate_openapi(orjson.loads((contracts.FOLDER / "openapi" / f"{service.name}.json").read_bytes()))


@pytest.mark.parametrize("release", RELEASES, ids=lambda folder: folder.name)
def test_within_a_version_schemas_only_grew_since_each_release(release):
    """What a release promised is kept: a type may be given up in a new version, never changed under its readers."""
    promised = orjson.loads((release / "events.json").read_bytes())

    broken = {
        type: contracts.breaks(schema, contracts.schema_of(SAID[type]))
        for type, schema in promised.items()
        if type in SAID
    }
    assert {type: why for type, why in broken.items() if why} == {}


def test_this_release_is_kept_once_it_is_named():
    """A heading in the changelog is a release, and its data and promises stand under tests/recovery."""
    named = re.findall(r"^## (\d+\.\d+\.\d+)", (BASE / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert [f"release-{version}" for version in sorted(named)] == [folder.name for folder in RELEASES]
    assert named[0] == VERSION
