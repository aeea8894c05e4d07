"""JSON of quotes."""

from marshmallow import fields
from marshmallow.validate import Length, OneOf

from chassis.http import AwareDateTime, Fen, Schema, Text
from services.tickets.events import QuoteState
from services.tickets.model.quote import LABOUR, PART
from services.tickets.schemas.shared import enum
from services.tickets.schemas.work import Part


class QuoteLine(Part):
    """Labour or a part, at its price for one."""

    kind = fields.String(required=True, validate=OneOf([LABOUR, PART]))


class QuoteOffer(Schema):
    lines = fields.List(fields.Nested(QuoteLine), required=True, validate=Length(min=1, max=100))


class Consent(Schema):
    """To the quote of this total, so that nobody agrees to another than they read."""

    total_fen = Fen(required=True)


class Refusal(Consent):
    reason = Text(min=1, max=2000, required=True)


class QuoteView(Schema):
    id = fields.UUID(required=True)
    ticket_id = fields.UUID(required=True)
    state = enum(QuoteState, required=True)
    lines = fields.List(fields.Nested(QuoteLine), required=True)
    labour_fen = fields.Integer(required=True)
    parts_fen = fields.Integer(required=True)
    total_fen = fields.Integer(required=True)
    charged_fen = fields.Integer(required=True, allow_none=True)
    offered_at = AwareDateTime(required=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    decided_at = AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class QuotesView(Schema):
    """The oldest first."""

    items = fields.List(fields.Nested(QuoteView), required=True)


class CauseView(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class CausesView(Schema):
    items = fields.List(fields.Nested(CauseView), required=True)
