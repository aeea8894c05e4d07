"""Sending somebody, by a dispatcher or by themselves; passing work on, giving it back, and asking for speed."""

from datetime import timedelta
from uuid import UUID

from chassis.errors import Forbidden, Invalid, TooMany
from chassis.i18n import Sentence
from services.tickets.events import SentBy
from services.tickets.handlers.automatic import send_if_switched_on
from services.tickets.handlers.filing import review_limit
from services.tickets.handlers.owners import OwnersOnly
from services.tickets.handlers.work import NotYourJob
from services.tickets.model import Estate, IllegalMove, Person, Staff, Ticket, own_taxonomy
from services.tickets.queries import policies

NO_TECHNICIAN = Sentence("No technician of this estate.", "不是本项目的维修人员。")
EXPIRED = Sentence("The certificate this work asks for has expired.", "该工作所需证书已过期。")
UNSKILLED = Sentence("You lack the skill this work asks for.", "您不具备该工作所需技能。")
NOT_THIS_ONE = Sentence("Not for this ticket; choose somebody else.", "此工单不可派给此人，请另选他人。")
HAS_IT = Sentence("This person has it already.", "此人已持有该工单。")


class NotSuitable(Invalid):
    en = "This person cannot be sent; see `errors`, and choose one of the candidates."
    zh = "不能派给此人，原因见 errors，请从候选人中选择。"


class AlreadySent(IllegalMove):
    en = "This ticket is {state}: {who} has it. Reload it; to send somebody else, transfer it."
    zh = "工单当前为「{state}」，已由 {who} 接手，请刷新；如需改派，请使用转单。"


class ClaimsOff(Forbidden):
    en = "In this estate tickets are sent by dispatchers; ask them to send it to you."
    zh = "本项目未开放抢单，请联系派单人员。"


def dispatch(work, ticket_id, *, technician_id):
    """Send a technician. Of two who send at once, one wins and the other is told who has it."""
    ticket = free(work, ticket_id)
    _must_be_suitable(work, ticket, technician_id)
    ticket.dispatch(technician_id, by=work.actor.id, at=work.now)
    return ticket


def claim(work, ticket_id):
    """Take a job oneself 抢单. Of many who claim at once one wins, and the others are told who."""
    ticket = free(work, ticket_id)
    if not policies.of(work, ticket.estate_id).claims:
        raise ClaimsOff()
    _must_be_suitable(work, ticket, work.actor.id, skilled=True)
    ticket.dispatch(work.actor.id, way=SentBy.CLAIM, by=work.actor.id, at=work.now)
    return ticket


def transfer(work, ticket_id, *, technician_id, reason):
    """Pass it on 转单: whoever has it, to a colleague; those who dispatch, from anybody to anybody."""
    ticket = work.take(Ticket, ticket_id)
    if ticket.assignee_id != work.actor.id and not work.actor.may("tickets:dispatch", ticket.estate_id):
        raise NotYourJob()
    if technician_id == ticket.assignee_id:
        raise NotSuitable(errors={"technician_id": [HAS_IT]})
    _must_be_suitable(work, ticket, technician_id)
    ticket.transfer(technician_id, by=work.actor.id, reason=reason, at=work.now)
    return ticket


def give_back(work, ticket_id, *, reason):
    ticket = _own(work, ticket_id)
    ticket.give_back(reason, review_within=sending_limit(work, ticket), at=work.now)
    send_if_switched_on(work, ticket)
    return ticket


def decline(work, ticket_id, *, reason):
    ticket = _own(work, ticket_id)
    ticket.decline(reason, review_within=sending_limit(work, ticket), at=work.now)
    send_if_switched_on(work, ticket)
    return ticket


def urge(work, ticket_id):
    """Ask for speed 催单, as the owner's side, and not again before the estate's interval is over."""
    ticket = work.take(Ticket, ticket_id)
    if work.actor.may("tickets:oversee", ticket.estate_id):
        raise OwnersOnly()
    again = ticket.urged_at and ticket.urged_at + timedelta(hours=policies.of(work, ticket.estate_id).urge_every_hours)
    if again and again > work.now:
        raise TooMany(seconds=int((again - work.now).total_seconds()) + 1)
    ticket.urge(at=work.now)
    return ticket


def free(work, ticket_id) -> Ticket:
    """The ticket, locked. Raises AlreadySent, with the name, where somebody has it."""
    ticket = work.take(Ticket, ticket_id)
    if ticket.is_held_by_somebody:
        raise AlreadySent(state=ticket.state, who=_name(work, ticket))
    return ticket


def sending_limit(work, ticket: Ticket) -> timedelta:
    """How long somebody else may take to be found."""
    return review_limit(work, ticket.category, ticket.problem)


def _own(work, ticket_id) -> Ticket:
    ticket = work.take(Ticket, ticket_id)
    if ticket.assignee_id != work.actor.id and ticket.is_held_by_somebody:
        raise NotYourJob()
    return ticket


def _name(work, ticket: Ticket) -> str:
    who = work.get(Person, ticket.assignee_id) or ticket.contractor
    return who.name if who else str(ticket.assignee_id or ticket.contractor_id)


def _must_be_suitable(work, ticket: Ticket, technician_id: UUID, *, skilled: bool = False) -> None:
    estate, staff = work.get(Estate, ticket.estate_id), work.get(Staff, technician_id)
    category, _ = own_taxonomy.current(work, ticket.operator_id).at(ticket.category, None)
    if staff is None or not staff.works_in(estate):
        raise NotSuitable(errors={"technician_id": [NO_TECHNICIAN]})
    if technician_id in ticket.complained_of:
        raise NotSuitable(errors={"technician_id": [NOT_THIS_ONE]})
    if staff.certificate(category, estate.today(work.now)) == "expired":
        raise NotSuitable(errors={"technician_id": [EXPIRED]})
    if skilled and category and category.skill not in staff.skills:
        raise NotSuitable(errors={"technician_id": [UNSKILLED]})
