"""Looking up who filed a confidential complaint."""

from services.tickets.model import Person, Ticket
from services.tickets.model.moves import NotConfidential


def disclose(work, ticket_id, *, reason) -> dict:
    """Who the complainant is, for somebody who may decide to ask them. It is kept who looked and why, and they are told.

    Raises:
        NotConfidential: there is nothing to disclose.
    """
    ticket = work.take(Ticket, ticket_id)
    if not ticket.confidential:
        raise NotConfidential(state=ticket.state)
    confidence = ticket.confidence
    confidence.disclose(ticket, to=work.actor.id, reason=reason, at=work.now)
    person = work.get(Person, confidence.reporter_id)
    return {
        "reporter_id": confidence.reporter_id,
        "unit_id": confidence.unit_id,
        "name": person and person.name,
        "phone": confidence.contact_phone,
    }
