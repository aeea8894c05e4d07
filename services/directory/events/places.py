"""Operator, regions, estates, buildings, units."""

from enum import StrEnum
from uuid import UUID

from chassis.events import event, part


class BuildingKind(StrEnum):
    HIGH_RISE = "high_rise"
    MID_RISE = "mid_rise"
    LOW_RISE = "low_rise"
    VILLA = "villa"
    COMMERCIAL = "commercial"
    GARAGE = "garage"


class Usage(StrEnum):
    HOME = "home"
    SHOP = "shop"
    PARKING = "parking"
    STORAGE = "storage"
    OFFICE = "office"


class UnitState(StrEnum):
    UNSOLD = "unsold"  # 未售: the developer pays
    UNDELIVERED = "undelivered"  # 未交付: the developer pays
    DELIVERED = "delivered"  # 已交房
    FITTING_OUT = "fitting_out"  # 装修中
    OCCUPIED = "occupied"  # 已入住
    LET = "let"  # 出租
    VACANT = "vacant"  # 空置


@part
class OperatorFacts:
    operator_id: UUID
    code: str
    name_zh: str
    name_en: str


@event("directory.operator.registered", version=1)
class OperatorRegistered(OperatorFacts):
    """A property company came onto the platform."""


@event("directory.operator.changed", version=1)
class OperatorChanged(OperatorFacts):
    """A property company's name changed."""


@event("directory.operator.restated", version=1)
class OperatorRestated(OperatorFacts):
    """A property company as it is now."""


@part
class RegionFacts:
    region_id: UUID
    code: str
    name_zh: str
    name_en: str


@event("directory.region.registered", version=1)
class RegionRegistered(RegionFacts):
    """The operator opened a region."""


@event("directory.region.changed", version=1)
class RegionChanged(RegionFacts):
    """A region's name changed."""


@event("directory.region.restated", version=1)
class RegionRestated(RegionFacts):
    """A region as it is now."""


@part
class EstateFacts:
    estate_id: UUID
    region_id: UUID
    code: str
    name_zh: str
    name_en: str
    address_zh: str
    address_en: str
    timezone: str  # an IANA name: calendars and due days are reckoned here


@event("directory.estate.registered", version=1)
class EstateRegistered(EstateFacts):
    """The operator took over an estate."""


@event("directory.estate.changed", version=1)
class EstateChanged(EstateFacts):
    """An estate's name, address, region or zone changed."""


@event("directory.estate.restated", version=1)
class EstateRestated(EstateFacts):
    """An estate as it is now."""


@part
class EntranceFacts:
    entrance_id: UUID
    code: str
    name_zh: str
    name_en: str


@part
class BuildingFacts:
    building_id: UUID
    estate_id: UUID
    code: str
    name_zh: str
    name_en: str
    kind: BuildingKind
    floors: int
    entrances: list[EntranceFacts]


@event("directory.building.registered", version=1)
class BuildingRegistered(BuildingFacts):
    """A building and its entrances 单元 were entered."""


@event("directory.building.changed", version=1)
class BuildingChanged(BuildingFacts):
    """A building's name, kind or entrances changed."""


@event("directory.building.restated", version=1)
class BuildingRestated(BuildingFacts):
    """A building as it is now."""


@part
class UnitFacts:
    unit_id: UUID
    estate_id: UUID
    building_id: UUID
    entrance_id: UUID | None
    code: str  # `3-2-0601`: unique in its estate
    spoken_zh: str  # 3栋2单元601
    spoken_en: str
    floor: int
    gross_area: str  # m², a decimal as text
    net_area: str | None
    usage: Usage
    state: UnitState


@event("directory.unit.registered", version=1)
class UnitRegistered(UnitFacts):
    """A home, shop or parking place was entered."""


@event("directory.unit.changed", version=1)
class UnitChanged(UnitFacts):
    """A unit's area, usage, state or address changed."""


@event("directory.unit.restated", version=1)
class UnitRestated(UnitFacts):
    """A unit as it is now."""
