"""Operator, regions, estates, buildings, units."""

from marshmallow import fields
from marshmallow.validate import Length, Range

from chassis.http import Schema, Text
from services.directory.events import BuildingKind, UnitState, Usage
from services.directory.schemas.shared import Area, OneLine, a_code, a_name, a_zone


class OperatorChange(Schema):
    name_zh = a_name()
    name_en = a_name()


class OperatorView(Schema):
    id = fields.UUID()
    version = fields.Integer()
    code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()


class NewRegion(Schema):
    code = a_code(required=True)
    name_zh = a_name(required=True)
    name_en = a_name(required=True)


class RegionChange(Schema):
    name_zh = a_name()
    name_en = a_name()


class RegionView(OperatorView):
    """A region of the operator."""


class NewEstate(Schema):
    region_id = fields.UUID(required=True)
    code = a_code(required=True)
    name_zh = a_name(required=True)
    name_en = a_name(required=True)
    address_zh = OneLine(max=300, load_default="")
    address_en = OneLine(max=300, load_default="")
    timezone = a_zone(load_default="Asia/Shanghai")


class EstateChange(Schema):
    region_id = fields.UUID()
    name_zh = a_name()
    name_en = a_name()
    address_zh = OneLine(max=300)
    address_en = OneLine(max=300)
    timezone = a_zone()


class EstateFilter(Schema):
    region_id = fields.UUID()
    q = Text(max=100, metadata={"description": "Part of the name"})


class EstateView(OperatorView):
    region_id = fields.UUID()
    address_zh = fields.String()
    address_en = fields.String()
    timezone = fields.String()


class Entrance(Schema):
    code = a_code(required=True)
    name_zh = a_name(required=True)
    name_en = a_name(required=True)


class EntranceView(Schema):
    entrance_id = fields.UUID()
    code = fields.String()
    name_zh = fields.String()
    name_en = fields.String()


class BuildingChange(Schema):
    name_zh = a_name()
    name_en = a_name()
    kind = fields.Enum(BuildingKind, by_value=True)
    floors = fields.Integer(strict=True, validate=Range(min=1, max=200))
    entrances = fields.List(fields.Nested(Entrance), validate=Length(max=50))


class NewBuilding(Schema):
    estate_id = fields.UUID(required=True)
    code = a_code(required=True)
    name_zh = a_name(required=True)
    name_en = a_name(required=True)
    kind = fields.Enum(BuildingKind, by_value=True, required=True)
    floors = fields.Integer(strict=True, required=True, validate=Range(min=1, max=200))
    entrances = fields.List(fields.Nested(Entrance), load_default=list, validate=Length(max=50))


class OfEstateFilter(Schema):
    estate_id = fields.UUID()


class BuildingView(OperatorView):
    estate_id = fields.UUID()
    kind = fields.Enum(BuildingKind, by_value=True)
    floors = fields.Integer()
    entrances = fields.List(fields.Nested(EntranceView))


class UnitInBuilding(Schema):
    """`code` is `building-entrance-door`, such as 3-2-0601; what is spoken follows from it unless it is given."""

    code = a_code(required=True)
    entrance_code = a_code()
    spoken_zh = a_name()
    spoken_en = a_name()
    floor = fields.Integer(strict=True, required=True, validate=Range(min=-20, max=200))
    gross_area = Area(required=True)
    net_area = Area(load_default=None, allow_none=True)
    usage = fields.Enum(Usage, by_value=True, load_default=Usage.HOME)
    state = fields.Enum(UnitState, by_value=True, load_default=UnitState.UNSOLD)


class NewUnit(UnitInBuilding):
    building_id = fields.UUID(required=True)


class NewUnits(Schema):
    units = fields.List(fields.Nested(UnitInBuilding), required=True, validate=Length(max=2000))


class UnitChange(Schema):
    spoken_zh = a_name()
    spoken_en = a_name()
    floor = fields.Integer(strict=True, validate=Range(min=-20, max=200))
    gross_area = Area()
    net_area = Area(allow_none=True)
    usage = fields.Enum(Usage, by_value=True)
    state = fields.Enum(UnitState, by_value=True)


class UnitFilter(OfEstateFilter):
    building_id = fields.UUID()
    usage = fields.Enum(Usage, by_value=True)
    state = fields.Enum(UnitState, by_value=True)
    code = Text(max=40)


class UnitView(Schema):
    id = fields.UUID()
    version = fields.Integer()
    estate_id = fields.UUID()
    building_id = fields.UUID()
    entrance_id = fields.UUID(allow_none=True)
    code = fields.String()
    spoken_zh = fields.String()
    spoken_en = fields.String()
    floor = fields.Integer()
    gross_area = Area()
    net_area = Area(allow_none=True)
    usage = fields.Enum(Usage, by_value=True)
    state = fields.Enum(UnitState, by_value=True)


class UnitsMade(Schema):
    items = fields.List(fields.Nested(UnitView))
