"""Who would pay for a repair, by the building's age."""

from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.tickets.model import Estate, Handover, Ticket, Unit, warranty
from services.tickets.model.handover import WHOLE


def proposal(work, ticket: Ticket) -> warranty.Proposal:
    estate = work.get(Estate, ticket.estate_id)
    return warranty.propose(ticket, accepted_on(work, ticket), estate.today(work.now))


def accepted_on(work, ticket: Ticket) -> date | None:
    """Of the unit's building, else of the whole estate; None: nobody told us."""
    unit = work.get(Unit, ticket.unit_id)
    building = unit.code.partition("-")[0] if unit else WHOLE
    known = {each.building: each.accepted_on for each in handovers(work, ticket.estate_id)}
    return known.get(building) or known.get(WHOLE)


def handovers(work, estate_id: UUID) -> list[Handover]:
    return work.scalars(select(Handover).where(Handover.estate_id == estate_id).order_by(Handover.building))
