"""JSON of the taxonomy."""

from marshmallow import fields

from chassis.http import Schema


class LimitsView(Schema):
    """In minutes; absent limits follow the general ones."""

    review = fields.TimeDelta(precision="minutes", required=True, allow_none=True)
    arrival = fields.TimeDelta(precision="minutes", required=True, allow_none=True)
    resolution = fields.TimeDelta(precision="minutes", required=True, allow_none=True)


class ProblemView(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    limits = fields.Nested(LimitsView, required=True, allow_none=True)


class CategoryView(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    skill = fields.String(required=True)
    licensed = fields.Boolean(required=True)
    limits = fields.Nested(LimitsView, required=True)
    problems = fields.List(fields.Nested(ProblemView), required=True)


class TaxonomyView(Schema):
    items = fields.List(fields.Nested(CategoryView), required=True)
