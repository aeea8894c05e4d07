"""Incidents: opening and planning, telling everybody, joining reports, and the end."""

from uuid import UUID

from sqlalchemy import or_, select

from chassis.errors import Invalid, NotFound, Problem
from chassis.i18n import Sentence
from services.tickets.events import Kind
from services.tickets.handlers.filing import classified
from services.tickets.handlers.joining import join_one, ongoing
from services.tickets.model import Estate, Incident, IncidentReport, Ticket, Unit, own_taxonomy

MOST_UNITS = 2_000  # named one by one in an event; more is the whole estate
NOWHERE = Sentence("No unit of this estate is meant; check the codes.", "未匹配到本项目的任何房屋，请核对编号。")
TOO_MANY = Sentence("Too many units; say `whole_estate`.", "房屋过多，请使用 whole_estate。")
PAST = Sentence("It must end later than now and than it starts.", "结束时间须晚于当前时间和开始时间。")
PLANNED_ONLY = Sentence("Only what is planned has times.", "仅计划停用有起止时间。")


# ── opening and planning ─────────────────────────────────────────────────────────────────────────────────────────


def open_incident(work, *, estate_id, category, problem=None, text_zh, text_en=None, **where):
    """Something has happened that many feel."""
    return work.add(Incident.opened(at=work.now, **_facts(work, estate_id, category, problem, text_zh, text_en, where)))


def plan_outage(
    work, *, estate_id, category, problem=None, text_zh, text_en=None, starts_at, ends_at, ahead_hours, **where
):
    """Something will be off, and everybody concerned hears of it ahead."""
    _must_lie_ahead(work, starts_at, ends_at)
    facts = _facts(work, estate_id, category, problem, text_zh, text_en, where)
    hours = sorted(set(ahead_hours), reverse=True)
    return work.add(Incident.plan(at=work.now, starts_at=starts_at, ends_at=ends_at, ahead_hours=hours, **facts))


def _facts(work, estate_id, category, problem, text_zh, text_en, where) -> dict:
    estate = work.find(Estate, estate_id)
    about = classified(work, category, problem)
    title = own_taxonomy.current(work).title(Kind.REPAIR, about["category"], about["problem"])
    return {
        "operator_id": estate.operator_id,
        "estate_id": estate.id,
        **about,
        "title_zh": title.zh,
        "title_en": title.en,
        "text_zh": text_zh,
        "text_en": text_en or text_zh,
        **_place(work, estate, **where),
    }


def _place(work, estate: Estate, *, whole_estate=False, buildings=(), entrances=(), unit_ids=()) -> dict:
    """Where it is felt: the whole estate, or the units of these buildings and entrances, and these."""
    said = {"whole_estate": whole_estate, "buildings": list(buildings), "entrances": list(entrances)}
    if whole_estate:
        return said
    stands_in = [Unit.code.startswith(f"{code}-", autoescape=True) for code in (*buildings, *entrances)]
    meant = select(Unit.id).where(Unit.estate_id == estate.id, or_(*stands_in, Unit.id.in_(unit_ids)))
    found = work.scalars(meant.order_by(Unit.code).limit(MOST_UNITS + 1))
    if not found or not set(unit_ids) <= set(found):
        raise Invalid(errors={"unit_ids": [NOWHERE]})
    if len(found) > MOST_UNITS:
        raise Invalid(errors={"whole_estate": [TOO_MANY]})
    return {**said, "unit_ids": found}


def _must_lie_ahead(work, starts_at, ends_at) -> None:
    if ends_at <= max(starts_at, work.now):
        raise Invalid(errors={"ends_at": [PAST]})


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────


def change(work, incident_id, **facts):
    """Other times or another text; who was told before is told again."""
    incident = work.take(Incident, incident_id)
    times = {"starts_at": incident.starts_at, "ends_at": incident.ends_at, **facts}
    if not incident.planned and facts.keys() & {"starts_at", "ends_at"}:
        raise Invalid(errors={"starts_at": [PLANNED_ONLY]})
    if incident.planned:
        _must_lie_ahead(work, times["starts_at"], times["ends_at"])
    incident.change(reporters=_reporters(work, incident), at=work.now, **facts)
    return incident


def tell(work, incident_id, **news):
    incident = work.take(Incident, incident_id)
    incident.tell(**_news(work, incident, **news))
    return incident


def resolve(work, incident_id, **news):
    """It is over. The clock completes what was joined."""
    incident = work.take(Incident, incident_id)
    incident.resolve(**_news(work, incident, **news))
    return incident


def cancel(work, incident_id, **news):
    incident = work.take(Incident, incident_id)
    incident.cancel(**_news(work, incident, **news))
    return incident


def _news(work, incident: Incident, *, text_zh: str, text_en: str | None = None) -> dict:
    told = {"reporters": _reporters(work, incident), "by": work.actor.id, "at": work.now}
    return {"text_zh": text_zh, "text_en": text_en or text_zh, **told}


def _reporters(work, incident: Incident) -> list[UUID]:
    mine = select(IncidentReport.reporter_id).where(IncidentReport.incident_id == incident.id)
    return work.scalars(mine.distinct().order_by(IncidentReport.reporter_id))


# ── joining ──────────────────────────────────────────────────────────────────────────────────────────────────────


def join(work, incident_id, *, ticket_ids) -> dict:
    """Join many reports at once. What cannot be joined is named with the reason, and keeps nobody else out."""
    incident = ongoing(work, incident_id)
    seen = select(Ticket).where(Ticket.id.in_(ticket_ids), Ticket.visible_to(work.actor, work.permission))
    found = {each.id: each for each in work.scalars(seen.order_by(Ticket.id).with_for_update(of=Ticket))}
    refused = [_refused(id, NotFound()) for id in dict.fromkeys(ticket_ids) if id not in found]
    joined = []
    for ticket in found.values():
        try:
            join_one(work, incident, ticket)
            joined.append(ticket.id)
        except Problem as problem:
            refused.append(_refused(ticket.id, problem))
    return {"joined": joined, "refused": refused}


def say_what_it_is_about(work, ticket_id, *, incident_id) -> Ticket:
    """Whoever sees a report and an incident, of the same estate, may say that the one is about the other."""
    ticket = work.take(Ticket, ticket_id)
    join_one(work, ongoing(work, incident_id), ticket)
    return ticket


def part(work, incident_id, ticket_id) -> None:
    """Take a report out again, as long as the incident has not ended it."""
    ongoing(work, incident_id)
    ticket = work.take(Ticket, ticket_id)
    kept = work.scalar(select(IncidentReport).filter_by(incident_id=incident_id, ticket_id=ticket_id))
    if kept is None:
        raise NotFound()
    ticket.part()
    work.session.delete(kept)


def _refused(ticket_id: UUID, problem: Problem) -> dict:
    return {"ticket_id": ticket_id, "reason_zh": problem.sentence("zh"), "reason_en": problem.sentence("en")}
