"""What the demo estates look like: buildings, flats per stack, shops, parking, and who works there."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from services.directory.events import BuildingKind


@dataclass(frozen=True)
class EstatePlan:
    """`stacks` are (how many, m²): a stack is one position in one entrance, the same flat on every floor."""

    code: str
    region: str
    name_zh: str
    name_en: str
    address_zh: str
    address_en: str
    since: date
    kind: BuildingKind
    buildings: int
    entrances: int
    floors: int
    stacks: tuple[tuple[int, str], ...]
    shops: tuple[int, str] = (0, "0")
    parking: int = 0
    parking_owned: int = 0
    parking_let: int = 0
    unsold: int = 0  # homes that are still the developer's
    developer: str = ""
    let: float = 0.1
    vacant: float = 0.08

    def areas(self) -> list[Decimal]:
        """The area of each stack, in the order of buildings, entrances and doors."""
        return [Decimal(area) for many, area in self.stacks for _ in range(many)]


@dataclass(frozen=True)
class OperatorPlan:
    code: str
    name_zh: str
    name_en: str
    regions: dict[str, tuple[str, str]]
    estates: tuple[EstatePlan, ...]
    head_office: tuple[str, ...] = ("head_office", "head_office", "admin")


@dataclass(frozen=True)
class Job:
    """One place on an estate's staff."""

    role: str
    skills: tuple[str, ...] = ()
    certificates: tuple[dict, ...] = field(default=())


def _certificate(kind: str, skill: str | None, number: str, expires_on: date | None) -> dict:
    return {"kind": kind, "skill": skill, "number": number, "expires_on": expires_on}


LOW_VOLTAGE_WORK = ("低压电工证 Low-voltage electrician", "electrician")
LIFTS = ("特种设备安全管理 A 证 Lift safety A", "elevator")
FIRE = ("消防设施操作员 Fire facility operator", "fire_facility")
HEIGHTS = ("高处作业证 Work at height", "mason")
PLUMBING = ("管道工职业资格 Plumber's qualification", "plumber")

CREW = (
    Job("estate_manager"),
    Job("dispatcher"),
    Job("dispatcher"),
    Job("service_desk", ("service",)),
    Job("service_desk", ("service",)),
    Job("cashier"),
    Job("inspector"),
    Job(
        "technician",
        ("plumber", "electrician", "handyman"),
        (_certificate(*PLUMBING, "GD-0417", None), _certificate(*LOW_VOLTAGE_WORK, "DY-20311", date(2028, 5, 31))),
    ),
    Job("technician", ("low_voltage", "handyman"), (_certificate(*LOW_VOLTAGE_WORK, "DY-20518", date(2027, 9, 30)),)),
    Job("technician", ("electrician", "handyman"), (_certificate(*LOW_VOLTAGE_WORK, "DY-18802", date(2026, 8, 31)),)),
    Job("technician", ("elevator",), (_certificate(*LIFTS, "TS-66120", date(2026, 12, 15)),)),
    Job("technician", ("fire_facility",), (_certificate(*FIRE, "XF-30977", None),)),
    Job("technician", ("mason", "plumber"), (_certificate(*HEIGHTS, "GC-71245", date(2027, 3, 31)),)),
    Job("technician", ("cleaning", "greening")),
    Job("technician", ("order",)),
)

HIGH, MID, LOW, VILLA = (
    BuildingKind.HIGH_RISE,
    BuildingKind.MID_RISE,
    BuildingKind.LOW_RISE,
    BuildingKind.VILLA,
)

OPERATORS = (
    OperatorPlan(
        "HY",
        "和悦物业服务集团",
        "Heyue Property Services",
        {"HY-E": ("华东", "East"), "HY-SW": ("西南", "Southwest")},
        (
            EstatePlan(
                "HY-E-01", "HY-E", "和悦花园", "Heyue Garden", "杭州市余杭区和悦路 1 号", "1 Heyue Road, Yuhang, Hangzhou",
                date(2016, 6, 30), HIGH, 6, 2, 24, ((7, "89.60"), (6, "104.80"), (11, "128.00")), (18, "60.00"),
                parking=620, parking_owned=606, parking_let=8, developer="和悦置业有限公司",
            ),
            EstatePlan(
                "HY-E-02", "HY-E", "澜湾府", "Lanwan Court", "苏州市工业园区澜湾街 66 号", "66 Lanwan Street, SIP, Suzhou",
                date(2021, 9, 30), MID, 8, 2, 11, ((8, "79.50"), (12, "89.60"), (8, "104.80"), (4, "128.00")),
                parking=400, parking_owned=336, unsold=12, developer="澜湾置业有限公司",
            ),
            EstatePlan(
                "HY-SW-01", "HY-SW", "锦程里", "Jincheng Lane", "成都市武侯区锦程巷 9 号", "9 Jincheng Lane, Wuhou, Chengdu",
                date(2003, 4, 30), LOW, 12, 4, 6, ((48, "79.50"), (48, "89.60")), (30, "35.00"), let=0.2, vacant=0.1,
            ),
        ),
    ),
    OperatorPlan(
        "QY",
        "清源物业",
        "Qingyuan Property",
        {"QY-S": ("华南", "South")},
        (
            EstatePlan(
                "QY-01", "QY-S", "云山小筑", "Yunshan Villas", "广州市白云区云山径 18 号", "18 Yunshan Path, Baiyun, Guangzhou",
                date(2019, 12, 31), VILLA, 40, 1, 1, ((40, "240.00"),), vacant=0.15, let=0.05,
            ),
        ),
        head_office=("head_office", "admin"),
    ),
)  # fmt: skip
