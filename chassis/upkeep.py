"""What the clock does for every service: seal the audit record, and sweep what has served its time."""

from datetime import timedelta

from sqlalchemy import delete, func, select, tuple_

from chassis import tables
from chassis.audit import seal
from chassis.jobs import every
from chassis.work import Work

SWEEP = 5_000  # rows a batch
OUTBOX_KEPT = timedelta(days=7)
INBOX_KEPT = timedelta(days=14)  # our longest replay: an id forgotten earlier would be a second effect
ANSWERS_KEPT = timedelta(hours=48)
HEARTBEATS_KEPT = timedelta(hours=1)


@every(minutes=1)
def seal_audit(work: Work) -> None:
    """Chain the newest audit rows."""
    seal(work)


@every(minutes=10)
def sweep_outbox(work: Work) -> int:
    """Forget sent events after a week; what is not sent stays, however old."""
    box = tables.outbox
    return _sweep(work, box, [box.c.seq], box.c.sent_at.is_not(None), box.c.sent_at < work.now - OUTBOX_KEPT)


@every(minutes=10)
def sweep_inbox(work: Work) -> int:
    """Forget event ids after a fortnight."""
    box = tables.inbox
    return _sweep(work, box, [box.c.consumer, box.c.source, box.c.event_id], box.c.processed_at < work.now - INBOX_KEPT)


@every(minutes=10)
def sweep_answers(work: Work) -> int:
    """Forget answers kept for repeated requests after two days."""
    kept = tables.idempotency
    return _sweep(work, kept, [kept.c.principal, kept.c.route, kept.c.key], kept.c.created_at < work.now - ANSWERS_KEPT)


@every(minutes=10)
def sweep_heartbeats(work: Work) -> int:
    """Forget processes that are gone since an hour. They are judged by the database's clock, which wrote them."""
    seen = tables.heartbeat.c
    return _sweep(work, tables.heartbeat, [seen.process], seen.seen_at < func.clock_timestamp() - HEARTBEATS_KEPT)


def _sweep(work: Work, table, key: list, *old) -> int:
    batch = select(*key).where(*old).limit(SWEEP).with_for_update(skip_locked=True)
    return work.execute(delete(table).where(tuple_(*key).in_(batch))).rowcount


UPKEEP = [job.__job__ for job in (seal_audit, sweep_outbox, sweep_inbox, sweep_answers, sweep_heartbeats)]
