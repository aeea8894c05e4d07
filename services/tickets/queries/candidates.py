"""Who could be sent, ranked, with the reasons."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select

from services.tickets.events import SentBy
from services.tickets.model import Assignment, Choice, Duty, Estate, Person, Rating, Staff, Ticket, own_taxonomy
from services.tickets.model.sending import IN_HAND

RECENT = timedelta(days=90)  # ratings that count for a technician
FAIR = timedelta(days=14)  # over which jobs are shared out evenly
MOST_CANDIDATES = 100
WEIGHTS = {"skill": 35, "certificate": 15, "duty": 20, "load": 10, "rating": 5, "distance": 5, "fairness": 10}
GAVE_BACK = -100.0  # more than all else brings: after everybody who did not
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


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
    last_sent_at: datetime | None = None

    @property
    def score(self) -> float:
        return round(sum(each.points for each in self.factors), 1)

    @property
    def can_be_sent_by_itself(self) -> bool:
        """Nobody goes without a dispatcher's word who lacks the skill or gave this very job back."""
        return self.barred is None and self.found("skill") == "yes" and self.found("returned") is None

    def found(self, factor: str) -> str | None:
        return next((each.found for each in self.factors if each.factor == factor), None)

    def told(self) -> list[dict]:
        return [asdict(each) for each in self.factors]


def candidates(work, ticket: Ticket) -> list[Candidate]:
    """Who could be sent, the most suitable first, and those who may not be sent last. One query, however many they are."""
    estate = work.get(Estate, ticket.estate_id)
    category, _ = own_taxonomy.current(work, ticket.operator_id).at(ticket.category, None)
    rows = work.execute(_technicians(ticket, estate, work.now)).all()
    jobs = sum(row.jobs for row in rows)
    found = [_ranked(row, jobs, ticket, estate, category, work.now) for row in rows]
    return sorted(found, key=lambda each: (each.barred is not None, -each.score, str(each.technician_id)))


def chosen(found: Iterable[Candidate], choice: Choice) -> tuple[Candidate, SentBy] | None:
    """Whom an estate's policy sends by itself: the best, or whoever on duty was sent the longest ago."""
    suitable = [each for each in found if each.can_be_sent_by_itself]
    if not suitable:
        return None
    if choice is Choice.BEST:
        return suitable[0], SentBy.BEST
    turn = min(suitable, key=lambda each: (each.found("duty") != "on_duty", each.last_sent_at or LONG_AGO))
    return turn, SentBy.ROUND_ROBIN


def _technicians(ticket: Ticket, estate: Estate, at: datetime) -> Select:
    """Staff who reach the estate; each figure from an index that begins with the technician."""
    load = select(func.count()).where(Ticket.assignee_id == Staff.id, Ticket.state.in_(IN_HAND))
    rating = select(func.avg(Rating.score)).where(Rating.technician_id == Staff.id, Rating.rated_at > at - RECENT)
    jobs = select(func.count()).where(Assignment.technician_id == Staff.id, Assignment.sent_at > at - FAIR)
    last = select(func.max(Assignment.sent_at)).where(Assignment.technician_id == Staff.id)
    returns = select(func.count()).where(
        Assignment.ticket_id == ticket.id, Assignment.technician_id == Staff.id, Assignment.left_at.is_not(None)
    )
    figures = {"load": load, "rating": rating, "jobs": jobs, "last_sent_at": last, "returns": returns}
    duty = select(Duty.id).where(Duty.here(estate, at), Duty.person_id == Staff.id).exists()
    columns = [each.scalar_subquery().label(name) for name, each in figures.items()]
    found = select(Staff, Person.name, duty.label("on_duty"), *columns)
    reach = (Staff.operator_id == estate.operator_id, Staff.posts.overlap(estate.posts("technician")))
    return found.outerjoin(Person, Person.id == Staff.id).where(*reach).limit(MOST_CANDIDATES)


def _ranked(row, jobs: int, ticket: Ticket, estate: Estate, category, at: datetime) -> Candidate:
    staff = row.Staff
    skilled = category is None or category.skill in staff.skills
    certificate = staff.certificate(category, estate.today(at))
    near = staff.nearness(estate)
    factors = [
        _factor("skill", "yes" if skilled else "no", skilled),
        _factor("certificate", certificate, certificate in ("valid", "not_needed")),
        _factor("duty", "on_duty" if row.on_duty else "off_duty", row.on_duty),
        _factor("load", str(row.load), 1 / (1 + row.load)),
        _factor("rating", f"{row.rating:.1f}" if row.rating else "none", float(row.rating or 3) / 5),
        _factor("distance", near, {"estate": 1, "region": 0.5, "operator": 0.25}[near]),
        _factor("fairness", f"{row.jobs} of {jobs}", 1 - row.jobs / max(jobs, 1)),
    ]
    if row.returns:
        factors.append(Factor("returned", str(row.returns), GAVE_BACK))
    return Candidate(staff.id, row.name, _bar(staff, ticket, certificate), factors, row.last_sent_at)


def _bar(staff: Staff, ticket: Ticket, certificate: str) -> str | None:
    if staff.id in ticket.complained_of:
        return "complained_of"
    return "certificate_expired" if certificate == "expired" else None


def _factor(name: str, found: str, goodness: float) -> Factor:
    return Factor(name, found, round(WEIGHTS[name] * goodness, 1))
