"""Kites as JSON."""

from marshmallow import fields
from marshmallow.validate import Length, OneOf

from chassis.attachments import AttachmentView
from chassis.http import AwareDateTime, Fen, Schema, Text, wrong
from chassis.tests.kites.model import State


class Tail(Schema):
    """A tail."""

    length_cm = fields.Integer(required=True)
    pattern = Text(max=20, load_default="plain")


class NewKite(Schema):
    """A kite to be built."""

    estate_id = fields.UUID(required=True)
    colour = Text(max=40, min=1, required=True)
    price_fen = Fen()
    check_due = AwareDateTime(load_default=None)
    tails = fields.List(fields.Nested(Tail), validate=Length(max=3))
    attachment_ids = fields.List(fields.UUID(), load_default=list)


class Paint(Schema):
    """A new colour."""

    colour = Text(max=40, min=1, required=True)


class Sale(Schema):
    """What it was sold for."""

    price_fen = Fen(required=True, min=1)


def sunny(word):
    if word == "fog":
        raise wrong("Kites do not fly in fog; wait for sun.", "雾天不能放风筝，请等天晴。")


class KiteFilter(Schema):
    """Which kites."""

    state = fields.Enum(State, by_value=True)
    sort = fields.String(validate=OneOf(["colour", "-colour"]))
    weather = Text(max=20, validate=sunny)


class KiteLine(Schema):
    """A kite in a list."""

    id = fields.UUID(required=True)
    colour = fields.String(required=True)


class KiteView(KiteLine):
    """A kite."""

    operator_id = fields.UUID(required=True)
    estate_id = fields.UUID(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    flights = fields.Integer(required=True)
    version = fields.Integer(required=True)
    check_due = AwareDateTime(allow_none=True, required=True)


class KiteFiles(Schema):
    """The pictures of a kite."""

    attachments = fields.List(fields.Nested(AttachmentView), required=True)


class Weather(Schema):
    """What anybody may know."""

    sky = fields.String(required=True)
    language = fields.String(required=True)
