"""JSON of dispatch."""

from marshmallow import fields

from chassis.http import Schema


class Dispatch(Schema):
    technician_id = fields.UUID(required=True)


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
