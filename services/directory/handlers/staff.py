"""Who works here, on which shift, and who is on duty when."""

from uuid import UUID

from sqlalchemy import select

from services.directory.handlers.accounts import renew_rights
from services.directory.handlers.reach import require_charge, require_scope, require_staff, require_to_give
from services.directory.model import Duty, Estate, Person, Shift, Staff
from services.directory.model.duties import LEVELS
from services.directory.model.staff import AlreadyEngaged

SHANGHAI = "Asia/Shanghai"  # the clock of what stands above a single estate


def engage(work, *, person_id: UUID, roles: list[dict], **facts) -> Staff:
    person = work.find(Person, person_id)
    require_charge(work, person.id)
    require_to_give(work, roles)
    former = work.scalar(select(Staff).where(Staff.id == person.id).with_for_update())
    if former is None:
        return work.add(
            Staff.register(id=person.id, operator_id=person.operator_id, roles=roles, engaged_at=work.now, **facts)
        )
    if former.active:
        raise AlreadyEngaged()
    former.engage_again(at=work.now, roles=roles, **facts)
    return former


def change_staff(work, person_id: UUID, **facts) -> Staff:
    """Roles that stay are left alone; those that come or go must be the actor's to give."""
    staff = work.take(Staff, person_id)
    require_charge(work, person_id)
    if "roles" in facts:
        require_to_give(work, _moved(staff.roles, facts["roles"]))
        renew_rights(work, person_id)
    staff.change(**facts)
    return staff


def _moved(before: list[dict], after: list[dict]) -> list[dict]:
    return [each for each in before if each not in after] + [each for each in after if each not in before]


def leave(work, person_id: UUID) -> Staff:
    """The roster goes on without them, from now."""
    staff = work.take(Staff, person_id)
    require_charge(work, person_id)
    require_to_give(work, staff.roles)
    staff.leave(at=work.now)
    _take_off_roster(work, person_id)
    renew_rights(work, person_id)
    return staff


def _take_off_roster(work, person_id: UUID) -> None:
    ahead = select(Duty).where(Duty.person_id == person_id, Duty.ends_at > work.now, Duty.cancelled.is_(False))
    for duty in work.scalars(ahead.with_for_update()):
        duty.cancel(at=work.now)
    taking_part = select(Shift).where(Shift.rotation.contains([str(person_id)]), Shift.active)
    for shift in work.scalars(taking_part.with_for_update()):
        others = [each for each in shift.rotation if each != str(person_id)]
        _replan(work, shift, **({"rotation": others} if others else {"active": False}))


# ── shifts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def define_shift(work, *, estate_id=None, region_id=None, role, rotation, level=None, **facts) -> Shift:
    timezone = _timezone(work, estate_id, region_id)
    require_staff(work, *rotation)
    shift = Shift.register(
        operator_id=work.actor.operator_id,
        estate_id=estate_id,
        region_id=region_id,
        role=role,
        level=LEVELS[role] if level is None else level,
        rotation=rotation,
        timezone=timezone,
        **facts,
    )
    work.add(shift)
    _plan(work, shift)
    return shift


def change_shift(work, shift_id: UUID, **facts) -> Shift:
    shift = work.take(Shift, shift_id)
    require_staff(work, *facts.get("rotation", ()))
    _replan(work, shift, **facts)
    return shift


def _replan(work, shift: Shift, **facts) -> None:
    """Duties that begin after today are taken back and planned anew."""
    shift.change(at=work.now, **facts)
    for duty in work.scalars(
        select(Duty).where(Duty.shift_id == shift.id, Duty.cancelled.is_(False)).with_for_update()
    ):
        if duty.starts_at > work.now and shift.today(duty.starts_at) > shift.planned_until:
            duty.cancel(at=work.now)
    _plan(work, shift)


def _plan(work, shift: Shift) -> None:
    if shift.active:
        for duty in shift.plan(work.now):
            work.add(duty)


def _timezone(work, estate_id: UUID | None, region_id: UUID | None) -> str:
    """Of the estate, whose existence and being within the actor's say is asked at the same time."""
    if estate_id:
        return work.find(Estate, estate_id).timezone
    require_scope(work, f"region:{region_id}" if region_id else "operator")
    return SHANGHAI


# ── duties ───────────────────────────────────────────────────────────────────────────────────────────────────────


def schedule_duty(work, *, estate_id=None, region_id=None, role, person_id, level=None, **facts) -> Duty:
    _timezone(work, estate_id, region_id)
    require_staff(work, person_id)
    duty = Duty.register(
        operator_id=work.actor.operator_id,
        estate_id=estate_id,
        region_id=region_id,
        role=role,
        person_id=person_id,
        level=LEVELS[role] if level is None else level,
        **facts,
    )
    return work.add(duty)


def change_duty(work, duty_id: UUID, **facts) -> Duty:
    duty = work.take(Duty, duty_id)
    if "person_id" in facts:
        require_staff(work, facts["person_id"])
    duty.change(at=work.now, **facts)
    return duty


def cancel_duty(work, duty_id: UUID) -> Duty:
    duty = work.take(Duty, duty_id)
    duty.cancel(at=work.now)
    return duty
