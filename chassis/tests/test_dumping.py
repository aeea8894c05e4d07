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
from sqlalchemy import select

from chassis import dumping
from chassis.dumping import compiled, to_json
from chassis.http import Schema
from chassis.http.fields import AwareDateTime, Fen, Text
from chassis.model import Perhaps
from chassis.tests.kites.model import Kite, State


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


@pytest.mark.parametrize(
    "name", ["id", "text", "said", "count", "fee_fen", "share", "open", "day", "at", "colour", "facts", "tags"]
)
def test_the_code_writes_the_usual_fields_itself(name):
    """Else nothing would be wrong but the time it takes."""
    assert dumping._is_simple(Everything().dump_fields[name])


def rows_of(kites, *columns):
    with kites.work() as work:
        return work.execute(select(*columns).order_by(Kite.colour)).all()


def test_rows_of_a_list_are_taken_apart_and_dumped_alike(kites):
    class Line(Schema):
        id = fields.UUID()
        colour = fields.String()
        state = fields.Enum(State, by_value=True)
        loud = fields.Function(lambda row: row.colour.upper())
        owner = fields.Nested(Person)
        absent = fields.String()

    page = Schema.from_dict({"items": fields.List(fields.Nested(Line))})()
    with kites.work() as work:
        for colour in ("blue", "red"):
            work.add(Kite.build(operator_id=uuid4(), estate_id=uuid4(), colour=colour))

    rows = rows_of(kites, Kite.state, Kite.colour, Kite.id, Perhaps("owner", Kite.owner_phone, Kite.colour))

    made = json.loads(same(page, {"items": rows}))["items"]
    assert [(line["colour"], line["loud"], line["owner"]) for line in made] == [
        ("blue", "BLUE", None),
        ("red", "RED", None),
    ]
    assert "absent" not in made[0]


def test_a_row_whose_values_are_of_another_type_is_what_marshmallow_makes_of_it(kites):
    page = Schema.from_dict({"items": fields.List(fields.Nested(Schema.from_dict({"flights": fields.String()})))})()
    with kites.work() as work:
        work.add(Kite.build(operator_id=uuid4(), estate_id=uuid4(), colour="red"))

    assert json.loads(same(page, {"items": rows_of(kites, Kite.flights)})) == {"items": [{"flights": "0"}]}


def test_what_can_be_read_only_once_is_read_once():
    def crowd():
        people = ({"name": name} for name in ("王芳", "Lee"))
        return {"people": people, "count": "5"}  # a text makes the generated code give up, after the people

    schema = Everything(only=("people", "count"))

    assert compiled(schema)(crowd()) == schema.dump(crowd())


def test_nothing_among_things_is_null():
    schema = Everything(only=("people",))

    assert compiled(schema)({"people": [{"name": "王芳"}, None]}) == {"people": [{"name": "王芳"}, None]}
