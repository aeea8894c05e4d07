"""Sending somebody."""

from uuid import UUID

from chassis.errors import Invalid
from chassis.i18n import Sentence
from services.tickets.model import Estate, Staff, Ticket, taxonomy

NO_TECHNICIAN = Sentence("No technician of this estate.", "不是本项目的维修人员。")
EXPIRED = Sentence("The certificate this work asks for has expired.", "该工作所需证书已过期。")


class NotSuitable(Invalid):
    en = "This person cannot be sent; see `errors`, and choose one of the candidates."
    zh = "不能派给此人，原因见 errors，请从候选人中选择。"


def dispatch(work, ticket_id, *, technician_id):
    """Send a technician. Of two who send at once, one wins and the other is told the state."""
    ticket = work.take(Ticket, ticket_id)
    _must_be_suitable(work, ticket, technician_id)
    ticket.dispatch(technician_id, at=work.now)
    return ticket


def _must_be_suitable(work, ticket: Ticket, technician_id: UUID) -> None:
    estate, staff = work.get(Estate, ticket.estate_id), work.get(Staff, technician_id)
    if staff is None or not staff.works_in(estate):
        raise NotSuitable(errors={"technician_id": [NO_TECHNICIAN]})
    if staff.certificate(taxonomy.category(ticket.category), estate.today(work.now)) == "expired":
        raise NotSuitable(errors={"technician_id": [EXPIRED]})
