"""A compiled dump is the same, to the byte, as what marshmallow and our JSON make of it; only faster."""

import json
from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum, StrEnum
from types import SimpleNamespace
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from marshmallow import fields, pre_dump

from chassis.dumping import compiled, to_json
from chassis.http import Schema
from chassis.http.fields import AwareDateTime, Fen, Text


class Colour(StrEnum):
    RED = "red"


class Size(Enum):
    SMALL = 1


class Person(Schema):
    id = fields.UUID()
    name = fields.String()


class Signed(Schema):
    name = fields.String()

    @pre_dump
    def sign(self, thing, **_):
        return {"name": f"{thing.name} ✓"}


class Everything(Schema):
    id = fields.UUID()
    text = Text(max=10)
    said = fields.String(data_key="words")
    count = fields.Integer()
    fee_fen = Fen()
    share = fields.Float()
    open = fields.Boolean()
    day = fields.Date()
    at = AwareDateTime()
    colour = fields.Enum(Colour, by_value=True)
    size = fields.Enum(Size)
    facts = fields.Dict()
    tags = fields.List(fields.String)
    person = fields.Nested(Person)
    people = fields.List(fields.Nested(Person))
    many = fields.Nested(Person, many=True)
    named = fields.String(attribute="person.name")
    time = fields.TimeDelta(precision="minutes")
    made = fields.Function(lambda thing: "made")
    signed = fields.List(fields.Nested(Signed))


NOBODY = SimpleNamespace(id=UUID(int=0), name="王秀英")
FULL = {
    "id": uuid4(),
    "text": "漏水",
    "said": "a",
    "count": 3,
    "fee_fen": 2500,
    "share": 0.5,
    "open": True,
    "day": date(2026, 11, 23),
    "at": datetime(2026, 11, 23, 1, 2, 3, 45, tzinfo=UTC),
    "colour": Colour.RED,
    "size": Size.SMALL,
    "facts": {"a": [1, None]},
    "tags": ["a", "b"],
    "person": NOBODY,
    "people": [NOBODY, {"id": uuid4(), "name": None}],
    "many": [NOBODY],
    "time": timedelta(hours=2),
    "signed": [NOBODY],
}
ODD = {  # values that the generated code was not made for, or must look at twice
    "id": str(uuid4()),
    "text": Colour.RED,
    "said": 5,
    "count": True,
    "fee_fen": "7",
    "share": 1,
    "open": 1,
    "day": datetime(2026, 11, 23, tzinfo=UTC),
    "at": datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=8))),
    "facts": OrderedDict(b=1),
    "tags": (Colour.RED, 5),
    "person": {"id": uuid4()},
    "people": (),
    "many": [],
}


def same(schema: Schema, thing) -> bytes:
    """The bytes of the compiled dump, once they were found to be marshmallow's."""
    made = to_json(compiled(schema)(thing))
    assert json.loads(made) == json.loads(to_json(schema.dump(thing)))
    assert made == to_json(schema.dump(thing))
    return made


def both_shapes(values: dict):
    return [values, SimpleNamespace(**values)]


def test_a_thing_and_a_mapping_are_dumped_alike_without_marshmallow():
    dump, slow = compiled(Everything()), []

    for thing in both_shapes({**FULL, "person": NOBODY, "people": [NOBODY]}):
        assert json.loads(same(Everything(), thing))["named"] == "王秀英"
        dump.__globals__["slowly"] = slow.append
        dump(thing)
        dump.__globals__["slowly"] = Everything().dump

    assert slow == []


@pytest.mark.parametrize("name", ODD)
def test_a_value_of_another_type_is_what_marshmallow_makes_of_it(name):
    for thing in both_shapes({**FULL, name: ODD[name]}):
        same(Everything(), thing)


@pytest.mark.parametrize("name", [*FULL])
def test_nothing_and_absence_are_not_the_same(name):
    for thing in both_shapes({**FULL, name: None}):
        same(Everything(), thing)
    absent = {key: value for key, value in FULL.items() if key != name}
    for thing in both_shapes(absent):
        assert name not in json.loads(same(Everything(), thing)) or name == "said"


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("UTC"), ZoneInfo("Asia/Shanghai")])
def test_moments_are_told_in_utc(zone):
    at = datetime(2026, 11, 23, 1, 0, tzinfo=UTC).astimezone(zone)

    assert json.loads(same(Everything(), {"at": at})) == {"at": "2026-11-23T01:00:00Z", "made": "made"}


def test_fields_with_options_of_their_own_stay_marshmallows():
    shape = Schema.from_dict(
        {
            "count": fields.Integer(as_string=True),
            "day": fields.Date(format="%d.%m.%Y"),
            "fees": fields.Dict(values=fields.Integer(as_string=True)),
            "colour": fields.Enum(Colour),
        }
    )

    made = same(shape(), {"count": 3, "day": date(2026, 1, 2), "fees": {"a": 1}, "colour": Colour.RED})

    assert json.loads(made) == {"count": "3", "day": "02.01.2026", "fees": {"a": "1"}, "colour": "RED"}
