"""JSON of the review."""

from marshmallow import fields, validates_schema
from marshmallow.validate import OneOf

from chassis.http import Schema, Text, wrong
from services.tickets.events import Payer
from services.tickets.schemas.shared import attachment_ids, enum


class Review(Schema):
    """The decision on a report. Asking and rejecting need their words."""

    decision = fields.String(required=True, validate=OneOf(["accept", "ask", "reject"]))
    reason = Text(max=2000, allow_none=True, metadata={"description": "The question asked, or why it is rejected"})
    payer = enum(Payer, allow_none=True)

    @validates_schema
    def explained(self, data, **_):
        if data["decision"] != "accept" and not (data.get("reason") or "").strip():
            raise wrong("Give a `reason` when you ask or reject.", "补充询问或驳回时须填写 reason。")


class Answer(Schema):
    text = Text(min=1, max=4000, required=True)
    attachment_ids = attachment_ids()
