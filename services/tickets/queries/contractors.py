"""Firms from outside, as those see them who send them."""

from sqlalchemy import any_

from services.tickets.model import Contractor


def contractors(work, *, estate_id=None, limit, after):
    """One page of the firms known in one's estates."""
    found = work.seen(Contractor)
    if estate_id:
        found = found.where(any_(Contractor.estate_ids) == estate_id)
    return work.page(found, by=[Contractor.id], limit=limit, after=after)
