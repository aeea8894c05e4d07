"""The words that events, tickets and their clocks are told in."""

from enum import StrEnum


class Kind(StrEnum):
    REPAIR = "repair"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    INQUIRY = "inquiry"


class Channel(StrEnum):
    PORTAL = "portal"
    PHONE = "phone"
    WECHAT = "wechat"
    DESK = "desk"
    PATROL = "patrol"
    PARTNER = "partner"


class Urgency(StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class State(StrEnum):
    SUBMITTED = "submitted"
    NEEDS_ANSWER = "needs_answer"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    STARTED = "started"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Payer(StrEnum):
    OWNER = "owner"
    COMMON = "common"
    DEVELOPER_WARRANTY = "developer_warranty"
    MAINTENANCE_FUND = "maintenance_fund"
    THIRD_PARTY = "third_party"


class Limit(StrEnum):
    """What a clock measures. Review: from filing until somebody suitable is sent."""

    REVIEW = "review"


class Level(StrEnum):
    """The rungs of the escalation ladder, from the desk upwards."""

    DISPATCHER = "dispatcher"
    ESTATE_MANAGER = "estate_manager"
    REGION_MANAGER = "region_manager"
    HEAD_OFFICE = "head_office"


class Side(StrEnum):
    """Who speaks: the home, or the people who look after it."""

    RESIDENT = "resident"
    STAFF = "staff"
