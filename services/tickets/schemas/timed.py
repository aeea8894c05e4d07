"""JSON of appointments and working hours."""

from marshmallow import fields, post_load, validates_schema
from marshmallow.validate import Length, Regexp

from chassis.http import AwareDateTime, Schema, Text, wrong
from services.tickets.events import Waiting
from services.tickets.schemas.shared import Reason, enum

OPENS = Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
CLOSES = Regexp(r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")
MOST_DAYS = 366


class Hold(Reason):
    waiting_for = enum(
        Waiting,
        allow_none=True,
        metadata={"description": "Stops the limits that this may stop, up to a cap; without it none stops"},
    )

    @validates_schema
    def no_question(self, data, **_):
        if data.get("waiting_for") is Waiting.QUESTION:
            raise wrong("A question is asked by the review.", "提问请使用审核操作。")


class Appointment(Schema):
    """When somebody comes."""

    start = AwareDateTime(required=True, data_key="from")
    end = AwareDateTime(required=True, data_key="to")

    @validates_schema
    def in_order(self, data, **_):
        if data["start"] >= data["end"]:
            raise wrong("`to` must be later than `from`.", "to 必须晚于 from。")


class OpenHours(Schema):
    """Wall time. A `to` that is not later than `from` is on the next day; the hours belong to the day they begin on."""

    opens = fields.String(required=True, data_key="from", validate=OPENS)
    closes = fields.String(required=True, data_key="to", validate=CLOSES)

    @validates_schema
    def some_time(self, data, **_):
        if data["opens"] == data["closes"]:
            raise wrong("`to` must differ from `from`.", "to 不能等于 from。")

    @post_load
    def as_kept(self, data, **_):
        return [data["opens"], data["closes"]]


def hours():
    return fields.List(fields.Nested(OpenHours), required=True, validate=Length(max=6))


class DayBody(Schema):
    """A day that differs from the week and the public holidays; without hours it is closed."""

    day = fields.Date(required=True)
    hours = hours()
    reason = Text(min=1, max=200, required=True)


class CalendarBody(Schema):
    """`week` is seven lists of hours, from Monday. The country's public holidays are closed, the weekend days worked in their
    place 调休 are open; `days` go before both."""

    week = fields.List(hours(), required=True, validate=Length(equal=7))
    country = fields.String(allow_none=True, validate=Regexp(r"^[A-Z]{2}$"))
    subdivision = Text(min=1, max=20, allow_none=True)
    days = fields.List(fields.Nested(DayBody), load_default=list, validate=Length(max=MOST_DAYS))

    @validates_schema
    def makes_sense(self, data, **_):
        if not any(data["week"]):
            raise wrong("Open on one day of the week at least.", "每周至少有一天营业。")
        days = [each["day"] for each in data["days"]]
        if len(days) != len(set(days)):
            raise wrong("Name each day once.", "每个日期只能出现一次。")
        if data.get("subdivision") and not data.get("country"):
            raise wrong("Name the country, too.", "请同时填写国家。")


class OpenHoursView(Schema):
    opens = fields.Function(lambda kept: kept[0], data_key="from")
    closes = fields.Function(lambda kept: kept[1], data_key="to")


class DayView(Schema):
    day = fields.Date(required=True)
    hours = fields.List(fields.Nested(OpenHoursView), required=True)
    reason = fields.String(required=True)


class CalendarView(Schema):
    """Version 0: nothing was set here, and the usual office hours hold."""

    estate_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    week = fields.List(fields.List(fields.Nested(OpenHoursView)), required=True)
    country = fields.String(required=True, allow_none=True)
    subdivision = fields.String(required=True, allow_none=True)
    days = fields.List(fields.Nested(DayView), required=True)
