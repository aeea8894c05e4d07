"""Operator, regions, estates, buildings and their units."""

from uuid import UUID

from chassis.errors import Invalid
from chassis.i18n import Sentence
from chassis.ids import new_id
from services.directory.model import Building, Estate, Operator, Region, Unit
from services.directory.model.homes import spoken

MANAGE = "directory:manage_estates"
NO_SUCH_ENTRANCE = Sentence("The building has no such entrance; add it first.", "该楼栋没有此单元，请先添加。")


def change_operator(work, operator_id: UUID, **facts) -> Operator:
    work.require(MANAGE, None)
    operator = work.take(Operator, operator_id)
    operator.change(**facts)
    return operator


def register_region(work, **facts) -> Region:
    work.require(MANAGE, None)
    return work.add(Region.register(operator_id=work.actor.operator_id, **facts))


def change_region(work, region_id: UUID, **facts) -> Region:
    region = work.take(Region, region_id)
    work.require(MANAGE, None)
    region.change(**facts)
    return region


def register_estate(work, *, region_id: UUID, **facts) -> Estate:
    work.require(MANAGE, None)
    work.find(Region, region_id)
    return work.add(Estate.register(operator_id=work.actor.operator_id, region_id=region_id, **facts))


def change_estate(work, estate_id: UUID, **facts) -> Estate:
    estate = work.take(Estate, estate_id)
    if "region_id" in facts:
        work.require(MANAGE, None)
        work.find(Region, facts["region_id"])
    estate.change(**facts)
    return estate


def register_building(work, *, estate_id: UUID, entrances: list[dict], **facts) -> Building:
    estate = work.find(Estate, estate_id)
    building = Building.register(
        operator_id=estate.operator_id, estate_id=estate.id, entrances=_entrances(entrances), **facts
    )
    return work.add(building)


def change_building(work, building_id: UUID, *, entrances: list[dict] | None = None, **facts) -> Building:
    """Entrances are added or renamed by their code; none is ever removed, for homes lie behind it."""
    building = work.take(Building, building_id)
    if entrances is not None:
        facts["entrances"] = _entrances(entrances, known=building.entrances)
    building.change(**facts)
    return building


def _entrances(given: list[dict], known: list[dict] = ()) -> list[dict]:
    by_code = {each["code"]: each for each in known}
    for each in given:
        kept = by_code.get(each["code"], {"entrance_id": str(new_id())})
        by_code[each["code"]] = {**each, "entrance_id": kept["entrance_id"]}
    return list(by_code.values())


def register_units(work, building_id: UUID, units: list[dict]) -> list[Unit]:
    """All of one building's units in one call, or none."""
    building = work.find(Building, building_id)
    return [work.add(_unit_of(building, **each)) for each in units]


def register_unit(work, *, building_id: UUID, **facts) -> Unit:
    return work.add(_unit_of(work.find(Building, building_id), **facts))


def _unit_of(building: Building, *, code: str, entrance_code: str | None = None, **facts) -> Unit:
    entrance = next((each for each in building.entrances if each["code"] == entrance_code), None)
    if entrance_code and not entrance:
        raise Invalid(errors={"entrance_code": [NO_SUCH_ENTRANCE]})
    spoken_zh, spoken_en = spoken(building, entrance, code)
    return Unit.register(
        **{
            "operator_id": building.operator_id,
            "estate_id": building.estate_id,
            "building_id": building.id,
            "entrance_id": entrance and UUID(str(entrance["entrance_id"])),
            "code": code,
            "spoken_zh": spoken_zh,
            "spoken_en": spoken_en,
            **facts,
        }
    )


def change_unit(work, unit_id: UUID, **facts) -> Unit:
    unit = work.take(Unit, unit_id)
    unit.change(**facts)
    return unit
