"""Recording how old the buildings are."""

from services.tickets.model import Estate, Handover


def record(work, estate_id, *, building, accepted_on) -> Handover:
    """When a building, or without one the whole estate, was accepted as completed; said again, it is corrected."""
    estate = work.find(Estate, estate_id)
    id = Handover.id_of(estate.id, building)
    if work.get(Handover, id):
        handover = work.take(Handover, id)
    else:
        handover = work.add(Handover(id=id, operator_id=estate.operator_id, estate_id=estate.id, building=building))
    handover.record_day(accepted_on)
    return handover
