"""A new year's tickets get a table of their own, before the year begins."""

from datetime import timedelta

from sqlalchemy import func, select, text

from chassis.jobs import every

AHEAD = timedelta(days=30)


@every(hours=1)
def open_next_year(work):
    """The table in which the tickets of the coming weeks will lie. What holds the present one is waited for a moment, then again."""
    work.execute(text("SET LOCAL lock_timeout = '2s'"))
    return int(work.scalar(select(func.open_year((work.now + AHEAD).year))))
