"""JSON in and out."""

from marshmallow import fields, post_load, validates_schema
from marshmallow.validate import Length, OneOf, Range, Regexp

from chassis.attachments import AttachmentView
from chassis.http import AwareDateTime, Fen, Schema, Text, wrong
from chassis.private import mask_phone
from services.tickets.events import Channel, Kind, Limit, Payer, Side, State, Urgency
from services.tickets.model.ticket import ORDERS

MOST_FILES = 9  # photos on one report, answer or completion
PHONE = Regexp(r"^\+?[0-9][0-9 -]{4,19}$")


def enum(kind, **kwargs):
    return fields.Enum(kind, by_value=True, **kwargs)


def attachment_ids():
    return fields.List(fields.UUID, load_default=list, validate=Length(max=MOST_FILES))


# ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────


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
    category = Text(max=40, allow_none=True, metadata={"description": "A code or name of the taxonomy"})
    problem = Text(max=40, allow_none=True, metadata={"description": "A code or name within the category"})
    description = Text(min=1, max=4000, required=True)
    urgency = enum(Urgency, load_default=Urgency.NORMAL)
    preferred_times = fields.List(fields.Nested(Span), allow_none=True, validate=Length(max=10))
    contact_phone = Text(max=20, allow_none=True, validate=PHONE)
    attachment_ids = attachment_ids()


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


class Dispatch(Schema):
    technician_id = fields.UUID(required=True)


class Part(Schema):
    """A part that was used, at its price for one."""

    name = Text(min=1, max=200, required=True)
    quantity = fields.Integer(required=True, strict=True, validate=Range(min=1, max=10_000))
    price_fen = Fen(required=True, max=1_000_000_000)


class Completion(Schema):
    resolution = Text(min=1, max=4000, required=True)
    cause = Text(max=200, allow_none=True)
    parts = fields.List(fields.Nested(Part), load_default=list, validate=Length(max=100))
    labour_minutes = fields.Integer(strict=True, allow_none=True, validate=Range(min=0, max=100_000))
    attachment_ids = attachment_ids()


class Reason(Schema):
    reason = Text(min=1, max=2000, required=True)


class RatingGiven(Schema):
    """1 (bad) to 5 (very good); also by aspect, such as {"speed": 4, "attitude": 5}."""

    score = fields.Integer(required=True, strict=True, validate=Range(min=1, max=5))
    aspects = fields.Dict(
        keys=Text(min=1, max=40),
        values=fields.Integer(strict=True, validate=Range(min=1, max=5)),
        validate=Length(max=10),
    )
    tags = fields.List(Text(min=1, max=40), validate=Length(max=10))
    comment = Text(max=2000, allow_none=True)


class CommentWritten(Schema):
    text = Text(min=1, max=4000, required=True)
    internal = fields.Boolean(load_default=False, metadata={"description": "Among staff only"})


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


# ── out ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class PersonView(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)


class DueView(Schema):
    """A limit and how it stands; it runs until it is met."""

    clock = enum(Limit, required=True)
    due_at = AwareDateTime(required=True)
    warned_at = AwareDateTime(required=True, allow_none=True)
    breached_at = AwareDateTime(required=True, allow_none=True)
    met_at = AwareDateTime(required=True, allow_none=True)


class RatingView(Schema):
    score = fields.Integer(required=True)
    aspects = fields.Dict(required=True)
    tags = fields.List(fields.String, required=True)
    comment = fields.String(required=True, allow_none=True)
    rated_at = AwareDateTime(required=True)


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


class TicketView(TicketLine):
    """A ticket. Phones are masked; what it waits for stands in `dues`."""

    channel = enum(Channel, required=True)
    reporter_id = fields.UUID(required=True)
    reporter = fields.Nested(PersonView, required=True, allow_none=True)
    filed_by = fields.UUID(required=True)
    description = fields.String(required=True)
    preferred_times = fields.List(fields.Dict, required=True, allow_none=True)
    contact_phone = fields.Function(lambda ticket: ticket.contact_phone and mask_phone(ticket.contact_phone))
    payer = enum(Payer, required=True, allow_none=True)
    question = fields.String(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    assignee_id = fields.UUID(required=True, allow_none=True)
    resolution = fields.String(required=True, allow_none=True)
    cause = fields.String(required=True, allow_none=True)
    parts = fields.List(fields.Nested(Part), required=True, allow_none=True)
    labour_minutes = fields.Integer(required=True, allow_none=True)
    reopened = fields.Integer(required=True)
    reviewed_at = AwareDateTime(required=True, allow_none=True)
    dispatched_at = AwareDateTime(required=True, allow_none=True)
    started_at = AwareDateTime(required=True, allow_none=True)
    completed_at = AwareDateTime(required=True, allow_none=True)
    rated_at = AwareDateTime(required=True, allow_none=True)
    closed_at = AwareDateTime(required=True, allow_none=True)
    closes_at = AwareDateTime(required=True, allow_none=True)
    reopen_until = AwareDateTime(required=True, allow_none=True)
    dues = fields.List(fields.Nested(DueView), required=True)
    ratings = fields.List(fields.Nested(RatingView), required=True)


class ContactView(Schema):
    name = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)


class CommentView(Schema):
    id = fields.UUID(required=True)
    side = enum(Side, required=True)
    internal = fields.Boolean(required=True)
    author_id = fields.UUID(required=True)
    text = fields.String(required=True)


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


class FactorView(Schema):
    """One reason for the rank, and the points it brings."""

    factor = fields.String(required=True)
    found = fields.String(required=True)
    points = fields.Float(required=True)


class CandidateView(Schema):
    """Who could be sent. `barred` names why this person may not be."""

    technician_id = fields.UUID(required=True)
    name = fields.String(required=True, allow_none=True)
    score = fields.Float(required=True)
    barred = fields.String(required=True, allow_none=True)
    factors = fields.List(fields.Nested(FactorView), required=True)


class CandidatesView(Schema):
    """The most suitable first."""

    items = fields.List(fields.Nested(CandidateView), required=True)


class LimitsView(Schema):
    """In minutes; absent limits follow the general ones."""

    review = fields.TimeDelta(precision="minutes", required=True, allow_none=True)
    arrival = fields.TimeDelta(precision="minutes", required=True, allow_none=True)
    resolution = fields.TimeDelta(precision="minutes", required=True, allow_none=True)


class ProblemView(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    limits = fields.Nested(LimitsView, required=True, allow_none=True)


class CategoryView(Schema):
    code = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)
    skill = fields.String(required=True)
    licensed = fields.Boolean(required=True)
    limits = fields.Nested(LimitsView, required=True)
    problems = fields.List(fields.Nested(ProblemView), required=True)


class TaxonomyView(Schema):
    items = fields.List(fields.Nested(CategoryView), required=True)
