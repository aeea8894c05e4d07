"""What both peers share and no framework brings: tokens, times, titles, and what an event looks like.

They trust a verified token as long as ours does, and ask the database as often whom it reaches.
"""

import json
import os
import time
import zlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import jwt
from uuid_utils.compat import uuid7

KEY = jwt.PyJWK(json.loads(os.environ["TWIN_JWK"]), algorithm="ES256")
TITLES = json.loads(Path(os.environ["TWIN_TITLES"]).read_text())
SHANGHAI = ZoneInfo("Asia/Shanghai")
REVIEW_WITHIN = timedelta(hours=24)
PENS = 16
FAR = datetime(9999, 1, 1, tzinfo=UTC)  # when nothing is due
TICKET_FACTS = (
    "number", "estate_id", "unit_id", "place", "kind", "category", "problem", "title_zh", "title_en", "urgency", "channel",
    "state", "payer", "reporter_id", "confidential", "filed_by", "assignee_id", "contractor_id", "filed_at", "reviewed_at",
    "dispatched_at", "started_at", "completed_at", "closed_at", "appointed_from", "appointed_to", "arrived_at", "reopened",
)  # fmt: skip
CLOCK_FACTS = (
    "number",
    "estate_id",
    "unit_id",
    "kind",
    "title_zh",
    "title_en",
    "urgency",
    "state",
    "reporter_id",
    "confidential",
    "assignee_id",
)
DUE_FACTS = ("clock", "due_at", "warned_at", "breached_at", "met_at")
PRIVATE = {"description", "proposed", "complained_of", "answer", "contact_phone"}
KNOWN_ALREADY = {"id", "operator_id", "estate_id", "version", "ticket_id", "title_zh", "title_en", "confidential"}

CONTEXT = "SELECT set_config('app.operator', {}, true), set_config('app.estates', {}, true), set_config('app.all_estates', '', true)"
EVERYWHERE = "SELECT set_config('app.operator', {}, true), set_config('app.all_estates', 'on', true)"
REACH = "SELECT estate_id FROM unit WHERE id = {}"
REVOKED = (
    "SELECT subject_id::text, epoch FROM revocation WHERE operator_id = {} "
    "AND heard_at > clock_timestamp() - interval '15 minutes'"
)
TAXONOMY = "SELECT version FROM operator_taxonomy WHERE id = {}"
LIVES_THERE = """
    SELECT EXISTS (SELECT FROM occupancy o JOIN estate e ON e.id = o.estate_id WHERE o.person_id = {} AND o.unit_id = {}
    AND NOT o.void AND o.starts_on <= (now() AT TIME ZONE e.timezone)::date
    AND (o.ends_on IS NULL OR o.ends_on >= (now() AT TIME ZONE e.timezone)::date))"""
# Of whom it is said, by name: person, unit, estate, ticket, operator, kind, about.
AT_HOME = """ARRAY(
    SELECT o.{what} FROM occupancy o JOIN estate e ON e.id = o.estate_id WHERE o.person_id = {person}
    AND NOT o.void AND o.starts_on <= (now() AT TIME ZONE e.timezone)::date
    AND (o.ends_on IS NULL OR o.ends_on >= (now() AT TIME ZONE e.timezone)::date))"""
CONFIDED = "ticket.id = ANY (ARRAY(SELECT ticket_id FROM confidence WHERE confidence.reporter_id = {person}))"
SEEN_BY_STAFF = (
    "(NOT {person} = ANY (ticket.complained_of) OR ticket.reporter_id = {person} OR " + CONFIDED + ")"
)  # of their estates
SIMILAR = (
    """(SELECT 'incident' AS type, id, NULL::text AS number, title_zh, title_en, NULL::text AS kind, NULL::text AS category
    FROM incident WHERE operator_id = {operator} AND estate_id = {estate} AND state IN ('planned', 'open')
    AND category = {about} AND (whole_estate OR {unit} = ANY (unit_ids)) AND (state <> 'planned' OR announced_at IS NOT NULL)
    AND (unit_ids && """ + AT_HOME.replace("{what}", "unit_id")
    + " OR whole_estate AND estate_id = ANY (" + AT_HOME.replace("{what}", "estate_id") + """)) LIMIT 3)
    UNION ALL (SELECT 'ticket', id, number, named_zh, named_en, kind::text, category FROM ticket
    WHERE operator_id = {operator} AND estate_id = {estate} AND unit_id = {unit} AND kind = {kind}
    AND state NOT IN ('closed', 'rejected', 'cancelled') AND (category = {about} OR proposed ->> 'category' = {about})
    AND filed_at > now() - interval '1 day' AND filed_at <= now() AND id <> {ticket}
    AND (reporter_id = {person} OR """ + CONFIDED + " OR unit_id = ANY (" + AT_HOME.replace("{what}", "unit_id")
    + ")) ORDER BY filed_at DESC, id DESC LIMIT 3)"
)  # fmt: skip
SIMILAR_ASKED = ("operator", "estate", "unit", "person", "ticket", "kind", "about")


class Refused(Exception):
    """The caller may not."""


@lru_cache(maxsize=4096)
def verified(bearer: str) -> dict:
    """The claims of a good token. Raises jwt.PyJWTError; only good ones are remembered."""
    return jwt.decode(bearer, KEY, algorithms=["ES256"], audience="linli", issuer="linli-directory")


def claims_of(authorization: str | None) -> dict:
    scheme, _, bearer = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Refused
    try:
        claims = verified(bearer)
    except jwt.PyJWTError as error:
        raise Refused from error
    if claims["exp"] < time.time():
        raise Refused
    return claims


class Remembered:
    """Answers kept for some seconds, by key."""

    def __init__(self, seconds: float):
        self.seconds, self.answers = seconds, {}

    def get(self, key):
        until, answer = self.answers.get(key, (0.0, None))
        return answer if until > time.monotonic() else None

    def put(self, key, answer):
        self.answers[key] = (time.monotonic() + self.seconds, answer)
        return answer


homes: dict[str, str] = {}  # a unit never moves to another estate
revoked = Remembered(2)
taxonomies = Remembered(2)  # which version of its own an operator has; in the bench none


def staff_estate(claims: dict) -> str | None:
    """The estate a member of staff works in, by the token alone."""
    kind, _, id = claims["roles"][0]["scope"].partition(":")
    return id if kind == "estate" else None


def home_of(claims: dict) -> str | None:
    kind, _, id = claims["roles"][0]["scope"].partition(":")
    return id if kind == "unit" else None


def title(kind: str, category: str | None) -> list[str]:
    return TITLES[f"{kind}/{category or ''}"]


def now() -> datetime:
    return datetime.now(UTC)


def due_times(at: datetime) -> dict:
    span = int(REVIEW_WITHIN.total_seconds())
    counted = {"target": span, "counting": "natural", "counted_by": 0}
    return {"started_at": at, **counted, "warn_at": at + REVIEW_WITHIN * 0.75, "due_at": at + REVIEW_WITHIN}


def similar(rows) -> list[dict]:
    """What SIMILAR found, as it is answered."""
    return [_alike(*row) for row in rows]


def _alike(type, id, number, zh, en, kind, category) -> dict:
    zh, en = (zh, en) if zh else title(kind, category)
    return {"type": type, "id": str(id), "number": number, "title_zh": zh, "title_en": en}


def shard_of(id: UUID) -> int:
    return zlib.crc32(id.bytes) % 16


def submitted(ticket: dict, clock: dict, actor: str, correlation: str) -> dict:
    facts = {name: plain(ticket[name]) for name in TICKET_FACTS}
    dues = [{name: plain(clock[name]) for name in DUE_FACTS}]
    data = {"ticket_id": str(ticket["id"]), **facts, "dues": dues}
    return _event("tickets.ticket.submitted.v1", "ticket", ticket, ticket["id"], data, actor, correlation)


def started(ticket: dict, clock: dict, actor: str, correlation: str) -> dict:
    own = {"clock_id": str(clock["id"]), "ticket_id": str(ticket["id"])}
    facts = {name: plain(ticket[name]) for name in CLOCK_FACTS}
    data = {**own, **{name: plain(clock[name]) for name in DUE_FACTS[:4]}, **facts}
    return _event("tickets.clock.started.v1", "clock", ticket, clock["id"], data, actor, correlation)


def filed(ticket: dict, actor: str, correlation: str) -> dict:
    """The event of the three-row write: the ticket alone, without a clock."""
    facts = {name: plain(ticket[name]) for name in TICKET_FACTS}
    data = {"ticket_id": str(ticket["id"]), **facts, "dues": []}
    return _event("tickets.ticket.submitted.v1", "ticket", ticket, ticket["id"], data, actor, correlation)


def outbox_row(event: dict, ticket: dict) -> dict:
    aggregate, _, id = event["subject"].partition("/")
    return {
        "id": UUID(event["id"]), "shard": shard_of(UUID(id)), "operator_id": ticket["operator_id"],
        "estate_id": ticket["estate_id"], "aggregate_type": aggregate, "aggregate_id": UUID(id), "aggregate_version": 1,
        "routing_key": event["type"], "event": event,
    }  # fmt: skip


def audit_row(event: dict, ticket: dict, changes: dict) -> dict:
    kind, _, id = event["subject"].partition("/")
    return {
        "operator_id": ticket["operator_id"], "estate_id": ticket["estate_id"], "at": ticket["filed_at"],
        "actor": event["actor"], "action": event["type"], "subject_type": kind, "subject_id": UUID(id), "version": 1,
        "changes": {name: [None, "•••" if name in PRIVATE else plain(value)]
                    for name, value in changes.items() if value is not None and name not in KNOWN_ALREADY},
        "correlation_id": event["correlationid"],
    }  # fmt: skip


def plain(value):
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _event(type: str, aggregate: str, ticket: dict, id: UUID, data: dict, actor: str, correlation: str) -> dict:
    return {
        "specversion": "1.0", "id": str(uuid7()), "source": "/tickets", "type": type, "subject": f"{aggregate}/{id}",
        "time": plain(ticket["filed_at"]), "datacontenttype": "application/json", "dataschema": f"urn:linli:{type}",
        "operatorid": str(ticket["operator_id"]), "estateid": str(ticket["estate_id"]), "sequence": "1",
        "correlationid": correlation, "actor": actor, "data": data,
    }  # fmt: skip
