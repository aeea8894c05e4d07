"""A small world for tests that cross services: two operators, three estates, a handful of homes, and who lives and works there.

It is written into the directory and reaches the other services by its events, as in life.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from chassis.ids import new_id
from chassis.testing import Person as SignedIn
from chassis.testing import Platform
from services.directory.events import BuildingKind, Relation, UnitState, Usage
from services.directory.model import Building, Duty, Estate, Occupancy, Operator, Region, Staff, Unit
from services.directory.model import Person as Known

ESTATES = {"HY-E-01": "HY", "HY-E-02": "HY", "QY-01": "QY"}
HOMES = ("1-1-0101", "1-1-0102", "1-1-0201")
ON_SITE = ("service_desk", "dispatcher", "technician", "technician2", "estate_manager")
LEVELS = {"dispatcher": 1, "estate_manager": 2, "head_office": 4}


@dataclass
class World:
    """Ids and people by plain names: `estates["HY-E-01"]`, `people["HY-E-01 dispatcher"]`, `people["HY-E-01 owner2"]`."""

    platform: Platform
    operators: dict[str, UUID] = field(default_factory=dict)
    regions: dict[str, UUID] = field(default_factory=dict)
    estates: dict[str, UUID] = field(default_factory=dict)
    units: dict[str, UUID] = field(default_factory=dict)
    people: dict[str, SignedIn] = field(default_factory=dict)

    def client(self, service: str, who: str):
        return self.platform[service].client(self.people[who])


def furnish(platform: Platform) -> World:
    """Enter everything into the directory and let the others hear it."""
    world = World(platform)
    with platform["directory"].work() as work:
        for code in ("HY", "QY"):
            _operator(work, world, code)
        for code, operator in ESTATES.items():
            _estate(work, world, code, operator)
            _homes(work, world, code)
            _staff(work, world, code)
    platform.settle()
    return world


def _operator(work, world: World, code: str) -> None:
    operator = work.add(Operator.register(code=code, name_zh=f"{code}物业", name_en=f"{code} Property"))
    world.operators[code] = operator.id
    names = {"code": f"{code}-R", "name_zh": "华东", "name_en": "East"}
    region = work.add(Region.register(operator_id=operator.id, **names))
    world.regions[code] = region.id
    _employ(work, world, f"{code} head_office", code, "head_office", "operator", estate_id=None)
    _employ(work, world, f"{code} region_manager", code, "region_manager", f"region:{region.id}", estate_id=None)


def _estate(work, world: World, code: str, operator: str) -> None:
    facts = {"address_zh": "杭州余杭", "address_en": "Hangzhou", "timezone": "Asia/Shanghai"}
    names = {"code": code, "name_zh": f"{code}花园", "name_en": f"{code} Garden"}
    estate = Estate.register(operator_id=world.operators[operator], region_id=world.regions[operator], **names, **facts)
    world.estates[code] = work.add(estate).id


def _homes(work, world: World, code: str) -> None:
    here = {"operator_id": world.operators[ESTATES[code]], "estate_id": world.estates[code]}
    entrance = {"entrance_id": str(new_id()), "code": "1", "name_zh": "1单元", "name_en": "Entrance 1"}
    names = {"code": "1", "name_zh": "1栋", "name_en": "Building 1", "kind": BuildingKind.MID_RISE, "floors": 2}
    building = work.add(Building.register(**here, **names, entrances=[entrance]))
    for number, home in enumerate(HOMES, start=1):
        door = home.rpartition("-")[2].lstrip("0")
        unit = Unit.register(
            **here,
            building_id=building.id,
            entrance_id=UUID(entrance["entrance_id"]),
            code=home,
            spoken_zh=f"1栋1单元{door}",
            spoken_en=f"Building 1, Entrance 1, {door}",
            floor=int(home[4:6]),
            gross_area=Decimal("89.60"),
            net_area=None,
            usage=Usage.HOME,
            state=UnitState.OCCUPIED,
        )
        world.units[f"{code} {home}"] = work.add(unit).id
        _settle_in(work, world, f"{code} owner{number if number > 1 else ''}", code, unit.id, Relation.OWNER)
    _settle_in(work, world, f"{code} household", code, world.units[f"{code} {HOMES[0]}"], Relation.HOUSEHOLD_MEMBER)


def _settle_in(work, world: World, label: str, code: str, unit_id: UUID, relation: Relation) -> None:
    operator_id, estate_id = world.operators[ESTATES[code]], world.estates[code]
    person = _person(work, operator_id, label, estate_id)
    holds = {"unit_id": unit_id, "person_id": person.id, "relation": relation, "starts_on": date(2020, 1, 1)}
    work.add(Occupancy.register(operator_id=operator_id, estate_id=estate_id, ends_on=None, **holds))
    world.people[label] = SignedIn(operator_id, (f"{relation}@unit:{unit_id}",), person.id)


def _staff(work, world: World, code: str) -> None:
    estate_id = world.estates[code]
    for label in ON_SITE:
        role = label.rstrip("2")
        _employ(work, world, f"{code} {label}", ESTATES[code], role, f"estate:{estate_id}", estate_id=estate_id)


def _employ(work, world: World, label: str, operator: str, role: str, scope: str, *, estate_id: UUID | None) -> None:
    operator_id = world.operators[operator]
    person = _person(work, operator_id, label, estate_id)
    skills = ["管道工", "电工"] if role == "technician" else []
    employed = Staff.register(
        id=person.id,
        operator_id=operator_id,
        roles=[{"role": role, "scope": scope}],
        skills=skills,
        certificates=[{"kind": "低压电工证", "skill": "电工", "number": "T-1", "expires_on": None}] if skills else [],
        engaged_at=work.now,
    )
    work.add(employed)
    world.people[label] = SignedIn(operator_id, (f"{role}@{scope}",), person.id)
    if role in LEVELS:
        roster = {"role": role, "level": LEVELS[role], "starts_at": work.now, "ends_at": work.now + timedelta(days=30)}
        where = {"operator_id": operator_id, "estate_id": estate_id, "region_id": None}
        work.add(Duty.register(**where, **roster, person_id=person.id))


def _person(work, operator_id: UUID, label: str, estate_id: UUID | None) -> Known:
    count = int.from_bytes(label.encode(), "big") % 10**8
    reach = {"phone": f"+86138{count:08d}", "email": f"{label.replace(' ', '-').lower()}@example.com"}
    facts = {"name": label, "language": "zh-CN", "first_estate_id": estate_id}
    return work.add(Known.register(operator_id=operator_id, **facts, **reach))
