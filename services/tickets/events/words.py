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
    ASSIGNED = "assigned"  # of what asks for an answer, not for work: somebody is to give it
    REPLIED = "replied"
    CONTESTED = "contested"
    ON_AGENDA = "on_agenda"  # of the estate's monthly meeting


class Outcome(StrEnum):
    """What came of it, as the answer says."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    NOT_UPHELD = "not_upheld"
    ADOPTED = "adopted"
    PARTLY_ADOPTED = "partly_adopted"
    NOT_ADOPTED = "not_adopted"
    ANSWERED = "answered"


class Payer(StrEnum):
    OWNER = "owner"
    COMMON = "common"
    DEVELOPER_WARRANTY = "developer_warranty"
    MAINTENANCE_FUND = "maintenance_fund"
    THIRD_PARTY = "third_party"


class SentBy(StrEnum):
    """How it came that somebody was sent: by a dispatcher, by claiming it 抢单, by itself, or passed on 转单."""

    DISPATCHER = "dispatcher"
    CLAIM = "claim"
    BEST = "best"
    ROUND_ROBIN = "round_robin"
    TRANSFER = "transfer"


class Limit(StrEnum):
    """What a clock measures.

    Review: from filing until somebody suitable is sent. Arrival: from then, or from the appointment, until somebody is there.
    Resolution: from being sent until the work is done. Answer: from filing until a complaint or inquiry is answered.
    """

    REVIEW = "review"
    ARRIVAL = "arrival"
    RESOLUTION = "resolution"
    ANSWER = "answer"


class Counting(StrEnum):
    """What counts towards a limit: every hour, or the hours of the estate's calendar."""

    NATURAL = "natural"
    WORKING = "working"


class Waiting(StrEnum):
    """For whom or what a limit may be stopped."""

    QUESTION = "question"
    OWNER = "waiting_for_owner"
    PARTS = "waiting_for_parts"
    FUND_VOTE = "waiting_for_fund_vote"
    THIRD_PARTY = "waiting_for_third_party"
    WEATHER = "waiting_for_weather"


class Level(StrEnum):
    """The rungs of the escalation ladder, from whoever has the ticket upwards."""

    ASSIGNEE = "assignee"
    DISPATCHER = "dispatcher"
    ESTATE_MANAGER = "estate_manager"
    REGION_MANAGER = "region_manager"
    HEAD_OFFICE = "head_office"


class Side(StrEnum):
    """Who speaks: the home, or the people who look after it."""

    RESIDENT = "resident"
    STAFF = "staff"
