"""What people can look up in the directory. Every list starts from `work.seen`: what exists for this actor."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from chassis.private import blind_index
from chassis.work import Page
from services.directory.model import (
    Account,
    Building,
    Client,
    Duty,
    Estate,
    Occupancy,
    Operator,
    Person,
    Region,
    Shift,
    Staff,
    Unit,
)


def estates_of(session, scopes: set[str]) -> dict[str, set[UUID]]:
    """{scope: estates} for the `region:` and `unit:` scopes of a token."""
    found: dict[str, set[UUID]] = {}
    for kind, column in (("region", Estate.region_id), ("unit", Unit.id)):
        ids = [UUID(scope.partition(":")[2]) for scope in scopes if scope.startswith(f"{kind}:")]
        estate = Estate.id if kind == "region" else Unit.estate_id
        for place, estate_id in session.execute(select(column, estate).where(column.in_(ids))):
            found.setdefault(f"{kind}:{place}", set()).add(estate_id)
    return found


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────


def operators(work, *, limit, after) -> Page:
    return work.page(work.seen(Operator), by=[Operator.code, Operator.id], limit=limit, after=after)


def regions(work, *, limit, after) -> Page:
    return work.page(work.seen(Region), by=[Region.code, Region.id], limit=limit, after=after)


def estates(work, *, limit, after, region_id=None, q=None) -> Page:
    named = Estate.name_zh.icontains(q, autoescape=True) | Estate.name_en.icontains(q, autoescape=True) if q else None
    found = narrowed(work.seen(Estate), named, equal(Estate.region_id, region_id))
    return work.page(found, by=[Estate.code, Estate.id], limit=limit, after=after)


def buildings(work, *, limit, after, estate_id=None) -> Page:
    found = narrowed(work.seen(Building), equal(Building.estate_id, estate_id))
    return work.page(found, by=[Building.estate_id, Building.code, Building.id], limit=limit, after=after)


def units(work, *, limit, after, estate_id=None, building_id=None, usage=None, state=None, code=None) -> Page:
    found = narrowed(
        work.seen(Unit),
        equal(Unit.estate_id, estate_id),
        equal(Unit.building_id, building_id),
        equal(Unit.usage, usage),
        equal(Unit.state, state),
        equal(Unit.code, code),
    )
    return work.page(found, by=[Unit.estate_id, Unit.code, Unit.id], limit=limit, after=after)


def equal(column, value):
    """The column's condition, where a value was asked for."""
    return None if value is None else column == value


def narrowed(statement: Select, *conditions) -> Select:
    """Only those filters that were asked for."""
    return statement.where(*(each for each in conditions if each is not None))


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────


def people(work, *, limit, after, estate_id=None, q=None, phone=None, email=None) -> Page:
    """By name, or by a whole phone number or e-mail address: what is sealed can only be found whole."""
    living = select(Occupancy.person_id).where(Occupancy.estate_id == estate_id)
    found = narrowed(
        work.seen(Person),
        Person.name.icontains(q, autoescape=True) if q else None,
        _reached_by(phone) if phone else None,
        Person.email_index == blind_index(email) if email else None,
        Person.id.in_(living) | (Person.first_estate_id == estate_id) if estate_id else None,
    )
    return work.page(found, by=[Person.name, Person.id], limit=limit, after=after)


def _reached_by(phone: str):
    return (Person.phone_index == blind_index(phone)) | (Person.other_phone_index == blind_index(phone))


def occupancies(work, *, limit, after, unit_id=None, person_id=None, current=None) -> Page:
    found = narrowed(
        work.seen(Occupancy),
        equal(Occupancy.unit_id, unit_id),
        equal(Occupancy.person_id, person_id),
    )
    if current:
        found = found.join(Estate, Estate.id == Occupancy.estate_id).where(Occupancy.current(work.now))
    named = found.options(selectinload(Occupancy.person), selectinload(Occupancy.unit))
    return work.page(named, by=[Occupancy.starts_on.desc(), Occupancy.id.desc()], limit=limit, after=after)


def staff(work, *, limit, after, estate_id=None, role=None, skill=None, active=True) -> Page:
    found = narrowed(
        work.seen(Staff),
        _at_work_in(work, estate_id) if estate_id else None,
        Staff.roles.contains([{"role": role}]) if role else None,
        Staff.skills.contains([skill]) if skill is not None else None,
        Staff.active.is_(active),
    )
    return work.page(found.options(selectinload(Staff.person)), by=[Staff.id], limit=limit, after=after)


def _at_work_in(work, estate_id: UUID):
    """Also those whose role spans the estate; of an estate that the actor does not see, nobody."""
    seen = work.seen(Estate).where(Estate.id == estate_id).exists()
    return seen & Staff.works_in(frozenset({estate_id}))


def account_of(work, person_id: UUID) -> Account | None:
    return work.scalar(select(Account).where(Account.person_id == person_id))


# ── duties ───────────────────────────────────────────────────────────────────────────────────────────────────────


def shifts(work, *, limit, after, estate_id=None) -> Page:
    found = narrowed(work.seen(Shift), Shift.active, equal(Shift.estate_id, estate_id))
    return work.page(found, by=[Shift.level, Shift.id], limit=limit, after=after)


def duties(work, *, limit, after, estate_id=None, person_id=None, role=None, since=None, until=None) -> Page:
    """Those not cancelled that touch the time asked for; from now on, where none is said."""
    found = narrowed(
        work.seen(Duty),
        Duty.cancelled.is_(False),
        Duty.ends_at > (since or work.now),
        Duty.starts_at < until if until else None,
        equal(Duty.estate_id, estate_id),
        equal(Duty.person_id, person_id),
        equal(Duty.role, role),
    )
    return work.page(found.options(selectinload(Duty.person)), by=[Duty.starts_at, Duty.id], limit=limit, after=after)


def ladder(work, estate_id: UUID, at=None) -> list[Duty]:
    """Who is on duty for an estate at this instant, from the nearest rung up."""
    estate = work.find(Estate, estate_id)
    above = Duty.estate_id.is_(None) & (Duty.region_id.is_(None) | (Duty.region_id == estate.region_id))
    on_duty = (
        select(Duty)
        .options(selectinload(Duty.person))
        .where(Duty.operator_id == estate.operator_id, Duty.on(at or work.now), (Duty.estate_id == estate.id) | above)
        .order_by(Duty.level, Duty.starts_at.desc(), Duty.id)
    )
    return work.scalars(on_duty)


def clients(work, *, limit, after) -> Page:
    return work.page(work.seen(Client), by=[Client.name, Client.id], limit=limit, after=after)


# ── oneself ──────────────────────────────────────────────────────────────────────────────────────────────────────


def homes(work, person_id: UUID) -> list[dict]:
    """The units a person holds today, with their estates; at most 200."""
    held = (
        select(Occupancy.relation, Unit, Estate)
        .join(Unit, Unit.id == Occupancy.unit_id)
        .join(Estate, Estate.id == Occupancy.estate_id)
        .where(Occupancy.person_id == person_id, Occupancy.current(work.now))
        .order_by(Estate.code, Unit.code)
        .limit(200)
    )
    return [{"relation": relation, "unit": unit, "estate": estate} for relation, unit, estate in work.execute(held)]
