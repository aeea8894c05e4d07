"""People, and their hold on homes."""

from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.directory.events import AccountState, Relation
from services.directory.handlers.accounts import end_sessions, renew_rights
from services.directory.handlers.reach import require_charge
from services.directory.model import Account, Estate, Occupancy, Person, Staff, Unit
from services.directory.model.accounts import login_index
from services.directory.model.homes import AlreadyHeld
from services.directory.model.people import ERASED, StillBound
from services.directory.queries import account_of

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


def erase_person(work, person_id: UUID) -> Person:
    """For good, at the person's request. Billing and tickets are asked by people, not from here.

    Raises:
        StillBound: they hold a home, or work here.
    """
    work.require("directory:erase", None)
    person = work.take(Person, person_id)
    _require_unbound(work, person)
    account = account_of(work, person_id)
    if account:
        _forget(work, account)
    person.erase()
    return person


def _forget(work, account: Account) -> None:
    """Its sign-in name is free again, and nobody comes in by it."""
    if account.state is not AccountState.DISABLED:
        account.disable()
    nobody = f"{ERASED} {account.person_id}"
    account.change(login=nobody, login_index=login_index(nobody), password_hash=None)
    end_sessions(work, account)


def _require_unbound(work, person: Person) -> None:
    today = work.now.date()
    holding = (~Occupancy.void, Occupancy.ends_on.is_(None) | (Occupancy.ends_on >= today))
    if work.scalar(select(Occupancy.id).where(Occupancy.person_id == person.id, *holding).limit(1)):
        raise StillBound(what="holds a home 持有房屋")
    if work.scalar(select(Staff.id).where(Staff.id == person.id, Staff.active)):
        raise StillBound(what="works here 在职")


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
