"""JSON of the work."""

from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from chassis.http import Fen, Schema, Text
from services.tickets.model.causes import CODES
from services.tickets.schemas.shared import attachment_ids


class Part(Schema):
    """A part that was used, at its price for one."""

    name = Text(min=1, max=200, required=True)
    quantity = fields.Integer(required=True, strict=True, validate=Range(min=1, max=10_000))
    price_fen = Fen(required=True, max=1_000_000_000)


class Completion(Schema):
    resolution = Text(min=1, max=4000, required=True)
    cause = Text(max=200, allow_none=True)
    cause_code = fields.String(allow_none=True, validate=OneOf(CODES), metadata={"description": "One of `/causes`"})
    parts = fields.List(fields.Nested(Part), load_default=list, validate=Length(max=100))
    labour_minutes = fields.Integer(strict=True, allow_none=True, validate=Range(min=0, max=100_000))
    charge_fen = Fen(allow_none=True, metadata={"description": "Less than was agreed; never more"})
    before_ids = attachment_ids()
    attachment_ids = attachment_ids()
