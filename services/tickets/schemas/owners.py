"""JSON of the owner's side."""

from marshmallow import fields
from marshmallow.validate import Length, Range

from chassis.http import AwareDateTime, Schema, Text
from services.tickets.events import Side
from services.tickets.schemas.shared import enum


class RatingGiven(Schema):
    """1 (bad) to 5 (very good); also by aspect, such as {"speed": 4, "attitude": 5}."""

    score = fields.Integer(required=True, strict=True, validate=Range(min=1, max=5))
    aspects = fields.Dict(
        keys=Text(min=1, max=40),
        values=fields.Integer(strict=True, validate=Range(min=1, max=5)),
        validate=Length(max=10),
    )
    tags = fields.List(Text(min=1, max=40), validate=Length(max=10))
    comment = Text(max=2000, allow_none=True)


class RatingView(Schema):
    score = fields.Integer(required=True)
    aspects = fields.Dict(required=True)
    tags = fields.List(fields.String, required=True)
    comment = fields.String(required=True, allow_none=True)
    rated_at = AwareDateTime(required=True)


class CommentWritten(Schema):
    text = Text(min=1, max=4000, required=True)
    internal = fields.Boolean(load_default=False, metadata={"description": "Among staff only"})


class CommentView(Schema):
    id = fields.UUID(required=True)
    side = enum(Side, required=True)
    internal = fields.Boolean(required=True)
    author_id = fields.UUID(required=True)
    text = fields.String(required=True)
