"""JSON of the review."""

from marshmallow import fields, validates_schema
from marshmallow.validate import OneOf

from chassis.http import Schema, Text, wrong
from services.tickets.events import Payer, Urgency
from services.tickets.schemas.shared import attachment_ids, enum


class Review(Schema):
    """The decision on a report. Asking and rejecting need their words."""

    decision = fields.String(required=True, validate=OneOf(["accept", "ask", "reject"]))
    reason = Text(max=2000, allow_none=True, metadata={"description": "The question asked, or why it is rejected"})
    payer = enum(Payer, allow_none=True)
    category = Text(max=40, allow_none=True, metadata={"description": "What it is: a code or name of the taxonomy"})
    problem = Text(max=40, allow_none=True, metadata={"description": "A code or name within the category"})
    urgency = enum(Urgency, allow_none=True)

    @validates_schema
    def explained(self, data, **_):
        if data["decision"] != "accept" and not (data.get("reason") or "").strip():
            raise wrong("Give a `reason` when you ask or reject.", "补充询问或驳回时须填写 reason。")

    @validates_schema
    def confirmed(self, data, **_):
        if data["decision"] != "accept" and any(data.get(name) for name in ("category", "problem", "urgency")):
            raise wrong("Say what it is when you accept it.", "仅在受理时确认分类和紧急程度。")


class Answer(Schema):
    text = Text(min=1, max=4000, required=True)
    attachment_ids = attachment_ids()
