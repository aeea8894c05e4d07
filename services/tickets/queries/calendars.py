"""An estate's working hours."""

from uuid import UUID

from services.tickets.model import Calendar, Estate


def shown(work, estate_id: UUID) -> Calendar:
    """The estate's own, or the usual one. Raises NotFound, Forbidden: the estate is not the actor's to see."""
    estate = work.find(Estate, estate_id)
    return work.get(Calendar, estate.id) or Calendar.usual(estate.id)
