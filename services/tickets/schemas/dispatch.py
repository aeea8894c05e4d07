"""JSON of dispatch."""

from marshmallow import fields
from marshmallow.validate import Length, Range

from chassis.http import Schema, Text
from services.tickets.model import Choice
from services.tickets.schemas.shared import enum


class Dispatch(Schema):
    technician_id = fields.UUID(required=True)


class Transfer(Schema):
    """To whom it goes, and why."""

    technician_id = fields.UUID(required=True)
    reason = Text(min=1, max=2000, required=True)


class FactorView(Schema):
    """One reason for the rank, and the points it brings."""

    factor = fields.String(required=True)
    found = fields.String(required=True)
    points = fields.Float(required=True)


class CandidateView(Schema):
    """Who could be sent. `barred` names why this person may not be."""

    technician_id = fields.UUID(required=True)
    name = fields.String(required=True, allow_none=True)
    score = fields.Float(required=True)
    barred = fields.String(required=True, allow_none=True)
    factors = fields.List(fields.Nested(FactorView), required=True)


class CandidatesView(Schema):
    """The most suitable first."""

    items = fields.List(fields.Nested(CandidateView), required=True)


class PolicyBody(Schema):
    """How an estate sends people out."""

    automatic = fields.List(
        Text(min=1, max=40),
        required=True,
        validate=Length(max=100),
        metadata={"description": "Codes of categories whose repairs are sent without a dispatcher; “*” is all of them"},
    )
    choice = enum(Choice, load_default=Choice.BEST, metadata={"description": "Who is sent automatically"})
    claims = fields.Boolean(load_default=False, metadata={"description": "Technicians may take accepted jobs 抢单"})
    urge_every_hours = fields.Integer(
        load_default=4,
        strict=True,
        validate=Range(min=1, max=168),
        metadata={"description": "How long the owner's side waits between two urgings 催单"},
    )


class PolicyView(PolicyBody):
    estate_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
