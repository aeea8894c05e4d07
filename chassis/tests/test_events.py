"""Events: what is said can be read by anybody, strictly made and tolerantly read."""

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import orjson
import pytest
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chassis.contracts import breaks, schema_of
from chassis.events import BrokenEvent, Envelope, copies, dump, event, load, on, part
from chassis.ids import new_id


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@part
class Tail:
    metres: int
    colour: Colour | None


@event("kites.kite.measured", version=1)
class KiteMeasured:
    """Somebody measured a kite."""

    kite_id: UUID
    at: datetime
    tails: list[Tail]
    note: str | None
    tags: list[str]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TAILS = st.builds(Tail, metres=st.integers(-(2**60), 2**60), colour=st.none() | st.sampled_from(Colour))
FACTS = st.builds(
    KiteMeasured,
    kite_id=st.uuids(),
    at=st.datetimes(timezones=st.just(UTC)),
    tails=st.lists(TAILS, max_size=3),
    note=st.none() | TEXT,
    tags=st.lists(TEXT, max_size=3),
)


@given(FACTS)
def test_what_is_said_is_heard_as_it_was_and_fits_its_published_schema(fact):
    wire = orjson.loads(orjson.dumps(dump(fact)))

    assert load(KiteMeasured, wire) == fact
    Draft202012Validator(schema_of(KiteMeasured)).validate(wire)


def test_a_listener_ignores_what_it_does_not_know_and_names_what_it_misses():
    wire = dump(KiteMeasured(kite_id=new_id(), at=datetime.now(UTC), tails=[], tags=[]))

    assert load(KiteMeasured, {**wire, "invented_later": 1}).tails == []
    with pytest.raises(BrokenEvent, match="kite_id"):
        load(KiteMeasured, {**wire, "kite_id": "7"})


def test_a_fact_cannot_be_changed_afterwards():
    tail = Tail(metres=3)

    with pytest.raises(FrozenInstanceError):
        tail.metres = 4


def envelope(**facts):
    given = {
        "id": new_id(),
        "source": "/kites",
        "type": "kites.kite.measured.v1",
        "subject": "kite/7",
        "time": datetime.now(UTC),
        "operator_id": new_id(),
        "sequence": 3,
        "correlation_id": "call-7",
        "actor": "system",
        "data": {"metres": 3},
    }
    return Envelope(**{**given, **facts})


def test_an_envelope_survives_the_wire_and_is_a_cloudevent():
    said = envelope(estate_id=new_id(), traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    event = orjson.loads(said.to_json())

    assert Envelope.from_json(said.to_json()) == said
    independent = CloudEvent({key: value for key, value in event.items() if key not in ("data", "time")}, event["data"])
    assert (independent.get_id(), independent.get_type()) == (str(said.id), said.type)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "seven"}, "id is not a UUID"),
        ({"specversion": "0.3"}, "version"),
        ({"data": [1]}, "data is not an object"),
        ({"operatorid": None}, "operatorid is not a UUID"),
        ({"sequence": "many"}, "sequence is not a count"),
        ({"type": ""}, "type is not text"),
        ({"sequence": "0"}, "sequence is not a count"),
        ({"sequence": str(-(10**30))}, "sequence is not a count"),
    ],
)
def test_a_broken_envelope_says_what_is_wrong(change, reason):
    with pytest.raises(BrokenEvent, match=reason):
        Envelope.from_dict({**envelope().to_dict(), **change})


@pytest.mark.parametrize("trace", ["00-zz-zz-zz", "", 7, "01-" + "0" * 32])
def test_a_trace_that_nobody_can_read_is_left_out_and_the_event_is_heard(trace):
    said = envelope()

    assert Envelope.from_dict({**said.to_dict(), "traceparent": trace}) == said


def test_what_is_no_json_or_lacks_a_part_is_broken():
    with pytest.raises(BrokenEvent, match="not JSON"):
        Envelope.from_json(b"{")
    with pytest.raises(BrokenEvent, match="lacks"):
        Envelope.from_json(b'{"specversion": "1.0"}')


def test_the_character_nul_is_found_wherever_it_stands_and_the_text_that_spells_it_is_not():
    spelt = envelope(data={"tails": [{"name": "a\\u0000b"}]})
    with pytest.raises(BrokenEvent, match="NUL"):
        Envelope.from_json(envelope(data={"tails": [{"name": "a\0b"}]}).to_json())
    assert Envelope.from_json(spelt.to_json()) == spelt


def test_only_a_projection_may_hear_a_restated_fact():
    @event("kites.kite.restated", version=1)
    class KiteRestated:
        kite_id: UUID

    copies(KiteRestated)(lambda work, heard: None)
    with pytest.raises(TypeError, match="projection"):
        on(KiteRestated)


def test_only_adding_keeps_a_promise():
    before = schema_of(KiteMeasured)

    added = {**before, "properties": {**before["properties"], "length": {"type": "integer"}}}
    removed = {**before, "properties": {k: v for k, v in before["properties"].items() if k != "note"}}
    retyped = {**before, "properties": {**before["properties"], "kite_id": {"type": "integer"}}}
    loosened = {**before, "required": []}

    assert breaks(before, added) == []
    assert breaks(before, removed) == ["note was removed"]
    assert breaks(before, retyped) == ["kite_id changed its type"]
    assert "kite_id is no longer always there" in breaks(before, loosened)
