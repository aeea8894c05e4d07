"""How far somebody's say reaches: beyond "can see it", who may change which person, and give which role where."""

from uuid import UUID

from sqlalchemy import select

from chassis.actor import ALL
from chassis.errors import Forbidden, Invalid
from chassis.i18n import Sentence
from services.directory.model import Estate, Person, Region, Staff
from services.directory.model.staff import RANK, outranks

NOWHERE = Sentence("There is no such estate or region; check the id.", "未找到该小区或区域，请检查编号。")
NOT_STAFF = Sentence("This person does not work here; engage them first.", "该人员未在职，请先办理入职。")


def in_charge(work, person_id: UUID, permission: str) -> bool:
    """Whether the actor holds the permission in an estate with which this very person has to do."""
    mine = Person.visible_to(work.actor, permission)
    return work.scalar(select(Person.id).where(Person.id == person_id, mine)) is not None


def require_charge(work, person_id: UUID) -> None:
    """In charge of the person, who is not staff of the same or a higher rank. Raises Forbidden."""
    if not in_charge(work, person_id, work.permission):
        raise Forbidden()
    staff = work.get(Staff, person_id)
    if staff and person_id != work.actor.id and not outranks(work.actor, staff.rank):
        raise Forbidden()


def require_to_give(work, roles: list[dict]) -> None:
    """These roles are the actor's to give or take, there. Raises Forbidden, Invalid."""
    for each in roles:
        if not outranks(work.actor, RANK[each["role"]]):
            raise Forbidden()
        require_scope(work, each["scope"])


def require_scope(work, scope: str) -> None:
    """The place exists, and the actor's permission covers all of it. Raises Forbidden, Invalid."""
    kind, _, place = scope.partition(":")
    if work.actor.estates(work.permission) is ALL:
        known = {"region": Region, "estate": Estate}.get(kind)
        if known and work.get(known, UUID(place)) is None:
            raise Invalid(errors={"scope": [NOWHERE]})
    elif not _covers(work, kind, scope):
        raise Forbidden()


def _covers(work, kind: str, scope: str) -> bool:
    """An estate, by the permission; a region, only by a role for the region itself."""
    if kind == "estate":
        return work.actor.may(work.permission, UUID(scope.removeprefix("estate:")))
    return kind == "region" and any(role.scope == scope and role.name in RANK for role in work.actor.roles)


def require_staff(work, *people: UUID) -> None:
    """Raises Invalid unless all of them work where the actor has a say."""
    mine = Staff.visible_to(work.actor, work.permission)
    if set(work.scalars(select(Staff.id).where(Staff.id.in_(people), Staff.active, mine))) != set(people):
        raise Invalid(errors={"person_id": [NOT_STAFF]})
