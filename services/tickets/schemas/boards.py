"""JSON of staff's lists."""

from marshmallow import fields
from marshmallow.validate import Range

from chassis.http import AwareDateTime, Schema
from services.tickets.events import Limit, State
from services.tickets.schemas.shared import enum
from services.tickets.schemas.tickets import TicketLine


class UrgentLine(TicketLine):
    """A ticket in a list by urgency, and when the next of its limits passes; a paused limit does not run."""

    next_due_at = AwareDateTime(required=True, allow_none=True, attribute="next_due")


class DueLine(UrgentLine):
    """A ticket and the limit of it that passes next."""

    clock = enum(Limit, required=True)
    due_at = AwareDateTime(required=True)


class LaneFilter(Schema):
    state = enum(State, load_default=State.ACCEPTED, metadata={"description": "Without one, what waits to be sent"})


class DueFilter(Schema):
    estate_id = fields.UUID()
    within_minutes = fields.Integer(load_default=60, validate=Range(min=1, max=1440))


class LaneView(Schema):
    """One state of the board: how many tickets are in it, how many of them late, and the most urgent ten."""

    state = enum(State, required=True)
    tickets = fields.Integer(required=True)
    overdue = fields.Integer(required=True)
    first = fields.List(fields.Nested(UrgentLine), required=True)


class BoardView(Schema):
    lanes = fields.List(fields.Nested(LaneView), required=True)
