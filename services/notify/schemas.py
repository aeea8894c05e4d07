"""JSON in and out."""

from zoneinfo import available_timezones

from marshmallow import fields, validates_schema
from marshmallow.validate import Length, OneOf, Regexp

from chassis.http import AwareDateTime, Schema, Text, wrong
from services.notify.events import Channel
from services.notify.model import ALL_CHANNELS, CHOSEN, HOME_ZONE, State

UUID_TEXT = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ZONES = sorted(available_timezones())

# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────


class About(Schema):
    """The thing a message speaks of."""

    type = fields.String()
    id = fields.UUID()


class MessageView(Schema):
    id = fields.UUID()
    template = fields.String(
        metadata={"description": "The event it speaks of, and for whom where that is not the resident"}
    )
    subject = fields.String()
    body = fields.String()
    about = fields.Nested(About)
    created_at = AwareDateTime()
    read_at = AwareDateTime(allow_none=True)


class MessageFilter(Schema):
    unread = fields.Boolean(
        load_default=None, metadata={"description": "true: only unread ones; false: only read ones"}
    )


class UnreadCount(Schema):
    count = fields.Integer()


class ReadCount(Schema):
    read = fields.Integer(metadata={"description": "How many were unread"})


# ── preferences ──────────────────────────────────────────────────────────────────────────────────────────────────


def _choice() -> fields.List:
    return fields.List(
        fields.Enum(Channel, by_value=True), load_default=list(ALL_CHANNELS), validate=Length(max=len(ALL_CHANNELS))
    )


Channels = Schema.from_dict({category.value: _choice() for category in CHOSEN}, name="Channels")


class PreferenceBody(Schema):
    """All of it is replaced. A category left out comes by every channel; quiet hours may span midnight."""

    channels = fields.Nested(Channels, load_default=lambda: Channels().load({}))
    quiet_from = fields.Time(format="%H:%M", load_default=None, allow_none=True, metadata={"example": "22:00"})
    quiet_until = fields.Time(format="%H:%M", load_default=None, allow_none=True, metadata={"example": "07:30"})
    timezone = Text(max=60, load_default=HOME_ZONE, validate=OneOf(ZONES))

    @validates_schema
    def both_or_neither(self, data, **_):
        if (data["quiet_from"] is None) != (data["quiet_until"] is None):
            raise wrong("Give both ends of the quiet hours, or neither.", "免打扰时段须同时填写开始和结束，或都不填。")


class PreferenceView(Schema):
    version = fields.Integer()
    channels = fields.Nested(Channels, attribute="choices")
    quiet_from = fields.Time(format="%H:%M", allow_none=True)
    quiet_until = fields.Time(format="%H:%M", allow_none=True)
    timezone = fields.String()


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────


class DeliveryFilter(Schema):
    estate_id = fields.UUID(load_default=None)
    person_id = fields.UUID(load_default=None)
    message_id = fields.UUID(load_default=None)
    channel = fields.Enum(Channel, by_value=True, load_default=None)
    state = fields.Enum(State, by_value=True, load_default=None)


class DeliveryView(Schema):
    """How a message fares by one channel: neither its words nor an address."""

    id = fields.UUID()
    message_id = fields.UUID()
    estate_id = fields.UUID(allow_none=True)
    person_id = fields.UUID()
    template = fields.String()
    channel = fields.Enum(Channel, by_value=True)
    state = fields.Enum(State, by_value=True)
    attempts = fields.Integer()
    last_error = fields.String(allow_none=True)
    created_at = AwareDateTime()
    next_attempt_at = AwareDateTime(allow_none=True)
    sent_at = AwareDateTime(allow_none=True)
    delivered_at = AwareDateTime(allow_none=True)
    failed_at = AwareDateTime(allow_none=True)


class Receipt(Schema):
    """What a text message provider says afterwards; `reference` as we gave it."""

    id = Text(max=200, required=True)
    key = Text(max=200, required=True)
    reference = Text(max=73, required=True, validate=Regexp(f"^{UUID_TEXT}:{UUID_TEXT}$"))
    state = fields.String(required=True, validate=OneOf([State.DELIVERED.value, State.FAILED.value]))
    reason = Text(max=200, load_default=None, allow_none=True)
