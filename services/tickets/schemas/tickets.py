"""JSON of tickets."""

from marshmallow import fields, post_load, validates_schema
from marshmallow.validate import Length, OneOf

from chassis.attachments import AttachmentView
from chassis.http import AwareDateTime, Schema, Text, wrong
from chassis.private import mask_phone
from services.tickets.events import Channel, Kind, Limit, Outcome, Payer, State, Urgency
from services.tickets.model.ticket import ORDERS
from services.tickets.schemas.owners import CommentView, RatingView
from services.tickets.schemas.shared import PHONE, PersonView, attachment_ids, enum
from services.tickets.schemas.work import Part


class Span(Schema):
    """From one moment to a later one."""

    start = AwareDateTime(required=True, data_key="from")
    end = AwareDateTime(required=True, data_key="to")

    @validates_schema
    def in_order(self, data, **_):
        if data["start"] >= data["end"]:
            raise wrong("`to` must be later than `from`.", "to 必须晚于 from。")

    @post_load
    def as_kept(self, data, **_):
        return {"from": data["start"].isoformat(), "to": data["end"].isoformat()}


class Report(Schema):
    """Something to be mended, answered or thought about. `reporter_id` is for staff who file for somebody 代报."""

    kind = enum(Kind, required=True)
    estate_id = fields.UUID(required=True)
    unit_id = fields.UUID(allow_none=True)
    place = Text(max=200, allow_none=True, metadata={"description": "Where, in words; for public places"})
    channel = enum(Channel, load_default=Channel.PORTAL)
    reporter_id = fields.UUID(allow_none=True)
    complained_of = fields.List(
        fields.UUID,
        validate=Length(max=20),
        metadata={"description": "Staff complained of: nothing is escalated to them"},
    )
    confidential = fields.Boolean(
        load_default=False,
        metadata={"description": "A complaint whose reporter stays unknown to all but who must know"},
    )
    follows_id = fields.UUID(
        allow_none=True,
        metadata={"description": "The earlier ticket that this goes on from, when it cannot be reopened"},
    )
    category = Text(max=40, allow_none=True, metadata={"description": "A code or name of the taxonomy"})
    problem = Text(max=40, allow_none=True, metadata={"description": "A code or name within the category"})
    description = Text(min=1, max=4000, required=True)
    urgency = enum(Urgency, load_default=Urgency.NORMAL)
    preferred_times = fields.List(fields.Nested(Span), allow_none=True, validate=Length(max=10))
    contact_phone = Text(max=20, allow_none=True, validate=PHONE)
    incident_id = fields.UUID(allow_none=True, metadata={"description": "The known incident that it is about"})
    attachment_ids = attachment_ids()

    @validates_schema
    def confided(self, data, **_):
        if data["confidential"] and data["kind"] is not Kind.COMPLAINT:
            raise wrong("Only a complaint can be `confidential`.", "仅投诉可设为保密（confidential）。")


class TicketFilter(Schema):
    """Which tickets; those the caller may not see are never among them."""

    estate_id = fields.UUID()
    unit_id = fields.UUID()
    state = enum(State)
    kind = enum(Kind)
    category = Text(max=40)
    assignee_id = fields.UUID(data_key="assignee")
    open = fields.Boolean(metadata={"description": "Neither closed, rejected nor cancelled"})
    mine = fields.Boolean(load_default=False, metadata={"description": "Sent to me, or reported by me"})
    q = Text(min=1, max=100, metadata={"description": "The beginning of a number, or words of the report"})
    sort = fields.String(load_default="-filed_at", validate=OneOf(list(ORDERS)))


class DueView(Schema):
    """A limit and how it stands; it runs until it is met."""

    clock = enum(Limit, required=True)
    due_at = AwareDateTime(required=True)
    warned_at = AwareDateTime(required=True, allow_none=True)
    breached_at = AwareDateTime(required=True, allow_none=True)
    met_at = AwareDateTime(required=True, allow_none=True)


class TicketLine(Schema):
    """A ticket in a list."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    version = fields.Integer(required=True)
    kind = enum(Kind, required=True)
    state = enum(State, required=True)
    estate_id = fields.UUID(required=True)
    unit_id = fields.UUID(required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True)
    category = fields.String(required=True, allow_none=True)
    problem = fields.String(required=True, allow_none=True)
    title_zh = fields.String(required=True, attribute="title.zh")
    title_en = fields.String(required=True, attribute="title.en")
    urgency = enum(Urgency, required=True)
    assignee = fields.Nested(PersonView, required=True, allow_none=True)
    filed_at = AwareDateTime(required=True)


class SpokenView(Schema):
    """Words of the report, and what they speak for: `PLB/leak`, or `PLB` as a whole."""

    words = fields.String(required=True)
    speaks_for = fields.String(required=True)
    points = fields.Float(required=True)


class ClassificationView(Schema):
    """What a report's words say it is about. It decides nothing: whoever reviews it confirms or corrects."""

    category = fields.String(required=True, allow_none=True)
    problem = fields.String(required=True, allow_none=True)
    urgency = fields.String(required=True, validate=OneOf([each.value for each in Urgency]))
    words = fields.List(fields.Nested(SpokenView), required=True)


class ReportWords(Schema):
    kind = enum(Kind, load_default=Kind.REPAIR)
    description = Text(min=1, max=4000, required=True)


class TicketView(TicketLine):
    """A ticket. Phones are masked; what it waits for stands in `dues`."""

    channel = enum(Channel, required=True)
    follows_id = fields.UUID(required=True, allow_none=True)
    reporter_id = fields.UUID(required=True)
    reporter = fields.Nested(PersonView, required=True, allow_none=True)
    filed_by = fields.UUID(required=True)
    confidential = fields.Boolean(
        required=True, metadata={"description": "The reporter's ids are an alias, and the home is not named"}
    )
    description = fields.String(required=True)
    incident_id = fields.UUID(required=True, allow_none=True)
    proposed = fields.Nested(ClassificationView, required=True, allow_none=True)
    preferred_times = fields.List(fields.Dict, required=True, allow_none=True)
    contact_phone = fields.Function(lambda ticket: ticket.contact_phone and mask_phone(ticket.contact_phone))
    payer = enum(Payer, required=True, allow_none=True)
    warranty_until = fields.Date(required=True, allow_none=True)
    reply = fields.String(required=True, allow_none=True, attribute="reply_text")
    outcome = enum(Outcome, required=True, allow_none=True)
    replied_at = AwareDateTime(required=True, allow_none=True)
    contested_at = AwareDateTime(required=True, allow_none=True)
    confirmed_at = AwareDateTime(required=True, allow_none=True)
    question = fields.String(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    assignee_id = fields.UUID(required=True, allow_none=True)
    contractor_id = fields.UUID(required=True, allow_none=True)
    contractor = fields.Nested(PersonView, required=True, allow_none=True)
    returned = fields.Integer(required=True)
    urged = fields.Integer(required=True)
    urged_at = AwareDateTime(required=True, allow_none=True)
    resolution = fields.String(required=True, allow_none=True)
    cause = fields.String(required=True, allow_none=True)
    cause_code = fields.String(required=True, allow_none=True)
    charged_fen = fields.Integer(required=True)
    parts = fields.List(fields.Nested(Part), required=True, allow_none=True)
    labour_minutes = fields.Integer(required=True, allow_none=True)
    reopened = fields.Integer(required=True)
    reviewed_at = AwareDateTime(required=True, allow_none=True)
    dispatched_at = AwareDateTime(required=True, allow_none=True)
    started_at = AwareDateTime(required=True, allow_none=True)
    appointed_from = AwareDateTime(required=True, allow_none=True)
    appointed_to = AwareDateTime(required=True, allow_none=True)
    arrived_at = AwareDateTime(required=True, allow_none=True)
    completed_at = AwareDateTime(required=True, allow_none=True)
    rated_at = AwareDateTime(required=True, allow_none=True)
    closed_at = AwareDateTime(required=True, allow_none=True)
    closes_at = AwareDateTime(required=True, allow_none=True)
    reopen_until = AwareDateTime(required=True, allow_none=True)
    dues = fields.List(fields.Nested(DueView), required=True)
    ratings = fields.List(fields.Nested(RatingView), required=True)


class SimilarView(Schema):
    """Something that the report may be about already."""

    type = fields.String(required=True, validate=OneOf(["incident", "ticket"]))
    id = fields.UUID(required=True)
    number = fields.String(required=True, allow_none=True)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)


class FiledView(TicketView):
    """A ticket as it was filed, and what it looks like."""

    similar = fields.List(fields.Nested(SimilarView), required=True)


class ContactView(Schema):
    name = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)


class WhoView(Schema):
    kind = fields.String(required=True)
    id = fields.UUID(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)


class MomentView(Schema):
    """Who did what when. `changes` is {field: {before, after}}; private fields only say that they changed."""

    at = AwareDateTime(required=True)
    actor = fields.Nested(WhoView, required=True)
    action = fields.String(required=True, metadata={"description": "The type of the event"})
    changes = fields.Dict(required=True)
    comment = fields.Nested(CommentView, required=True, allow_none=True)


class FilesView(Schema):
    """Files by what they came with."""

    report = fields.List(fields.Nested(AttachmentView), required=True)
    answer = fields.List(fields.Nested(AttachmentView), required=True)
    completion = fields.List(fields.Nested(AttachmentView), required=True)
    reply = fields.List(fields.Nested(AttachmentView), required=True)
    before = fields.List(fields.Nested(AttachmentView), required=True)
