"""The figures of each month are added up as things end, and said once when the month is over."""

from datetime import timedelta

from sqlalchemy import select

from chassis.actor import SYSTEM
from chassis.jobs import every
from services.tickets.handlers import analysis, counting
from services.tickets.model.figures import MonthlyAnalysis

SETTLED = timedelta(days=2)  # after a month's end: every estate's clock has left it, and its figures are counted


@every(minutes=10, own_transactions=True)
def count_months(runtime):
    """Add up anew, a month of an operator at a time, what changed since it was counted."""
    with runtime.work(SYSTEM, system=True) as work:
        counting.notice(work)
        stale = work.scalars(select(MonthlyAnalysis.id).where(MonthlyAnalysis.stale).order_by(MonthlyAnalysis.month))
    for id in stale:
        with runtime.work(SYSTEM, system=True) as work:
            analysis.count(work, work.take(MonthlyAnalysis, id))


@every(hours=1)
def publish_months(work):
    """A month that is over is said, once."""
    over = MonthlyAnalysis.month < counting.next_month((work.now - SETTLED).date()) - timedelta(days=31)
    found = work.due(
        select(MonthlyAnalysis).where(
            MonthlyAnalysis.published_at.is_(None),
            MonthlyAnalysis.counted_at.is_not(None),
            ~MonthlyAnalysis.stale,
            over,
        )
    )
    for month in found:
        analysis.publish(work, month)
    return len(found)
