"""People, and their hold on homes."""

from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.directory.events import Relation
from services.directory.handlers.accounts import renew_rights
from services.directory.handlers.reach import require_charge
from services.directory.model import Estate, Occupancy, Person, Unit
from services.directory.model.homes import AlreadyHeld

MANAGE = "directory:manage_people"


def register_person(work, *, estate_id: UUID | None = None, **facts) -> Person:
    """`estate_id` is the estate that enters them; without one, an operator-wide role is needed."""
    work.require(MANAGE, estate_id)
    if estate_id:
        work.find(Estate, estate_id)
    return work.add(Person.register(operator_id=work.actor.operator_id, first_estate_id=estate_id, **facts))


def change_person(work, person_id: UUID, **facts) -> Person:
    person = work.take(Person, person_id)
    require_charge(work, person_id)
    person.change(**facts)
    return person


def change_oneself(work, **facts) -> Person:
    person = work.take(Person, work.actor.id)
    person.change(**facts)
    return person


def start_occupancy(work, *, unit_id: UUID, person_id: UUID, **facts) -> Occupancy:
    """The unit is locked, so that two owners entered at once do not both get in."""
    unit = work.take(Unit, unit_id)
    person = work.find(Person, person_id)
    occupancy = Occupancy.register(
        operator_id=unit.operator_id, estate_id=unit.estate_id, unit_id=unit.id, person_id=person.id, **facts
    )
    _require_free(work, occupancy)
    return work.add(occupancy)


def correct_occupancy(work, occupancy_id: UUID, **dates: date) -> Occupancy:
    occupancy = work.take(Occupancy, occupancy_id)
    occupancy.change(**dates)
    _require_free(work, occupancy)
    renew_rights(work, occupancy.person_id)
    return occupancy


def end_occupancy(work, occupancy_id: UUID, ends_on: date) -> Occupancy:
    occupancy = work.take(Occupancy, occupancy_id)
    occupancy.end(ends_on)
    renew_rights(work, occupancy.person_id)
    return occupancy


def void_occupancy(work, occupancy_id: UUID) -> Occupancy:
    occupancy = work.take(Occupancy, occupancy_id)
    occupancy.declare_void()
    renew_rights(work, occupancy.person_id)
    return occupancy


def _require_free(work, occupancy: Occupancy) -> None:
    same = (Occupancy.person_id == occupancy.person_id) & (Occupancy.relation == occupancy.relation)
    if occupancy.relation is Relation.OWNER:
        same |= Occupancy.relation == Relation.OWNER
    with work.session.no_autoflush:
        if work.scalar(select(Occupancy.id).where(occupancy.overlaps(), same).limit(1)):
            raise AlreadyHeld()
