"""The audit record: append-only rows written by the flush hook, sealed each minute into a hash chain per operator.

Tamper-evident, not tamper-proof: the head of each chain is said as an event and written to the log, which are kept elsewhere.
A block holds the rows of transactions [from_xid, below_xid) that were surely over when it was sealed, so a late commit
is sealed by the next block and never skipped (messaging.md §6).
"""

import hashlib
import itertools
from functools import cache
from uuid import UUID

import orjson
import structlog
from sqlalchemy import func, insert, literal_column, select, text

from chassis import tables
from chassis.events import Envelope, dump, event
from chassis.ids import new_id
from chassis.outbox import outbox_row

log = structlog.get_logger(__name__)
audit, seals = tables.audit, tables.audit_seal
GENESIS = "0" * 64
SEALED_COLUMNS = (
    "seq",
    "operator_id",
    "estate_id",
    "at",
    "actor",
    "action",
    "subject_type",
    "subject_id",
    "version",
    "changes",
)


@cache
def audit_sealed(service: str) -> type:
    """The event by which `service` says the head of an operator's chain."""

    @event(f"{service}.audit.sealed", version=1)
    class AuditSealed:
        """The service's audit rows up to here are sealed; `digest` is the head of the operator's chain."""

        number: int
        rows: int
        previous: str
        digest: str

    return AuditSealed


def seal(work) -> None:
    """Seal what is new, a block per operator, in the order of transactions. Runs as the system role."""
    start = work.scalar(text("SELECT coalesce(max(below_xid), '0'::xid8)::text FROM audit_seal"))
    end = work.scalar(text("SELECT transaction_number(pg_snapshot_xmin(pg_current_snapshot()))::text"))
    rows = work.execute(_block(start, end).execution_options(yield_per=1000))
    for operator_id, block in itertools.groupby(rows.mappings(), key=lambda row: row["operator_id"]):
        _seal_block(work, operator_id, block, start, end)


def _block(start: str, end: str, operator_id: UUID | None = None):
    columns = [audit.c[name] for name in SEALED_COLUMNS]
    within = [literal_column("xid") >= _xid(start), literal_column("xid") < _xid(end)]
    if operator_id:
        within.append(audit.c.operator_id == operator_id)
    return select(*columns).where(*within).order_by(audit.c.operator_id, literal_column("xid"), audit.c.seq)


def _xid(value: str):
    return text(f"'{int(value)}'::xid8")


def _seal_block(work, operator_id: UUID, block, start: str, end: str) -> None:
    head = work.execute(
        select(seals.c.number, seals.c.digest)
        .where(seals.c.operator_id == operator_id)
        .order_by(seals.c.number.desc())
        .limit(1)
    ).first()
    number, previous = (head.number + 1, head.digest) if head else (1, GENESIS)
    count, digest = _digest(previous, block)
    seal_id = new_id()
    bounds = {"from_xid": _xid(start), "below_xid": _xid(end)}
    work.execute(
        insert(seals).values(
            id=seal_id, version=1, operator_id=operator_id, number=number, sealed_at=work.now, rows=count,
            previous=previous, digest=digest, **bounds,
        )
    )  # fmt: skip
    fact = audit_sealed(work.service.name)(number=number, rows=count, previous=previous, digest=digest)
    said = Envelope(
        id=new_id(), source=f"/{work.service.name}", type=type(fact).__event__.type, subject=f"audit/{operator_id}",
        time=work.now, operator_id=operator_id, sequence=number, correlation_id=work.correlation_id,
        actor=work.actor.named(), data=dump(fact),
    )  # fmt: skip
    work.execute(insert(tables.outbox).values(outbox_row(said)))
    log.info("audit.sealed", operator=str(operator_id), number=number, rows=count, digest=digest)


def _digest(previous: str, rows) -> tuple[int, str]:
    sha, count = hashlib.sha256(previous.encode()), 0
    for row in rows:
        sha.update(orjson.dumps([row[name] for name in SEALED_COLUMNS], default=str, option=orjson.OPT_SORT_KEYS))
        count += 1
    return count, sha.hexdigest()


def verify(session) -> list[str]:
    """Recompute every chain. → a sentence for each place that does not hold; empty when the record is whole."""
    from chassis.verifying import examine

    return [str(each) for each in examine(session).breaks]


def unsealed(session) -> int:
    """Rows that wait for the next seal."""
    start = session.scalar(text("SELECT coalesce(max(below_xid), '0'::xid8)::text FROM audit_seal"))
    return session.scalar(select(func.count()).select_from(audit).where(literal_column("xid") >= _xid(start)))
