"""Small estates and people for tests: each call states only what matters to the test."""

from datetime import date
from decimal import Decimal
from functools import cache
from uuid import UUID

import jwt

from chassis.testing import Harness, a_person
from chassis.testing import Person as Caller
from services.directory.events import BuildingKind, Relation, UnitState, Usage
from services.directory.model import (
    Account,
    Building,
    Client,
    ClientSecret,
    Estate,
    Occupancy,
    Operator,
    Person,
    Region,
    Staff,
    Unit,
)
from services.directory.model.accounts import PartnerScope, digest
from services.directory.model.passwords import hash_password

PASSWORD = "纸船 sails at dawn"
LONG_AGO = date(2020, 1, 1)
SPRING = {"starts_on": "2026-03-01"}
hashed = cache(hash_password)


class Place:
    """An operator's places, made as the system; `owner()`, `member()` and the like add people and give them back."""

    def __init__(self, directory: Harness, code: str = "HY"):
        self.directory = directory
        with directory.work() as work:
            operator = work.add(Operator.register(code=code, name_zh="和悦", name_en="Heyue"))
            self.operator_id = operator.id
            self.region_id = self._add(work, Region, code=f"{code}-E", name_zh="华东", name_en="East").id
            self.estate_id, self.other_estate_id = (self._estate(work, f"{code}-E-0{n}") for n in (1, 2))
            building = self._building(work, self.estate_id)
            self.building_id, self.entrance_id = building.id, UUID(building.entrances[0]["entrance_id"])
            self.units = [self._unit(work, building, f"3-2-060{n}") for n in (1, 2, 3, 4)]
            self.other_unit = self._unit(work, self._building(work, self.other_estate_id), "1-1-0101")

    def _add(self, work, cls, /, **facts):
        return work.add(cls.register(operator_id=self.operator_id, **facts))

    def _estate(self, work, code: str) -> UUID:
        names = {"name_zh": "和悦花园", "name_en": "Heyue Garden", "address_zh": "", "address_en": ""}
        return self._add(work, Estate, region_id=self.region_id, code=code, timezone="Asia/Shanghai", **names).id

    def _building(self, work, estate_id: UUID) -> Building:
        entrance = {
            "entrance_id": "00000000-0000-4000-8000-000000000002",
            "code": "2",
            "name_zh": "2单元",
            "name_en": "Entrance 2",
        }
        return self._add(
            work, Building, estate_id=estate_id, code="3", name_zh="3栋", name_en="Building 3",
            kind=BuildingKind.HIGH_RISE, floors=24, entrances=[entrance],
        )  # fmt: skip

    def _unit(self, work, building: Building, code: str) -> UUID:
        return self._add(work, Unit, **unit_facts(building.estate_id, building.id, code)).id

    def add_units(self, many: int) -> list[UUID]:
        with self.directory.work() as work:
            made = [Unit.register(operator_id=self.operator_id, **unit_facts(self.estate_id, self.building_id, f"P-{n}"))
                    for n in range(many)]  # fmt: skip
            return [work.add(each).id for each in made]

    # ── people ───────────────────────────────────────────────────────────────────────────────────────────────────

    def person(self, estate_id: UUID | None = None, **facts) -> UUID:
        facts = {"name": "王芳", "language": "zh-CN", "phone": "+8613800000001", "email": "fang@home.example", **facts}
        with self.directory.work() as work:
            return self._add(work, Person, first_estate_id=estate_id or self.estate_id, **facts).id

    def occupancy(
        self, person_id: UUID, unit_id: UUID, relation=Relation.OWNER, starts_on=LONG_AGO, ends_on=None
    ) -> UUID:
        with self.directory.work() as work:
            estate_id = work.get(Unit, unit_id).estate_id
            facts = {"estate_id": estate_id, "unit_id": unit_id, "person_id": person_id, "relation": relation}
            return self._add(work, Occupancy, starts_on=starts_on, ends_on=ends_on, **facts).id

    def owner(self, unit_id: UUID | None = None, **facts) -> Caller:
        """An owner of the first home (or of `unit_id`), signed in."""
        unit_id = unit_id or self.units[0]
        person_id = self.person(**facts)
        self.occupancy(person_id, unit_id)
        return self.caller(f"owner@unit:{unit_id}", id=person_id)

    def member(self, role: str, scope: str | None = None, *, certificates=(), skills=(), **facts) -> Caller:
        """A member of staff, of the first estate unless another scope is given, signed in."""
        scope = scope or f"estate:{self.estate_id}"
        person_id = self.person(**facts)
        with self.directory.work() as work:
            roles = [{"role": role, "scope": scope}]
            more = {"certificates": certificates, "skills": list(skills), "engaged_at": work.now}
            self._add(work, Staff, id=person_id, roles=roles, **more)
        return self.caller(f"{role}@{scope}", id=person_id)

    def caller(self, *roles: str, id: UUID | None = None) -> Caller:
        return a_person(operator_id=self.operator_id, roles=roles, id=id)

    def client(self, caller: Caller | None = None):
        return self.directory.client(caller)

    # ── ways in ──────────────────────────────────────────────────────────────────────────────────────────────────

    def account(self, person_id: UUID, login: str = "fang@home.example") -> UUID:
        with self.directory.work() as work:
            account = Account(operator_id=self.operator_id, person_id=person_id, login=login)
            account.set_password(hashed(PASSWORD), at=work.now)
            return work.add(account).id

    def partner(self, secret: str = "a partner's secret", **facts) -> UUID:
        with self.directory.work() as work:
            client = self._add(work, Client, name="智锁云", **{"scopes": [PartnerScope.EVENTS], **facts})
            made = {"client_id": client.id, "secret_hash": digest(secret), "made_at": work.now}
            work.add(ClientSecret(operator_id=self.operator_id, **made))
            return client.id


def unit_facts(estate_id: UUID, building_id: UUID, code: str) -> dict:
    return {
        "estate_id": estate_id,
        "building_id": building_id,
        "code": code,
        "spoken_zh": f"3栋2单元{code[-3:]}",
        "spoken_en": f"Building 3, Entrance 2, {code[-3:]}",
        "floor": 6,
        "gross_area": Decimal("89.60"),
        "usage": Usage.HOME,
        "state": UnitState.OCCUPIED,
    }


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────


def ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [each["id"] for each in answer.json["items"]]


def tagged(answer) -> dict:
    return {"If-Match": answer.headers["ETag"]}


def change(client, path, **body):
    return client.patch(path, json=body, headers=tagged(client.get(path)))


LOGIN = "fang@home.example"


def token(client, address="203.0.113.7", **form):
    return client.post("/token", data=form, headers={"X-Forwarded-For": address})


def sign_in(client, username=LOGIN, password=PASSWORD, **more):
    return token(client, grant_type="password", username=username, password=password, **more)


def refresh(client, refresh_token):
    return token(client, grant_type="refresh_token", refresh_token=refresh_token)


def claims_of(client, answer) -> dict:
    keys = jwt.PyJWKSet.from_dict(client.get("/jwks.json").json)
    access = answer.json["access_token"]
    key = keys[jwt.get_unverified_header(access)["kid"]]
    return jwt.decode(
        access, key, algorithms=["ES256"], audience="linli", options={"verify_exp": False, "verify_iat": False}
    )


def without_instance(answer):
    return {name: value for name, value in answer.json.items() if name != "instance"}
