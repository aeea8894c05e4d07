"""JSON of confidential complaints."""

from marshmallow import fields

from chassis.http import Schema


class ComplainantView(Schema):
    """Who filed a confidential complaint."""

    reporter_id = fields.UUID(required=True)
    unit_id = fields.UUID(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
