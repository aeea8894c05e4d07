"""JSON of incidents and planned outages."""

from marshmallow import fields, validates_schema
from marshmallow.validate import Length, Range, Regexp

from chassis.http import AwareDateTime, Schema, Text, wrong
from services.tickets.events import IncidentState, Kind, State
from services.tickets.model.incident import Joining
from services.tickets.schemas.shared import enum

MOST_REPORTS = 500  # joined in one request
CODE = Regexp(r"^[0-9A-Za-z一-鿿]{1,20}$")
ENTRANCE = Regexp(r"^[0-9A-Za-z一-鿿]{1,20}-[0-9A-Za-z一-鿿]{1,20}$")


class News(Schema):
    """What everybody is told, in Chinese and English; where English is left out the Chinese stands for it."""

    text_zh = Text(min=1, max=2000, required=True)
    text_en = Text(min=1, max=2000, allow_none=True)


class IncidentOpening(News):
    """A fault that many feel. It concerns the whole estate, or buildings, entrances (`3-2`) and units."""

    estate_id = fields.UUID(required=True)
    category = Text(min=1, max=40, required=True, metadata={"description": "A code or name of the taxonomy"})
    problem = Text(max=40, allow_none=True)
    whole_estate = fields.Boolean(load_default=False)
    buildings = fields.List(Text(max=20, validate=CODE), load_default=list, validate=Length(max=100))
    entrances = fields.List(Text(max=41, validate=ENTRANCE), load_default=list, validate=Length(max=200))
    unit_ids = fields.List(fields.UUID, load_default=list, validate=Length(max=2000))

    @validates_schema
    def somewhere(self, data, **_):
        named = any(data[name] for name in ("buildings", "entrances", "unit_ids"))
        if named == data["whole_estate"]:
            raise wrong(
                "Say `whole_estate`, or name buildings, entrances or units.",
                "请选择整个项目，或指定楼栋、单元或房屋。",
            )


class OutagePlan(IncidentOpening):
    """An outage announced ahead: everybody concerned is told each of `ahead_hours` before it starts."""

    starts_at = AwareDateTime(required=True)
    ends_at = AwareDateTime(required=True)
    ahead_hours = fields.List(
        fields.Integer(strict=True, validate=Range(min=1, max=24 * 30)),
        load_default=lambda: [72, 24],
        validate=Length(min=1, max=5),
    )


class IncidentChange(Schema):
    """What is left out stays as it is."""

    text_zh = Text(min=1, max=2000)
    text_en = Text(min=1, max=2000)
    starts_at = AwareDateTime()
    ends_at = AwareDateTime()


class ReportsToJoin(Schema):
    ticket_ids = fields.List(fields.UUID, required=True, validate=Length(min=1, max=MOST_REPORTS))


class IncidentMeant(Schema):
    incident_id = fields.UUID(required=True)


class IncidentFilter(Schema):
    estate_id = fields.UUID()
    state = enum(IncidentState)
    planned = fields.Boolean()
    ongoing = fields.Boolean(metadata={"description": "Planned or open"})


class UpdateView(Schema):
    at = AwareDateTime(required=True)
    text_zh = fields.String(required=True)
    text_en = fields.String(required=True)


class IncidentLine(Schema):
    id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    estate_id = fields.UUID(required=True)
    planned = fields.Boolean(required=True)
    state = enum(IncidentState, required=True)
    category = fields.String(required=True)
    problem = fields.String(required=True, allow_none=True)
    title_zh = fields.String(required=True)
    title_en = fields.String(required=True)
    text_zh = fields.String(required=True)
    text_en = fields.String(required=True)
    whole_estate = fields.Boolean(required=True)
    buildings = fields.List(fields.String, required=True)
    entrances = fields.List(fields.String, required=True)
    starts_at = AwareDateTime(required=True, allow_none=True)
    ends_at = AwareDateTime(required=True, allow_none=True)
    announced_at = AwareDateTime(required=True, allow_none=True)
    reported_at = AwareDateTime(required=True)
    ended_at = AwareDateTime(required=True, allow_none=True)
    updates = fields.List(fields.Nested(UpdateView), required=True)


class CountsView(Schema):
    """How many reports were joined; of an incident that is over, how many ended with it, wait, or need a person."""

    joined = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    settled = fields.Integer(required=True)
    left = fields.Integer(required=True)


class IncidentView(IncidentLine):
    unit_ids = fields.List(fields.UUID, required=True)
    ahead_hours = fields.List(fields.Integer, required=True)
    reports = fields.Nested(CountsView, required=True)


class RefusedView(Schema):
    ticket_id = fields.UUID(required=True)
    reason_zh = fields.String(required=True)
    reason_en = fields.String(required=True)


class JoinedView(Schema):
    joined = fields.List(fields.UUID, required=True)
    refused = fields.List(fields.Nested(RefusedView), required=True)


class ReportFilter(Schema):
    outcome = enum(Joining)


class ReportLine(Schema):
    """A joined report. `reason` says why it could not end with the incident: the state it was in, or its kind."""

    ticket_id = fields.UUID(required=True, attribute="report.ticket_id")
    number = fields.String(required=True)
    kind = enum(Kind, required=True)
    state = enum(State, required=True)
    unit_id = fields.UUID(required=True, allow_none=True)
    joined_at = AwareDateTime(required=True)
    outcome = enum(Joining, required=True, allow_none=True, attribute="report.outcome")
    reason = fields.String(required=True, allow_none=True, attribute="report.reason")
