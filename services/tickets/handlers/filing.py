"""Reporting something: who reports, where, about what, under which number."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert

from chassis import attachments
from chassis.errors import Forbidden, Invalid, NotFound
from chassis.i18n import Sentence
from services.tickets.events import Channel
from services.tickets.handlers.following import following
from services.tickets.handlers.joining import join_one, ongoing
from services.tickets.model import Estate, Occupancy, Pen, Person, Ticket, Unit, classifier, learning, own_taxonomy
from services.tickets.model.intake import own_title

CHOOSE = Sentence("Choose one from the taxonomy.", "请从分类表中选择。")
NOT_A_RESIDENT = Sentence("This person does not live there; check the unit.", "此人并非该处住户，请核对房号。")
NOT_YOUR_CHANNEL = Sentence("Use portal or wechat.", "请使用 portal 或 wechat。")
OWN_CHANNELS = (Channel.PORTAL, Channel.WECHAT)  # what residents use; the others are the staff's


def file(work, *, estate_id, channel, unit_id=None, reporter_id=None, incident_id=None, attachment_ids=(), **report):
    """Report something, for oneself or, as staff, for somebody else. What its words propose goes to the review."""
    person_id = reporter_id or work.actor.id
    place = work.one(work.shaped(_place, estate_id=estate_id, unit_id=unit_id, person_id=person_id))
    estate = place.Estate
    reporter_id = _reporter(work, place, unit_id, reporter_id, channel)
    about = classified(work, report.pop("category", None), report.pop("problem", None))
    proposal = propose(work, kind=report["kind"], description=report["description"])
    linked = following(
        work,
        report.pop("follows_id", None),
        estate_id=estate_id,
        kind=report["kind"],
        confidential=report.pop("confidential", False),
    )
    ticket = Ticket.filed(
        operator_id=estate.operator_id,
        estate_id=estate_id,
        estate=estate,
        unit_id=unit_id,
        number=_next_number(work, estate),
        channel=channel,
        reporter_id=reporter_id,
        filed_by=work.actor.id,
        review_within=_first_limit(work, proposal, **about),
        at=work.now,
        **about,
        **linked,
        **own_title(own_taxonomy.current(work), report["kind"], **about),
        **report,
    )
    ticket.propose(proposal)
    if incident_id:
        join_one(work, ongoing(work, incident_id), ticket)
    attach(work, attachment_ids, work.add(ticket), "report")
    return ticket


def propose(work, *, kind, description: str) -> classifier.Proposal:
    """What the words of a report say it is about, and how urgent."""
    return classifier.propose(description, kind=kind, taxonomy=own_taxonomy.current(work), learnt=learning.learnt(work))


def attach(work, ids, ticket: Ticket, stage: str) -> None:
    attachments.link(work, ids, subject_type=stage, subject_id=ticket.id, estate_id=ticket.estate_id)


def _place(work, *, estate_id, unit_id, person_id) -> Select:
    """All that a report must fit, read at once: the estate, its unit, the person, and whether this is their home now.

    Without a unit, any home of theirs in the estate is one.
    """
    where = Occupancy.estate_id == estate_id if unit_id is None else Occupancy.unit_id == unit_id
    at_home = Occupancy.current(work.now, Occupancy.person_id == person_id, where)
    found = select(Estate, Unit, Person, at_home.label("at_home"))
    found = found.outerjoin(Unit, (Unit.id == unit_id) & (Unit.estate_id == Estate.id))
    found = found.outerjoin(Person, Person.id == person_id)
    return found.where(Estate.id == estate_id, Estate.visible_to(work.actor, None))


def _reporter(work, place, unit_id, reporter_id, channel) -> UUID:
    """Residents report for themselves; staff also for whoever lives there. Raises NotFound for a unit out of reach."""
    if unit_id and place.Unit is None:
        raise NotFound()
    if work.actor.may("tickets:oversee", place.Estate.id):
        return _reported_to_staff(work, place, reporter_id)
    if reporter_id not in (None, work.actor.id):
        raise Forbidden()
    if unit_id and not place.at_home:
        raise NotFound()
    if channel not in OWN_CHANNELS:
        raise Invalid(errors={"channel": [NOT_YOUR_CHANNEL]})
    return work.actor.id


def _reported_to_staff(work, place, reporter_id) -> UUID:
    if reporter_id in (None, work.actor.id):
        return work.actor.id
    work.require("tickets:file_for", place.Estate.id)
    if not place.at_home:
        raise Invalid(errors={"reporter_id": [NOT_A_RESIDENT]})
    return reporter_id


def classified(work, category: str | None, problem: str | None) -> dict[str, str | None]:
    """The codes of what was said, by code or by name, in the operator's own taxonomy."""
    known = own_taxonomy.current(work).category(category)
    if (category or problem) and known is None:
        raise Invalid(errors={"category": [CHOOSE]})
    met = known.problem(problem) if problem else None
    if problem and met is None:
        raise Invalid(errors={"problem": [CHOOSE]})
    return {"category": known and known.code, "problem": met and met.code}


def _first_limit(work, proposal: classifier.Proposal, **about):
    """Words that cry for help may shorten the review, whatever the report was filed as; no words ever lengthen it."""
    said = review_limit(work, **about)
    return min(said, review_limit(work, proposal.category, proposal.problem)) if proposal.is_emergency else said


def review_limit(work, category: str | None, problem: str | None):
    return own_taxonomy.current(work).limits(category, problem).review or work.settings.review_within


def _next_number(work, estate: Estate) -> str:
    """Unique in its estate and year of the estate's calendar; two who file at once take different pens."""
    where = {"operator_id": estate.operator_id, "estate_id": estate.id, "year": estate.today(work.now).year}
    number = work.scalar(*Pen.write_next(where, wait=False))
    if number is None:  # the first of the year, or all pens are in use
        work.execute(insert(Pen).values(Pen.box(**where)).on_conflict_do_nothing())
        number = work.scalar(*Pen.write_next(where, wait=True))
    return f"{estate.code}-{where['year']}-{number:06}"
