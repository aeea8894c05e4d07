"""`linli trace`: one request's story across services, from what their databases keep.

The audit record is found by the correlation id; from it the outbox by aggregate and version, the inboxes by event id, and
what a service adds of its own by its `trail`. So no table needs another index but audit. Only ids are shown, no names.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from chassis.terminal import lasting, pad, paint, pick

MOST = 2_000  # events of one story
SAID = text("""
    SELECT audit.at, audit.action, audit.subject_type, audit.subject_id, audit.version, audit.actor,
    box.id, box.sent_at, box.parked_at, box.attempts, box.last_error, box.event->>'causationid' AS cause
    FROM audit LEFT JOIN outbox AS box ON box.aggregate_type = audit.subject_type AND box.aggregate_id = audit.subject_id
    AND box.aggregate_version = audit.version AND split_part(box.routing_key, '.', 3) <> 'restated'
    WHERE audit.correlation_id = :correlation ORDER BY audit.seq LIMIT :most""")
HEARD = text("""
    SELECT consumer, event_id, processed_at FROM inbox
    WHERE consumer = ANY (:consumers) AND source = ANY (:sources) AND event_id = ANY (:ids)""")


@dataclass(frozen=True)
class Moment:
    """One thing that happened. `cause` is the event by which it came about; None where a person or the clock began it.

    `kind`: `said` an event was committed (`id`, and how it went on: `sent_at` or `trouble`); `heard` a reaction was done
    with the event `cause`; `did` what the service tells besides.
    """

    at: datetime
    service: str
    kind: str
    what: str
    cause: UUID | None = None
    subject: str = ""
    actor: str = ""
    id: UUID | None = None
    sent_at: datetime | None = None
    trouble: str = ""


def gather(runtimes: Iterable, correlation_id: str) -> list[Moment]:
    """All services' moments of this story, in the order of time; empty when nobody knows it."""
    runtimes = list(runtimes)
    said = [moment for runtime in runtimes for moment in _said(runtime, correlation_id)]
    ids = [moment.id for moment in said if moment.id]
    sources = sorted({f"/{moment.service}" for moment in said})
    after = [moment for runtime in runtimes if ids for moment in _after(runtime, sources, ids)]
    return sorted([*said, *after], key=lambda moment: (moment.at, moment.kind != "heard"))


def _said(runtime, correlation_id: str) -> list[Moment]:
    with runtime.transaction(system=True) as session:
        rows = session.execute(SAID, {"correlation": correlation_id, "most": MOST}).all()
    return [
        Moment(
            at=row.at,
            service=runtime.service.name,
            kind="said",
            what=row.action,
            subject=f"{row.subject_type}/{row.subject_id} v{row.version}",
            actor=row.actor,
            id=row.id,
            cause=UUID(row.cause) if row.cause else None,
            sent_at=row.sent_at,
            trouble=_trouble(row),
        )
        for row in rows
    ]


def _trouble(row) -> str:
    if row.id is None or row.sent_at:
        return ""
    if row.parked_at:
        return pick(f"parked: {row.last_error}", f"已搁置：{row.last_error}")
    return pick(f"not sent yet, {row.attempts} attempts", f"尚未发出，已尝试 {row.attempts} 次")


def _after(runtime, sources: list[str], ids: list[UUID]) -> list[Moment]:
    """What became of these events in one service."""
    service = runtime.service
    consumers = [f"{service.name}.{reaction.name}" for reaction in service.reactions]
    with runtime.transaction(system=True) as session:
        rows = session.execute(HEARD, {"consumers": consumers, "sources": sources, "ids": ids}).all()
        told = list(service.trail(session, ids)) if service.trail else []
    heard = [
        Moment(row.processed_at, service.name, "heard", row.consumer.partition(".")[2], cause=row.event_id)
        for row in rows
    ]
    return heard + [Moment(at, service.name, "did", what, cause=cause) for cause, at, what in told]


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────


def as_json(moments: list[Moment]) -> str:
    return orjson.dumps([_plain(moment) for moment in moments], option=orjson.OPT_INDENT_2).decode()


def _plain(moment: Moment) -> dict[str, Any]:
    return {name: value for name, value in asdict(moment).items() if value not in (None, "")}


def told(moments: list[Moment], correlation_id: str) -> str:
    """As a tree, cause above effect, with the seconds since it began."""
    if not moments:
        return pick(
            f"Nobody knows {correlation_id}. Copy it from X-Request-Id, a problem's `instance`, or a log line;"
            " a request that changed nothing leaves no trace here, only in the logs.",
            f"没有 {correlation_id} 的记录。请从 X-Request-Id、错误的 instance 或日志中复制；未作任何更改的请求只在日志中。",
        )
    known = {moment.id for moment in moments if moment.id}
    roots = [moment for moment in moments if moment.cause not in known]
    began, ended = moments[0].at, max(moment.at for moment in moments)
    services = len({moment.service for moment in moments})
    kinds = [moment.kind for moment in moments]
    head = pick(
        f"{correlation_id}: {kinds.count('said')} events, heard {kinds.count('heard')} times, {services} services, ",
        f"{correlation_id}：{kinds.count('said')} 个事件，被收听 {kinds.count('heard')} 次，{services} 个服务，",
    )
    lines = [paint(f"{head}{lasting((ended - began).total_seconds())}", "bold")]
    lines.append(paint(f"{began:%Y-%m-%d %H:%M:%S.%f} UTC", "dim"))
    for root in roots:
        lines += _branch(root, moments, began, "", "")
    return "\n".join(lines)


def _branch(moment: Moment, moments: list[Moment], began: datetime, lead: str, below: str) -> list[str]:
    seconds = f"+{(moment.at - began).total_seconds():.3f} s"
    lines = [f"{seconds:>10}  {pad(moment.service, 10)} {lead}{_words(moment, began)}"]
    if moment.kind != "said" or moment.id is None:
        return lines
    effects = [each for each in moments if each.cause == moment.id]
    for each in effects:
        last = each is effects[-1]
        lines += _branch(each, moments, began, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))
    return lines


def _words(moment: Moment, began: datetime) -> str:
    if moment.kind == "heard":
        return pick(f"heard by {moment.what}", f"{moment.what} 已收听")
    if moment.kind == "did":
        return moment.what
    if moment.sent_at:
        wait = f"+{(moment.sent_at - began).total_seconds():.3f} s"
        onward = pick(f"sent {wait}", f"发出 {wait}")
    else:
        onward = paint(moment.trouble, "bad") if moment.trouble else pick("no longer in the outbox", "发件箱中已清除")
    by = pick("by", "由")
    return f"{paint(moment.what, 'bold')}  {moment.subject}  {by} {moment.actor}  {paint(onward, 'dim')}"
