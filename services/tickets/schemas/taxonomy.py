"""JSON of the taxonomy."""

from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range, Regexp

from chassis.http import Schema, Text
from services.tickets.events import Urgency
from services.tickets.schemas.shared import enum

CODE = Regexp(r"^[A-Za-z0-9_]{1,40}$")
MOST_MINUTES = 366 * 24 * 60
ONE_LINE = Regexp(r"^[^\r\n\t]*\S[^\r\n\t]*$")


# ── as it is ─────────────────────────────────────────────────────────────────────────────────────────────────────


class LimitsView(Schema):
    """In minutes; absent limits follow the general ones."""

    review = fields.TimeDelta(precision="minutes", required=True, allow_none=True)
    arrival = fields.TimeDelta(precision="minutes", required=True, allow_none=True)
    resolution = fields.TimeDelta(precision="minutes", required=True, allow_none=True)


class ProblemView(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    urgency = enum(Urgency, required=True)
    limits = fields.Nested(LimitsView, required=True, allow_none=True)


class CategoryView(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    skill = fields.String(required=True)
    licensed = fields.Boolean(required=True)
    limits = fields.Nested(LimitsView, required=True)
    problems = fields.List(fields.Nested(ProblemView), required=True)


class PlaceView(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class TaxonomyView(Schema):
    """What can be reported now; what the operator switched off is not here."""

    items = fields.List(fields.Nested(CategoryView), required=True)
    places = fields.List(fields.Nested(PlaceView), required=True)


# ── as an operator shapes it ─────────────────────────────────────────────────────────────────────────────────────


def name():
    return Text(min=1, max=40, validate=ONE_LINE)


class Minutes(Schema):
    """Replaces the limits that stood here; a step left out has none."""

    review = fields.Integer(strict=True, validate=Range(min=1, max=MOST_MINUTES))
    arrival = fields.Integer(strict=True, validate=Range(min=1, max=MOST_MINUTES))
    resolution = fields.Integer(strict=True, validate=Range(min=1, max=MOST_MINUTES))


class OwnPlace(Schema):
    """What is left out stays as the standard has it; a code that the standard lacks is new."""

    code = Text(max=40, required=True, validate=CODE)
    zh = name()
    en = name()
    off = fields.Boolean()


class OwnProblem(OwnPlace):
    urgency = fields.String(validate=OneOf([each.value for each in Urgency]))
    limits = fields.Nested(Minutes)


class OwnCategory(OwnPlace):
    skill = name()
    licensed = fields.Boolean()
    limits = fields.Nested(Minutes)
    problems = fields.List(fields.Nested(OwnProblem), validate=Length(max=200))


class OwnTaxonomy(Schema):
    """All that the operator changed and added; it is replaced as a whole."""

    categories = fields.List(fields.Nested(OwnCategory), load_default=list, validate=Length(max=200))
    places = fields.List(fields.Nested(OwnPlace), load_default=list, validate=Length(max=500))


class NewProblem(OwnProblem):
    category = Text(max=40, required=True, validate=CODE, metadata={"description": "The code of its category"})


class OwnTaxonomyView(OwnTaxonomy):
    version = fields.Integer(required=True)
