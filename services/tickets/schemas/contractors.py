"""JSON of firms from outside, and of the job that a link opens."""

from marshmallow import fields
from marshmallow.validate import Email, Length, Range

from chassis.attachments import AttachmentView
from chassis.http import AwareDateTime, Schema, Text
from chassis.private import mask_email, mask_phone
from services.tickets.events import Kind, State, Urgency
from services.tickets.schemas.shared import PHONE, enum
from services.tickets.schemas.tickets import ContactView, DueView, TicketView


class ContractorFilter(Schema):
    estate_id = fields.UUID()


class ContractorBody(Schema):
    """A firm: what it can do, where it may be sent, and how to reach it."""

    name = Text(min=1, max=200, required=True)
    skills = fields.List(Text(min=1, max=40), load_default=list, validate=Length(max=50))
    estate_ids = fields.List(fields.UUID, required=True, validate=Length(min=1, max=1000))
    email = Text(max=200, load_default=None, allow_none=True, validate=Email())
    phone = Text(max=20, load_default=None, allow_none=True, validate=PHONE)
    active = fields.Boolean(load_default=True)


class ContractorView(Schema):
    """A firm; phone and e-mail are masked."""

    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    name = fields.String(required=True)
    skills = fields.List(fields.String, required=True)
    estate_ids = fields.List(fields.UUID, required=True)
    email = fields.Function(lambda firm: firm.email and mask_email(firm.email))
    phone = fields.Function(lambda firm: firm.phone and mask_phone(firm.phone))
    active = fields.Boolean(required=True)


class LinkAsked(Schema):
    days = fields.Integer(
        load_default=14, strict=True, validate=Range(min=1, max=90), metadata={"description": "How long the link lasts"}
    )


class Contract(LinkAsked):
    """The firm that is sent."""

    contractor_id = fields.UUID(required=True)


class ContractView(Schema):
    """The ticket, and the firm's way in: shown this once, for nothing but its hash is kept."""

    ticket = fields.Nested(TicketView, required=True)
    link = fields.String(required=True, metadata={"description": "To be passed on to the firm"})
    token = fields.String(required=True, metadata={"description": "What the link carries behind its #"})
    expires_at = AwareDateTime(required=True)


class JobView(Schema):
    """One job as the firm sees it that was sent: what is needed for the work, and nothing else."""

    number = fields.String(required=True, attribute="ticket.number")
    kind = enum(Kind, required=True, attribute="ticket.kind")
    state = enum(State, required=True, attribute="ticket.state")
    title_zh = fields.String(required=True, attribute="ticket.title_zh")
    title_en = fields.String(required=True, attribute="ticket.title_en")
    urgency = enum(Urgency, required=True, attribute="ticket.urgency")
    estate = fields.String(required=True)
    unit = fields.String(required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True, attribute="ticket.place")
    description = fields.String(required=True, attribute="ticket.description")
    preferred_times = fields.List(fields.Dict, required=True, allow_none=True, attribute="ticket.preferred_times")
    dues = fields.List(fields.Nested(DueView), required=True, attribute="ticket.dues")
    photos = fields.List(fields.Nested(AttachmentView), required=True)
    taken_on_at = AwareDateTime(required=True, allow_none=True)
    contact = fields.Nested(
        ContactView, required=True, allow_none=True, metadata={"description": "Whom to call, once the job is accepted"}
    )
    expires_at = AwareDateTime(required=True, metadata={"description": "When the link ends"})
