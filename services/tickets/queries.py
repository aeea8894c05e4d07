"""What people can look up: lists, who could do a job, who must hear of a missed limit, and what happened to a ticket."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Bundle, Session

from chassis import attachments
from chassis.model import Perhaps
from chassis.tables import audit
from chassis.work import Page
from services.tickets.events import Level, State
from services.tickets.model import (
    Clock,
    Comment,
    Duty,
    Estate,
    Person,
    Rating,
    Staff,
    Ticket,
    Unit,
    taxonomy,
)
from services.tickets.model.clock import LADDER
from services.tickets.model.ticket import ENDS, ORDERS

OPEN = Ticket.state.not_in(ENDS)
AT_WORK = Ticket.state.in_([State.DISPATCHED, State.STARTED, State.ON_HOLD])


class Titled(Bundle):
    """What the taxonomy says of a line's kind, category and problem."""

    def create_row_processor(self, query, procs, labels):
        kind, category, problem = procs
        return lambda row: taxonomy.title(kind(row), category(row), problem(row))


LINE = [  # what a line of a list shows; first what it is ordered by, which is then found at once
    *(getattr(Ticket, name) for name in ("filed_at", "id", "number", "version", "kind", "state", "estate_id")),
    *(getattr(Ticket, name) for name in ("unit_id", "place", "category", "problem", "urgency")),
    Titled("title", Ticket.kind, Ticket.category, Ticket.problem),
    Perhaps("assignee", Person.id, Person.name),
]
STAGES = ("report", "answer", "completion")  # what a file may come with
RECENT = timedelta(days=90)  # ratings that count for a technician
MOST_CANDIDATES = 100
MOST_TOLD = 50


def estates_of(session: Session, scopes: Iterable[str]) -> dict[str, set[UUID]]:
    """The estates of regions and units, from our own copies."""
    found: dict[str, set[UUID]] = {}
    for scope in scopes:
        kind, _, id = scope.partition(":")
        of = {
            "region": select(Estate.id).where(Estate.region_id == UUID(id)),
            "unit": select(Unit.estate_id).where(Unit.id == UUID(id)),
        }
        found[scope] = set(session.scalars(of[kind]))
    return found


# ── tickets ──────────────────────────────────────────────────────────────────────────────────────────────────────


def tickets(work, *, q=None, mine=False, open=None, sort="-filed_at", limit, after, **filters):
    """One page of what the actor may see."""
    named = {name: value for name, value in filters.items() if value is not None}
    found = work.seen(Ticket).filter_by(**named).outerjoin(Ticket.assignee).with_only_columns(*LINE)
    if mine:
        found = found.where(or_(Ticket.assignee_id == work.actor.id, Ticket.reporter_id == work.actor.id))
    if open is not None:
        found = found.where(OPEN if open else ~OPEN)
    if q:
        found = found.where(holding(q))
    return work.page(found, by=ORDERS[sort], limit=limit, after=after)


def holding(words: str):
    """Tickets whose number begins so, or whose report, place or resolution holds these words."""
    told = [
        column.icontains(words, autoescape=True) for column in (Ticket.description, Ticket.place, Ticket.resolution)
    ]
    return or_(Ticket.number.startswith(words, autoescape=True), *told)


def attached(work, ticket: Ticket) -> dict[str, list]:
    """The files of a ticket by what they came with."""
    return {stage: attachments.of(work, stage, ticket.id) for stage in STAGES}


# ── candidates ───────────────────────────────────────────────────────────────────────────────────────────────────

WEIGHTS = {"skill": 40, "certificate": 15, "duty": 20, "load": 15, "rating": 5, "distance": 5}


@dataclass(frozen=True)
class Factor:
    """One reason for a rank: what was found, how good that is between 0 and 1, and the points it brings."""

    factor: str
    found: str
    points: float


@dataclass(frozen=True)
class Candidate:
    """A technician who reaches the estate. `barred` says why the job may not be given to them."""

    technician_id: UUID
    name: str | None
    barred: str | None
    factors: list[Factor]

    @property
    def score(self) -> float:
        return round(sum(each.points for each in self.factors), 1)


def contact(work, ticket: Ticket) -> dict:
    """Whom to call, in full: for the reporter, the desk, and whoever was sent.

    Raises:
        Forbidden: for anybody else.
    """
    concerned = work.actor.id in (ticket.reporter_id, ticket.assignee_id)
    if not concerned:
        work.require("tickets:review", ticket.estate_id)
    return {"name": ticket.reporter and ticket.reporter.name, "phone": ticket.contact_phone}


def candidates(work, ticket: Ticket) -> list[Candidate]:
    """Who could be sent, the most suitable first, and those who may not be sent last."""
    estate = work.get(Estate, ticket.estate_id)
    category = taxonomy.category(ticket.category)
    found = [_ranked(row, estate, category, work.now) for row in work.execute(_technicians(estate, work.now))]
    return sorted(found, key=lambda each: (each.barred is not None, -each.score, str(each.technician_id)))


def _technicians(estate: Estate, at: datetime) -> Select:
    load = select(func.count()).where(Ticket.assignee_id == Staff.id, AT_WORK).scalar_subquery()
    rating = (
        select(func.avg(Rating.score))
        .where(Rating.technician_id == Staff.id, Rating.rated_at > at - RECENT)
        .scalar_subquery()
    )
    duty = select(Duty.id).where(Duty.here(estate, at), Duty.person_id == Staff.id).exists()
    found = select(Staff, Person.name, load.label("load"), rating.label("rating"), duty.label("on_duty"))
    reach = (Staff.operator_id == estate.operator_id, Staff.posts.overlap(estate.posts("technician")))
    return found.outerjoin(Person, Person.id == Staff.id).where(*reach).limit(MOST_CANDIDATES)


def _ranked(row, estate: Estate, category, at: datetime) -> Candidate:
    staff, name, load, rating, on_duty = row
    skilled = category is None or category.skill in staff.skills
    certificate = staff.certificate(category, estate.today(at))
    near = staff.nearness(estate)
    return Candidate(
        staff.id,
        name,
        "certificate_expired" if certificate == "expired" else None,
        [
            _factor("skill", "yes" if skilled else "no", skilled),
            _factor("certificate", certificate, certificate in ("valid", "not_needed")),
            _factor("duty", "on_duty" if on_duty else "off_duty", on_duty),
            _factor("load", str(load), 1 / (1 + load)),
            _factor("rating", f"{rating:.1f}" if rating else "none", float(rating or 3) / 5),
            _factor("distance", near, {"estate": 1, "region": 0.5, "operator": 0.25}[near]),
        ],
    )


def _factor(name: str, found: str, goodness: float) -> Factor:
    return Factor(name, found, round(WEIGHTS[name] * goodness, 1))


# ── escalation ───────────────────────────────────────────────────────────────────────────────────────────────────


def responsible(work, clock: Clock) -> tuple[Level, list[UUID]]:
    """The next rung with anybody on it above the one that was told; at the top, the highest that has somebody, again."""
    estate = work.get(Estate, clock.estate_id)
    told = LADDER.index(clock.level) + 1 if clock.level else 0
    for level in [*LADDER[told:], *reversed(LADDER[:told])]:
        people = _on_rung(work, estate, level, clock.ticket.complained_of)
        if people:
            return level, people
    return LADDER[min(told, len(LADDER) - 1)], []


def _on_rung(work, estate: Estate, level: Level, complained_of: list[UUID]) -> list[UUID]:
    """Who is on duty on this rung now; nobody on the roster: all who hold its role. Never somebody complained of."""
    on_duty = (
        select(Duty.person_id)
        .where(Duty.here(estate, work.now), Duty.level == LADDER.index(level) + 1)
        .order_by(Duty.id)
    )
    holders = (
        select(Staff.id)
        .where(Staff.operator_id == estate.operator_id, Staff.posts.overlap(estate.posts(level)))
        .order_by(Staff.id)
    )
    for people in (on_duty, holders):
        found = [each for each in dict.fromkeys(work.scalars(people.limit(MOST_TOLD))) if each not in complained_of]
        if found:
            return found
    return []


# ── timeline ─────────────────────────────────────────────────────────────────────────────────────────────────────

SUBJECTS = ("ticket", "clock", "comment")
MOST_COMMENTS = 1000
STAFF_ONLY = {"complained_of", "filed_by"}  # columns whose changes residents do not see


@dataclass(frozen=True)
class Moment:
    """One line of a timeline: who did what when, and what changed."""

    at: datetime
    actor: dict  # {"kind", "id", "name"}
    action: str
    changes: dict
    comment: Comment | None


def timeline(work, ticket: Ticket, *, limit: int, after: str | None) -> Page:
    """What happened to a ticket, from the audit record and its comments; internal ones for staff only."""
    staff = work.actor.may("tickets:oversee", ticket.estate_id)
    comments = {each.id: each for each in work.scalars(_comments(ticket, staff))}
    subjects = [ticket.id, *(clock.id for clock in ticket.clocks), *comments]
    recorded = select(audit).where(audit.c.subject_type.in_(SUBJECTS), audit.c.subject_id.in_(subjects))
    page = work.page(recorded, by=[audit.c.seq], limit=limit, after=after)
    names = _names(work, page.items)
    return Page([_moment(row, names, comments, staff) for row in page.items], page.next)


def _comments(ticket: Ticket, staff: bool) -> Select:
    written = select(Comment).where(Comment.ticket_id == ticket.id).order_by(Comment.id).limit(MOST_COMMENTS)
    return written if staff else written.where(~Comment.internal)


def _names(work, rows) -> dict[str, str]:
    people = {row.actor.partition("/")[2] for row in rows} - {""}
    found = work.execute(select(Person.id, Person.name).where(Person.id.in_(map(UUID, people))))
    return {str(id): name for id, name in found}


def _moment(row, names: dict[str, str], comments: dict[UUID, Comment], staff: bool) -> Moment:
    kind, _, id = row.actor.partition("/")
    who = {"kind": kind, "id": id or None, "name": names.get(id)}
    return Moment(row.at, who, row.action, _changes(row, staff), comments.get(row.subject_id))


def _changes(row, staff: bool) -> dict:
    if row.subject_type == "comment":
        return {}
    return {
        name: {"before": before, "after": after}
        for name, (before, after) in row.changes.items()
        if staff or name not in STAFF_ONLY
    }
