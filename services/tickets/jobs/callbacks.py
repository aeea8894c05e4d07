"""Call-backs that nobody made in time."""

from sqlalchemy import select

from chassis.jobs import every
from services.tickets.model import Callback
from services.tickets.queries import callbacks


@every(minutes=1)
def flag_missed_callbacks(work):
    """Nobody called in time: say so, once, to whoever is above the estate's manager."""
    waiting = select(Callback).where(Callback.settled_at.is_(None), Callback.missed_at.is_(None))
    found = work.due(waiting.where(Callback.due_at <= work.now).order_by(Callback.due_at))
    for callback in found:
        callback.miss(callbacks.managers(work, callback.ticket, above=True), at=work.now)
    return len(found)
