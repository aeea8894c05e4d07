"""What kites do by the clock."""

from datetime import timedelta

from sqlalchemy import select

from chassis.jobs import every
from chassis.tests.kites.model import Kite


@every(minutes=1)
def fly_due_kites(work):
    due = work.due(select(Kite).where(Kite.check_due <= work.now))
    for kite in due:
        kite.check_due = work.now + timedelta(days=1)
        kite.fly()
    return len(due)
