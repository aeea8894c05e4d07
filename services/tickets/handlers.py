"""What people can do with tickets."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from chassis import attachments
from chassis.errors import Forbidden, Invalid, NotFound
from chassis.i18n import Sentence
from services.tickets.events import Channel, Side
from services.tickets.model import Comment, Estate, Occupancy, Pen, Staff, Ticket, Unit, taxonomy

CHOOSE = Sentence("Choose one from the taxonomy.", "请从分类表中选择。")
NOT_A_RESIDENT = Sentence("This person does not live there; check the unit.", "此人并非该处住户，请核对房号。")
NOT_YOUR_CHANNEL = Sentence("Use portal or wechat.", "请使用 portal 或 wechat。")
NO_TECHNICIAN = Sentence("No technician of this estate.", "不是本项目的维修人员。")
EXPIRED = Sentence("The certificate this work asks for has expired.", "该工作所需证书已过期。")
OWN_CHANNELS = (Channel.PORTAL, Channel.WECHAT)  # what residents use; the others are the staff's


class NotYourJob(Forbidden):
    en = "This job is somebody else's; ask the dispatcher to send it to you."
    zh = "此工单已派给他人，如需接手，请联系派单人员。"


class OwnersOnly(Forbidden):
    en = "Only the reporter and those who live there may do this, from their own sign-in."
    zh = "仅报事人及该房屋的住户可用本人账号进行此操作。"


class NotSuitable(Invalid):
    en = "This person cannot be sent; see `errors`, and choose one of the candidates."
    zh = "不能派给此人，原因见 errors，请从候选人中选择。"


# ── filing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def file(work, *, estate_id, channel, unit_id=None, reporter_id=None, attachment_ids=(), **report):
    """Report something, for oneself or, as staff, for somebody else."""
    estate = work.find(Estate, estate_id)
    reporter_id = _reporter(work, estate, unit_id, reporter_id, channel)
    about = _classified(report.pop("category", None), report.pop("problem", None))
    ticket = Ticket.filed(
        operator_id=estate.operator_id,
        estate_id=estate_id,
        unit_id=unit_id,
        number=_next_number(work, estate),
        channel=channel,
        reporter_id=reporter_id,
        filed_by=work.actor.id,
        review_within=_review_limit(work, **about),
        at=work.now,
        **about,
        **report,
    )
    _attach(work, attachment_ids, work.add(ticket), "report")
    return ticket


def _attach(work, ids, ticket: Ticket, stage: str) -> None:
    attachments.link(work, ids, subject_type=stage, subject_id=ticket.id, estate_id=ticket.estate_id)


def _reporter(work, estate, unit_id, reporter_id, channel) -> UUID:
    """Residents report for themselves; staff also for whoever lives there. Raises NotFound for a unit out of reach."""
    unit = work.get(Unit, unit_id)
    if unit_id and (unit is None or unit.estate_id != estate.id):
        raise NotFound()
    if work.actor.may("tickets:oversee", estate.id):
        return _reported_to_staff(work, estate, unit_id, reporter_id)
    if reporter_id not in (None, work.actor.id):
        raise Forbidden()
    if unit_id and not _lives_there(work, work.actor.id, estate_id=estate.id, unit_id=unit_id):
        raise NotFound()
    if channel not in OWN_CHANNELS:
        raise Invalid(errors={"channel": [NOT_YOUR_CHANNEL]})
    return work.actor.id


def _reported_to_staff(work, estate, unit_id, reporter_id) -> UUID:
    if reporter_id in (None, work.actor.id):
        return work.actor.id
    work.require("tickets:file_for", estate.id)
    if not _lives_there(work, reporter_id, estate_id=estate.id, unit_id=unit_id):
        raise Invalid(errors={"reporter_id": [NOT_A_RESIDENT]})
    return reporter_id


def _lives_there(work, person_id: UUID, *, estate_id: UUID, unit_id: UUID | None) -> bool:
    """Whether the person holds this unit now, or without one any unit of the estate."""
    where = Occupancy.unit_id == unit_id if unit_id else Occupancy.estate_id == estate_id
    return work.scalar(select(Occupancy.current(work.now, Occupancy.person_id == person_id, where)))


def _classified(category: str | None, problem: str | None) -> dict[str, str | None]:
    """The codes of what was said, by code or by name."""
    known = taxonomy.category(category)
    if (category or problem) and known is None:
        raise Invalid(errors={"category": [CHOOSE]})
    met = known.problem(problem) if problem else None
    if problem and met is None:
        raise Invalid(errors={"problem": [CHOOSE]})
    return {"category": known and known.code, "problem": met and met.code}


def _review_limit(work, category: str | None, problem: str | None):
    return taxonomy.limits(category, problem).review or work.settings.review_within


def _next_number(work, estate: Estate) -> str:
    """Unique in its estate and year of the estate's calendar; two who file at once take different pens."""
    where = {"operator_id": estate.operator_id, "estate_id": estate.id, "year": estate.today(work.now).year}
    number = work.scalar(Pen.write_next(where, wait=False))
    if number is None:  # the first of the year, or all pens are in use
        work.execute(insert(Pen).values(Pen.box(**where)).on_conflict_do_nothing())
        number = work.scalar(Pen.write_next(where, wait=True))
    return f"{estate.code}-{where['year']}-{number:06}"


# ── review ───────────────────────────────────────────────────────────────────────────────────────────────────────


def review(work, ticket_id, *, decision, reason=None, payer=None):
    """Decide on a report: accept it, ask for more, or reject it."""
    ticket = work.take(Ticket, ticket_id)
    if decision == "accept":
        ticket.accept(payer, at=work.now)
    elif decision == "ask":
        ticket.ask(reason, cap=work.settings.answer_within, at=work.now)
    else:
        ticket.reject(reason, at=work.now)
    return ticket


def answer(work, ticket_id, *, text, attachment_ids=()):
    ticket = work.take(Ticket, ticket_id)
    ticket.take_answer(text, at=work.now)
    _attach(work, attachment_ids, ticket, "answer")
    return ticket


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


# ── work ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def start(work, ticket_id):
    ticket = _own_job(work, ticket_id)
    ticket.start(at=work.now)
    return ticket


def complete(work, ticket_id, *, resolution, cause=None, parts=(), labour_minutes=None, attachment_ids=()):
    ticket = _own_job(work, ticket_id)
    ticket.complete(
        resolution, cause=cause, parts=parts, labour_minutes=labour_minutes, terms=work.settings, at=work.now
    )
    _attach(work, attachment_ids, ticket, "completion")
    return ticket


def hold(work, ticket_id, *, reason):
    ticket = _own_job(work, ticket_id)
    ticket.hold(reason)
    return ticket


def resume(work, ticket_id):
    ticket = _own_job(work, ticket_id)
    ticket.resume()
    return ticket


def _own_job(work, ticket_id) -> Ticket:
    """Those who work act on their own jobs only; those who dispatch, for holding and resuming, on all.

    To begin or complete what nobody was sent to is refused by its state.
    """
    ticket = work.take(Ticket, ticket_id)
    holds = work.permission == "tickets:hold"
    whose = {work.actor.id} if holds else {work.actor.id, None}
    if ticket.assignee_id not in whose and not (holds and work.actor.may("tickets:dispatch", ticket.estate_id)):
        raise NotYourJob()
    return ticket


# ── the owner's side ─────────────────────────────────────────────────────────────────────────────────────────────


def rate(work, ticket_id, *, score, aspects=None, tags=(), comment=None):
    """Once per closure, and never from a staff sign-in."""
    ticket = _as_owner(work, ticket_id)
    ticket.rate(score, by=work.actor.id, at=work.now, aspects=aspects, tags=tags, comment=comment)
    return ticket


def reopen(work, ticket_id, *, reason):
    ticket = _as_owner(work, ticket_id)
    ticket.reopen(reason, review_within=_review_limit(work, ticket.category, ticket.problem), at=work.now)
    return ticket


def cancel(work, ticket_id, *, reason):
    ticket = work.take(Ticket, ticket_id)
    ticket.cancel(reason, at=work.now)
    return ticket


def comment(work, ticket_id, *, text, internal=False):
    """Write on a ticket; internally, among the staff."""
    ticket = work.find(Ticket, ticket_id)
    side = Side.STAFF if work.actor.may("tickets:oversee", ticket.estate_id) else Side.RESIDENT
    if internal and side is Side.RESIDENT:
        raise Forbidden()
    return work.add(Comment.written(ticket, author_id=work.actor.id, side=side, internal=internal, text=text))


def _as_owner(work, ticket_id) -> Ticket:
    """Residents see only what they reported and what concerns their home, so whoever is not staff there is the owner's side."""
    ticket = work.take(Ticket, ticket_id)
    if work.actor.may("tickets:oversee", ticket.estate_id):
        raise OwnersOnly()
    return ticket
