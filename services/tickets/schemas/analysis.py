"""JSON of figures and breaches."""

from datetime import date

from marshmallow import fields
from marshmallow.validate import Regexp

from chassis.http import AwareDateTime, Schema
from chassis.i18n import Sentence
from services.tickets.events import Kind, Limit
from services.tickets.model.figures import Dimension, Scope, Stage
from services.tickets.schemas.shared import enum

NO_MONTH = Sentence("Write a month as 2026-11.", "月份格式如 2026-11。")


class Month(fields.String):
    """A month as `2026-11`; in Python its first day."""

    def __init__(self, **kwargs):
        metadata = {"example": "2026-11", **kwargs.pop("metadata", {})}
        super().__init__(
            validate=Regexp(r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$", error=NO_MONTH), metadata=metadata, **kwargs
        )

    def deserialize(self, value, attr=None, data=None, **kwargs):
        """The validator has seen the text by then."""
        text = super().deserialize(value, attr, data, **kwargs)
        return date.fromisoformat(f"{text}-01") if isinstance(text, str) else text

    def _serialize(self, value, attr, obj, **kwargs):
        return value and f"{value:%Y-%m}"


class AnalysisFilter(Schema):
    """A month of one estate or one region; of all of the operator's when neither is named."""

    month = Month(required=True)
    estate_id = fields.UUID()
    region_id = fields.UUID()


class MonthFilter(Schema):
    month = Month(required=True)


class MonthToCount(Schema):
    month = Month(required=True)


class StepView(Schema):
    """One stage. `share` of all time spent, 0 to 1; half, and nine tenths, of the tickets took at most so many minutes."""

    stage = enum(Stage, required=True)
    count = fields.Integer(required=True)
    share = fields.Float(required=True)
    p50_minutes = fields.Integer(required=True)
    p90_minutes = fields.Integer(required=True)


class KeptView(Schema):
    """One limit: how often it ran, and how often it was missed."""

    limit = enum(Limit, required=True)
    ran = fields.Integer(required=True)
    breached = fields.Integer(required=True)
    breach_rate = fields.Float(required=True)


class FigureView(Schema):
    """What ended, how well and how long it took. `rating` is the average of what was rated."""

    kind = enum(Kind, required=True)
    ended = fields.Integer(required=True)
    completed = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    cancelled = fields.Integer(required=True)
    reopened = fields.Integer(required=True)
    rated = fields.Integer(required=True)
    rating = fields.Float(required=True, allow_none=True)
    low_ratings = fields.Integer(required=True, metadata={"description": "1 or 2"})
    limited = fields.Integer(required=True, metadata={"description": "Had a limit"})
    breached = fields.Integer(required=True, metadata={"description": "Missed at least one"})
    stages = fields.List(fields.Nested(StepView), required=True, attribute="steps")
    limits = fields.List(fields.Nested(KeptView), required=True, attribute="kept")


class ProcessView(FigureView):
    """One kind of ticket, and the stage that eats its time."""

    bottleneck = fields.Nested(StepView, required=True, allow_none=True)


class LineView(FigureView):
    """The same for one value of a dimension; a technician with the name."""

    dimension = enum(Dimension, required=True)
    value = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)


class EstateFigureView(ProcessView):
    """One estate's process in a month."""

    estate_id = fields.UUID(required=True, attribute="scope_id")


class RepeatView(Schema):
    """The same fault of the same place, mended again and again within ninety days."""

    estate_id = fields.UUID(required=True)
    unit_id = fields.UUID(required=True, allow_none=True)
    place = fields.String(required=True, allow_none=True)
    category = fields.String(required=True)
    problem = fields.String(required=True, allow_none=True)
    times = fields.Integer(required=True)
    first_at = AwareDateTime(required=True)
    last_at = AwareDateTime(required=True)
    causes = fields.List(fields.String, required=True)


class AdjustmentView(Schema):
    """What to look into: `missed` limits, work `reopened`, `low_ratings`, faults `repeated`; with the figure that says so."""

    kind = fields.String(required=True)
    reason = fields.String(required=True)
    about = fields.String(required=True)
    figure = fields.Float(required=True)


class AnalysisView(Schema):
    """A month. `counted_at` is when its figures were added up; null: nothing has ended in it yet."""

    month = Month(required=True)
    scope = enum(Scope, required=True)
    scope_id = fields.UUID(required=True)
    counted_at = AwareDateTime(required=True, allow_none=True)
    processes = fields.List(fields.Nested(ProcessView), required=True)
    lines = fields.List(fields.Nested(LineView), required=True)
    repeats = fields.List(fields.Nested(RepeatView), required=True)
    proposals = fields.List(fields.Nested(AdjustmentView), required=True)


class BreachFilter(Schema):
    estate_id = fields.UUID()
    open = fields.Boolean(metadata={"description": "Not met yet"})


class BreachView(Schema):
    """A missed limit. `over_minutes` until it was met, or until now; `stage` is the longest step of its ticket so far."""

    clock = enum(Limit, required=True, attribute="clock.clock")
    due_at = AwareDateTime(required=True, attribute="clock.due_at")
    breached_at = AwareDateTime(required=True, attribute="clock.breached_at")
    met_at = AwareDateTime(required=True, allow_none=True, attribute="clock.met_at")
    level = fields.String(required=True, allow_none=True, attribute="clock.level")
    over_minutes = fields.Integer(required=True)
    stage = enum(Stage, required=True)
    stage_minutes = fields.Integer(required=True)
    ticket_id = fields.UUID(required=True, attribute="ticket.id")
    number = fields.String(required=True, attribute="ticket.number")
    estate_id = fields.UUID(required=True, attribute="ticket.estate_id")
    kind = enum(Kind, required=True, attribute="ticket.kind")
    title_zh = fields.String(required=True, attribute="ticket.title_zh")
    title_en = fields.String(required=True, attribute="ticket.title_en")
    state = fields.String(required=True, attribute="ticket.state")
    assignee_id = fields.UUID(required=True, allow_none=True, attribute="ticket.assignee_id")
