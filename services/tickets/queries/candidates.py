"""Who could be sent, ranked, with the reasons."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select

from services.tickets.events import State
from services.tickets.model import Duty, Estate, Person, Rating, Staff, Ticket, taxonomy

AT_WORK = Ticket.state.in_([State.DISPATCHED, State.STARTED, State.ON_HOLD])
RECENT = timedelta(days=90)  # ratings that count for a technician
MOST_CANDIDATES = 100
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
