"""JSON of call-backs."""

from marshmallow import fields
from marshmallow.validate import Length, Range

from chassis.http import AwareDateTime, Schema, Text
from services.tickets.events import Reached, Why
from services.tickets.schemas.shared import enum


class CallbackFilter(Schema):
    estate_id = fields.UUID()
    ticket_id = fields.UUID()
    why = enum(Why)
    open = fields.Boolean(metadata={"description": "Not settled yet"})


class CallbackView(Schema):
    """Somebody to ask how it was. Whom to call stands on the ticket."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    ticket_id = fields.UUID(required=True)
    estate_id = fields.UUID(required=True)
    why = enum(Why, required=True)
    opened_at = AwareDateTime(required=True)
    due_at = AwareDateTime(required=True)
    missed_at = AwareDateTime(required=True, allow_none=True)
    outcome = enum(Reached, required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    settled_by = fields.UUID(required=True, allow_none=True)
    settled_at = AwareDateTime(required=True, allow_none=True)


class CallbackOutcome(Schema):
    outcome = enum(Reached, required=True)
    note = Text(max=2000, allow_none=True)


class CallbackPolicyBody(Schema):
    """Whom to call back besides those who rated low."""

    sample_percent = fields.Integer(
        required=True,
        strict=True,
        validate=Range(min=0, max=100),
        metadata={"description": "Of what closed unrated, by chance"},
    )
    always = fields.List(
        Text(min=1, max=40),
        required=True,
        validate=Length(max=10),
        metadata={"description": "Kinds that are always asked about when they close unrated, or `emergency`"},
    )
    hours = fields.Integer(required=True, strict=True, validate=Range(min=1, max=720))


class CallbackPolicyView(Schema):
    version = fields.Integer(required=True)
    sample_percent = fields.Integer(required=True)
    always = fields.List(fields.String, required=True)
    hours = fields.Integer(required=True)
