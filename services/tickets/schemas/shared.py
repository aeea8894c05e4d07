"""Fields that several rooms of this service use."""

from marshmallow import fields
from marshmallow.validate import Length, Regexp

from chassis.http import Schema, Text

MOST_FILES = 9  # photos on one report, answer or completion
PHONE = Regexp(r"^\+?[0-9][0-9 -]{4,19}$")


def enum(kind, **kwargs):
    return fields.Enum(kind, by_value=True, **kwargs)


def attachment_ids():
    return fields.List(fields.UUID, load_default=list, validate=Length(max=MOST_FILES))


class Reason(Schema):
    reason = Text(min=1, max=2000, required=True)


class PersonView(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
