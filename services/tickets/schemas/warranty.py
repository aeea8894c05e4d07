"""JSON of the developer's warranty."""

from marshmallow import fields

from chassis.http import Schema, Text
from services.tickets.events import Payer
from services.tickets.schemas.shared import enum


class HandoverBody(Schema):
    building = Text(
        max=40, load_default="", metadata={"description": "Its code, as units' codes begin; empty: the whole estate"}
    )
    accepted_on = fields.Date(required=True)


class HandoverView(Schema):
    estate_id = fields.UUID(required=True)
    building = fields.String(required=True)
    accepted_on = fields.Date(required=True)


class HandoversView(Schema):
    items = fields.List(fields.Nested(HandoverView), required=True)


class CoverView(Schema):
    """An item of the developer's warranty, by the law's shortest periods."""

    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    years = fields.Integer(required=True, allow_none=True)
    seasons = fields.Integer(required=True, allow_none=True)


class PayerProposalView(Schema):
    """Who would pay, and from what that follows; the review decides."""

    payer = enum(Payer, required=True, allow_none=True)
    covers = fields.Nested(CoverView, required=True, allow_none=True)
    accepted_on = fields.Date(required=True, allow_none=True)
    until = fields.Date(required=True, allow_none=True)
