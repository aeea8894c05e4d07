"""JSON of one person's data."""

from marshmallow import fields

from chassis.http import Schema


def things(description: str):
    return fields.List(fields.Dict, required=True, metadata={"description": description})


class RecordView(Schema):
    """What this service holds about a person."""

    person_id = fields.UUID(required=True)
    name = fields.String(required=True, allow_none=True)
    homes = things("Units held, with the days")
    tickets = things("What they reported, in their words, with their phone")
    comments = things("What they wrote on tickets")
    ratings = things("What they rated")
    files = things("What they uploaded")
    acts = things("What the audit record says that they did")
