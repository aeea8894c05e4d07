"""JSON of answers, and of what their readers say to them."""

from marshmallow import fields

from chassis.http import Schema, Text
from services.tickets.events import Outcome
from services.tickets.schemas.shared import attachment_ids, enum


class Responsible(Schema):
    responsible_id = fields.UUID(required=True, metadata={"description": "Somebody who works for the estate"})


class Reply(Schema):
    """The answer to a complaint, suggestion or inquiry. An inquiry's outcome need not be said."""

    text = Text(min=1, max=4000, required=True)
    outcome = enum(Outcome, allow_none=True)
    attachment_ids = attachment_ids()
