"""Making the demo operators: places, then the people who live and work in them."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from services.directory.demo.names import Invented
from services.directory.demo.plans import CREW, OPERATORS, EstatePlan, OperatorPlan
from services.directory.events import BuildingKind, PersonKind, Relation, UnitState, Usage
from services.directory.model import Building, Estate, Occupancy, Operator, Person, Region, Shift, Staff, Unit
from services.directory.model.duties import LEVELS
from services.directory.model.homes import spoken

__all__ = ["OPERATORS", "settle_operator"]
NET = Decimal("0.78")  # 套内 of 建筑面积, about
BATCH = 500
ZONE = "Asia/Shanghai"
LIVED_IN = {"3-2-0601", "1-1-0302", "5-2-0301", "8-1-0101"}  # homes of those who can sign in
LET = {"2-1-1101"}


def settle_operator(work, plan: OperatorPlan) -> dict[str, Person]:
    """→ its people by where they belong: `HY-E-01 3-2-0601 owner`, `HY-E-01 technician 1`, `HY head_office 1`."""
    operator = work.add(Operator.register(code=plan.code, name_zh=plan.name_zh, name_en=plan.name_en))
    town = Town(work, operator.id, Invented(plan.code))
    regions = {code: town.region(code, *names) for code, names in plan.regions.items()}
    for number, role in enumerate(plan.head_office):
        town.staff(f"{plan.code} {role} {plan.head_office[:number].count(role) + 1}", role, "operator")
    office = [town.people[f"{plan.code} head_office {n + 1}"] for n in range(plan.head_office.count("head_office"))]
    town.shift("head_office", ("总部值班", "Head office duty"), "00:00", "00:00", office)
    for code, region in regions.items():
        manager = town.staff(f"{code} region_manager 1", "region_manager", f"region:{region.id}")
        town.shift("region_manager", ("区域值班", "Region duty"), "00:00", "00:00", [manager], region_id=region.id)
    for each in plan.estates:
        EstateMaker(town, each, regions[each.region]).make()
    return town.people


class Town:
    """What all of an operator's estates are made with."""

    def __init__(self, work, operator_id: UUID, invented: Invented):
        self.work = work
        self.operator_id = operator_id
        self.invented = invented
        self.people: dict[str, Person] = {}
        self.made = 0

    def add(self, cls: type, /, **facts):
        """Written as we go: a transaction that is silent for half a minute is cut off by the database."""
        self.made += 1
        if self.made % BATCH == 0:
            self.work.session.flush()
        return self.work.add(cls.register(operator_id=self.operator_id, **facts))

    def region(self, code: str, name_zh: str, name_en: str) -> Region:
        return self.add(Region, code=code, name_zh=name_zh, name_en=name_en)

    def person(self, who: str | None = None, *, estate_id: UUID | None = None, **facts) -> Person:
        person = self.add(Person, first_estate_id=estate_id, **{**self.invented.person(), **facts})
        if who:
            self.people[who] = person
        return person

    def staff(self, who: str, role: str, scope: str, **facts) -> Person:
        person = self.person(who, language="zh-CN", name=self.invented.name())
        roles = [{"role": role, "scope": scope}]
        self.add(Staff, id=person.id, roles=roles, engaged_at=self.work.now, **facts)
        return person

    def shift(self, role: str, names: tuple[str, str], begins: str, ends: str, people: list[Person], **where) -> None:
        """From yesterday, so that a night that began then is covered; planned as far as the clock would."""
        yesterday = self.work.now.date() - timedelta(days=1)
        place = {"estate_id": None, "region_id": None, **where}
        shift = self.add(
            Shift,
            role=role,
            level=LEVELS[role],
            name_zh=names[0],
            name_en=names[1],
            begins=begins,
            ends=ends,
            timezone=ZONE,
            rotation=[person.id for person in people],
            starts_on=yesterday,
            **place,
        )
        for duty in shift.plan(self.work.now):
            self.work.add(duty)


class EstateMaker:
    """One estate from its plan."""

    def __init__(self, town: Town, plan: EstatePlan, region: Region):
        self.town, self.plan, self.invented = town, plan, town.invented
        facts = {name: getattr(plan, name) for name in ("code", "name_zh", "name_en", "address_zh", "address_en")}
        self.estate = town.add(Estate, region_id=region.id, timezone=ZONE, **facts)
        self.owners: list[Person] = []
        self.developer: Person | None = None

    def make(self) -> None:
        if self.plan.developer:
            self.developer = self.person(None, name=self.plan.developer, kind=PersonKind.COMPANY, language="zh-CN")
        self.homes()
        self.shops()
        self.parking()
        self.crew()

    # ── who and where ────────────────────────────────────────────────────────────────────────────────────────────

    def person(self, who: str | None, **facts) -> Person:
        return self.town.person(who and f"{self.plan.code} {who}", estate_id=self.estate.id, **facts)

    def building(
        self, code: str, name_zh: str, name_en: str, kind: BuildingKind, floors: int, entrances=()
    ) -> Building:
        entrances = [
            {"entrance_id": str(UUID(int=self.invented.random.getrandbits(128), version=4)), "code": f"{n}",
             "name_zh": f"{n}单元", "name_en": f"Entrance {n}"}
            for n in entrances
        ]  # fmt: skip
        return self.town.add(
            Building, estate_id=self.estate.id, code=code, name_zh=name_zh, name_en=name_en, kind=kind, floors=floors,
            entrances=entrances,
        )  # fmt: skip

    def unit(
        self, building: Building, code: str, area: Decimal, usage: Usage, state: UnitState, floor=1, entrance=None
    ):
        spoken_zh, spoken_en = spoken(building, entrance, code)
        if building.kind is BuildingKind.VILLA:
            spoken_zh, spoken_en = building.name_zh, building.name_en
        return self.town.add(
            Unit, estate_id=self.estate.id, building_id=building.id, entrance_id=entrance and UUID(entrance["entrance_id"]),
            code=code, spoken_zh=spoken_zh, spoken_en=spoken_en, floor=floor, gross_area=area,
            net_area=None if usage is Usage.PARKING else (area * NET).quantize(Decimal("0.01")), usage=usage, state=state,
        )  # fmt: skip

    def holds(
        self, person: Person, unit: Unit, relation: Relation, starts_on: date, ends_on: date | None = None
    ) -> None:
        facts = {"estate_id": self.estate.id, "unit_id": unit.id, "person_id": person.id, "relation": relation}
        self.town.add(Occupancy, starts_on=starts_on, ends_on=ends_on, **facts)

    def some_day(self) -> date:
        return self.plan.since + timedelta(days=self.invented.random.randrange(0, 1500))

    # ── homes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def homes(self) -> None:
        plan, areas = self.plan, self.plan.areas()
        doors = len(areas) // (plan.buildings * plan.entrances)
        stacks = iter(areas)
        total, number = len(areas) * plan.floors, 0
        for b in range(1, plan.buildings + 1):
            building = self._block(b)
            for e in range(plan.entrances):
                entrance = building.entrances[e] if building.entrances else None
                for door, area in [(d, next(stacks)) for d in range(1, doors + 1)]:
                    for floor in range(1, plan.floors + 1):
                        code = f"{b}-{e + 1}-{floor:02d}{door:02d}"
                        number += 1
                        self._home(building, entrance, code, floor, area, left=total - number)

    def _block(self, number: int) -> Building:
        if self.plan.kind is BuildingKind.VILLA:
            return self.building(f"{number}", f"{number}号别墅", f"Villa {number}", self.plan.kind, 3)
        entrances = range(1, self.plan.entrances + 1)
        return self.building(
            f"{number}", f"{number}栋", f"Building {number}", self.plan.kind, self.plan.floors, entrances
        )

    def _home(self, building, entrance, code: str, floor: int, area: Decimal, left: int) -> None:
        if left < self.plan.unsold:
            state = UnitState.UNDELIVERED if left % 3 == 0 else UnitState.UNSOLD
            unit = self.unit(building, code, area, Usage.HOME, state, floor, entrance)
            self.holds(self.developer, unit, Relation.DEVELOPER, self.plan.since)
            return
        unit = self.unit(building, code, area, Usage.HOME, self._state(code), floor, entrance)
        self._household(unit)

    def _state(self, code: str) -> UnitState:
        if code in LIVED_IN or code in LET:
            return UnitState.LET if code in LET else UnitState.OCCUPIED
        weights = (self.plan.let, self.plan.vacant, 0.02, 1 - self.plan.let - self.plan.vacant - 0.02)
        states = (UnitState.LET, UnitState.VACANT, UnitState.FITTING_OUT, UnitState.OCCUPIED)
        return self.invented.random.choices(states, weights)[0]

    def _household(self, unit: Unit) -> None:
        since = self.some_day()
        owner = self.person(f"{unit.code} owner")
        self.owners.append(owner)
        if self.invented.happens(0.03) and since > self.plan.since:
            self.holds(self.person(None), unit, Relation.OWNER, self.plan.since, since - timedelta(days=1))
        self.holds(owner, unit, Relation.OWNER, since)
        if self.invented.happens(0.3):
            self.holds(self.person(f"{unit.code} co_owner"), unit, Relation.CO_OWNER, since)
        if unit.state is UnitState.LET:
            self.holds(self.person(f"{unit.code} occupier"), unit, Relation.OCCUPIER, date(2026, 3, 1))
        elif unit.code in LIVED_IN or (unit.state is UnitState.OCCUPIED and self.invented.happens(0.25)):
            relative = self.person(f"{unit.code} household_member", **self._relative_of(owner))
            self.holds(relative, unit, Relation.HOUSEHOLD_MEMBER, since)

    def _relative_of(self, owner: Person) -> dict:
        return {"name": self.invented.name(owner.name[0]), "language": "zh-CN"} if owner.language == "zh-CN" else {}

    # ── shops and parking ────────────────────────────────────────────────────────────────────────────────────────

    def shops(self) -> None:
        many, area = self.plan.shops
        if not many:
            return
        row = self.building("S", "商铺", "Shops", BuildingKind.COMMERCIAL, 1)
        for number in range(1, many + 1):
            state = UnitState.LET if self.invented.happens(0.6) else UnitState.OCCUPIED
            unit = self.unit(row, f"S-{number:02d}", Decimal(area), Usage.SHOP, state)
            since = self.some_day()
            self.holds(self.person(f"{unit.code} owner"), unit, Relation.OWNER, since)
            if state is UnitState.LET:
                self.holds(self.person(f"{unit.code} occupier"), unit, Relation.OCCUPIER, date(2026, 1, 1))

    def parking(self) -> None:
        """Owned places go to the owners of homes in turn; the developer keeps the rest and lets some of it."""
        if not self.plan.parking:
            return
        garage = self.building("P", "地下车库", "Garage", BuildingKind.GARAGE, 1)
        for number in range(1, self.plan.parking + 1):
            owned = number <= self.plan.parking_owned
            let = not owned and number <= self.plan.parking_owned + self.plan.parking_let
            state = UnitState.OCCUPIED if owned else UnitState.LET if let else UnitState.VACANT
            place = self.unit(garage, f"P-{number:03d}", Decimal("12.50"), Usage.PARKING, state, floor=-1)
            resident = self.owners[(number - 1) % len(self.owners)]
            if owned:
                self.holds(resident, place, Relation.OWNER, self.plan.since)
                continue
            self.holds(self.developer, place, Relation.DEVELOPER, self.plan.since)
            if let:
                self.holds(resident, place, Relation.OCCUPIER, date(2026, 1, 1))

    # ── staff ────────────────────────────────────────────────────────────────────────────────────────────────────

    def crew(self) -> None:
        crew: dict[str, list[Person]] = {}
        for job in CREW:
            fellows = crew.setdefault(job.role, [])
            who = f"{self.plan.code} {job.role} {len(fellows) + 1}"
            facts = {"skills": list(job.skills), "certificates": job.certificates}
            fellows.append(self.town.staff(who, job.role, f"estate:{self.estate.id}", **facts))
        self._rosters(crew)

    def _rosters(self, crew: dict[str, list[Person]]) -> None:
        here = {"estate_id": self.estate.id}
        by_day, by_night = crew["dispatcher"]
        self.town.shift("dispatcher", ("调度白班", "Dispatch, day"), "08:00", "20:00", [by_day], **here)
        self.town.shift("dispatcher", ("夜间值班", "Night duty"), "20:00", "08:00", [by_night, by_day], **here)
        self.town.shift("service_desk", ("客服班", "Service desk"), "08:00", "20:00", crew["service_desk"], **here)
        self.town.shift("estate_manager", ("项目值班", "Estate duty"), "00:00", "00:00", crew["estate_manager"], **here)
        for technician in crew["technician"]:
            self.town.shift("technician", ("工程白班", "Repairs, day"), "08:00", "20:00", [technician], **here)
        on_call = crew["technician"][:3]
        self.town.shift("technician", ("工程夜班", "Repairs, on call"), "20:00", "08:00", on_call, **here)
