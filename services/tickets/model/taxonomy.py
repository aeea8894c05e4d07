"""What can be wrong in an estate: category and problem, the skill it asks for, and how long each step may take."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from services.tickets.events import Kind


@dataclass(frozen=True)
class Limits:
    """How long until the ticket is reviewed and sent out, somebody is there, and it is resolved; None: no limit."""

    review: timedelta | None = None
    arrival: timedelta | None = None
    resolution: timedelta | None = None


@dataclass(frozen=True)
class Problem:
    code: str
    zh: str
    en: str
    limits: Limits | None = None  # its own, where it is graver than its category


@dataclass(frozen=True)
class Category:
    code: str
    zh: str
    en: str
    skill: str
    limits: Limits
    problems: tuple[Problem, ...] = field(default=())
    licensed: bool = False  # the skill's certificate must not have run out

    def problem(self, said: str) -> Problem | None:
        return _named(self.problems, said)


def within(*, review=None, arrival=None, resolution=None) -> Limits:
    """Limits in words: `within(review="15 min", resolution="7 d")`."""
    return Limits(*(_span(each) for each in (review, arrival, resolution)))


def _span(said: str | None) -> timedelta | None:
    if said is None:
        return None
    number, unit = said.split()
    return int(number) * {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[unit]


BURST = within(review="15 min", arrival="30 min", resolution="4 h")
TRAPPED = within(review="5 min", arrival="30 min", resolution="2 h")

# Every operator starts with these. Its own limits come from its process handbook.
CATEGORIES = (
    Category(
        "ELV",
        "电梯",
        "Lift",
        skill="elevator",
        licensed=True,
        limits=within(review="1 h", arrival="2 h", resolution="24 h"),
        problems=(
            Problem("trapped", "困人", "People trapped", TRAPPED),
            Problem("stopped", "停梯", "Stopped"),
            Problem("noise", "异响", "Strange noise"),
            Problem("button", "按钮失灵", "Button dead"),
        ),
    ),
    Category(
        "PLB",
        "给排水",
        "Water and drains",
        skill="plumber",
        limits=within(review="24 h", arrival="4 h", resolution="48 h"),
        problems=(
            Problem("burst", "爆管", "Burst pipe", BURST),
            Problem("leak", "漏水", "Leak"),
            Problem("blocked_drain", "下水堵塞", "Blocked drain"),
            Problem("low_pressure", "水压低", "Low pressure"),
            Problem("water_quality", "水质异常", "Bad water"),
        ),
    ),
    Category(
        "ELC",
        "供电照明",
        "Power and lighting",
        skill="electrician",
        licensed=True,
        limits=within(review="24 h", arrival="24 h", resolution="48 h"),
        problems=(
            Problem("outage", "单元停电", "Entrance without power", BURST),
            Problem("tripping", "跳闸", "Breaker trips"),
            Problem("corridor_light", "楼道灯不亮", "Corridor light out"),
            Problem("dead_socket", "插座无电", "Dead socket"),
        ),
    ),
    Category(
        "FIR",
        "消防",
        "Fire safety",
        skill="fire_facility",
        licensed=True,
        limits=within(review="15 min", arrival="30 min", resolution="24 h"),
        problems=(
            Problem("false_alarm", "报警误报", "False alarm"),
            Problem("hydrant_parts", "消火栓缺件", "Hydrant parts missing"),
            Problem("blocked_escape", "通道堵塞", "Escape way blocked"),
        ),
    ),
    Category(
        "SEC",
        "门禁安防",
        "Doors and security",
        skill="low_voltage",
        limits=within(review="24 h", arrival="4 h", resolution="48 h"),
        problems=(
            Problem("door_open", "单元门不关", "Entrance door stays open"),
            Problem("intercom", "对讲坏", "Intercom broken"),
            Problem("gate", "道闸故障", "Gate fault"),
            Problem("camera", "监控黑屏", "Camera dark"),
        ),
    ),
    Category(
        "CIV",
        "土建防水",
        "Building and waterproofing",
        skill="mason",
        limits=within(review="24 h", arrival="24 h", resolution="7 d"),
        problems=(
            Problem("roof_leak", "屋面渗漏", "Roof leaks"),
            Problem("falling_wall", "外墙脱落", "Facade coming off"),
            Problem("broken_tile", "地砖破损", "Broken tile"),
        ),
    ),
    Category(
        "PUB",
        "公共设施",
        "Public facilities",
        skill="handyman",
        limits=within(review="24 h", arrival="24 h", resolution="72 h"),
        problems=(
            Problem("slide", "儿童滑梯", "Children's slide"),
            Problem("fitness", "健身器材", "Fitness equipment"),
            Problem("charger", "充电桩", "Charging point"),
            Problem("mailbox", "信报箱", "Mailbox"),
        ),
    ),
    Category(
        "ENV",
        "环境",
        "Cleanliness and greenery",
        skill="cleaning",
        limits=within(review="24 h", arrival="4 h", resolution="24 h"),
        problems=(
            Problem("dirt", "卫生", "Dirt"),
            Problem("rubbish", "垃圾", "Rubbish"),
            Problem("smell", "异味", "Smell"),
            Problem("pests", "虫害", "Pests"),
            Problem("greenery", "绿化", "Greenery"),
        ),
    ),
    Category(
        "ORD",
        "秩序",
        "Order",
        skill="order",
        limits=within(review="2 h", arrival="30 min", resolution="24 h"),
        problems=(
            Problem("noise", "噪声", "Noise"),
            Problem("parking", "违停", "Wrong parking"),
            Problem("falling_objects", "高空抛物", "Things thrown from above"),
            Problem("pets", "宠物", "Pets"),
        ),
    ),
    Category(
        "CMP",
        "投诉",
        "Complaint",
        skill="service",
        limits=within(review="24 h", resolution="72 h"),
        problems=(
            Problem("attitude", "服务态度", "Attitude"),
            Problem("slow", "处理慢", "Slow handling"),
            Problem("fees", "收费", "Fees"),
        ),
    ),
    Category(
        "SUG",
        "建议",
        "Suggestion",
        skill="service",
        limits=within(review="24 h"),
        problems=(
            Problem("parcel_locker", "增设快递柜", "Parcel lockers"),
            Problem("gate_hours", "延长门岗", "Longer gate hours"),
        ),
    ),
)


class Title(NamedTuple):
    """What something is about in a few words, in both languages."""

    zh: str
    en: str


KINDS = {
    Kind.REPAIR: Title("报修", "Repair"),
    Kind.COMPLAINT: Title("投诉", "Complaint"),
    Kind.SUGGESTION: Title("建议", "Suggestion"),
    Kind.INQUIRY: Title("咨询", "Inquiry"),
}


def category(said: str | None) -> Category | None:
    """The category of this code or name, in either language."""
    return _named(CATEGORIES, said) if said else None


def limits(category_code: str | None, problem_code: str | None) -> Limits:
    known = category(category_code)
    problem = known.problem(problem_code) if known and problem_code else None
    return (problem and problem.limits) or (known.limits if known else Limits())


@lru_cache(maxsize=4096)
def title(kind: Kind, category_code: str | None, problem_code: str | None) -> Title:
    """What a ticket is about: nothing that anybody typed."""
    known = category(category_code)
    if known is None:
        return KINDS[kind]
    problem = known.problem(problem_code) if problem_code else None
    return Title(f"{known.zh}：{problem.zh}", f"{known.en}: {problem.en}") if problem else Title(known.zh, known.en)


def _named(things, said: str):
    said = said.strip().casefold()
    return next((each for each in things if said in (each.code.casefold(), each.zh, each.en.casefold())), None)
