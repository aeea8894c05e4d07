"""Door 1: what each caller may see and do, and what is refused to whom."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import select

from chassis import private, tables
from chassis.ids import new_id
from chassis.migrations import tables_without_row_security
from services.directory.events import Relation
from services.directory.model import Person, Unit
from services.directory.tests.factories import Place

SPRING = {"starts_on": "2026-03-01"}


def ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [each["id"] for each in answer.json["items"]]


def tagged(answer) -> dict:
    return {"If-Match": answer.headers["ETag"]}


def change(client, path, **body):
    return client.patch(path, json=body, headers=tagged(client.get(path)))


@pytest.fixture
def manager(place):
    return place.client(place.member("estate_manager", name="周敏"))


@pytest.fixture
def desk(place):
    return place.client(place.member("service_desk", name="李静"))


@pytest.fixture
def office(place):
    return place.client(place.member("head_office", "operator", name="徐洋"))


# ── residents ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_sees_the_estate_in_public_and_only_the_own_home(place):
    owner = place.client(place.owner())

    assert ids(owner.get("/estates")) == [str(place.estate_id)]
    assert ids(owner.get("/buildings")) == [str(place.building_id)]
    assert ids(owner.get("/units")) == [str(place.units[0])]
    assert owner.get(f"/units/{place.units[1]}").status_code == 404
    assert owner.get(f"/estates/{place.other_estate_id}").status_code == 404


def test_an_owner_sees_nobody_elses_page_nor_number(place):
    neighbour = place.owner(place.units[1], name="陈明", phone="+8613900000002")
    owner = place.client(place.owner())

    assert [each["name"] for each in owner.get("/people").json["items"]] == ["王芳"]
    assert ids(owner.get("/people?phone=13900000002")) == []
    assert owner.get(f"/people/{neighbour.id}").status_code == 404
    assert "3900000002" not in owner.get("/occupancies").text


def test_an_owner_sees_who_lives_in_the_own_home_and_a_tenant_only_themselves(place):
    owner = place.owner()
    tenant = place.person(name="吴曦")
    place.occupancy(tenant, place.units[0], Relation.OCCUPIER)
    tenant = place.caller(f"occupier@unit:{place.units[0]}", id=tenant)

    assert {each["person_name"] for each in place.client(owner).get("/occupancies").json["items"]} == {"王芳", "吴曦"}
    assert {each["person_name"] for each in place.client(tenant).get("/occupancies").json["items"]} == {"吴曦"}


def test_a_developer_with_the_role_for_the_estate_sees_the_own_units_only(place):
    developer = place.person(name="和悦置业")
    place.occupancy(developer, place.units[2], Relation.DEVELOPER)

    client = place.client(place.caller(f"developer@estate:{place.estate_id}", id=developer))

    assert ids(client.get("/units")) == [str(place.units[2])]


def test_one_changes_ones_own_numbers_and_nothing_else(place):
    owner = place.client(place.owner())

    changed = change(owner, "/me/person", phone="139 0000 0007", language="en")

    assert changed.json["phone"] == "+8613900000007" and changed.json["language"] == "en"
    for forbidden in ({"name": "张三"}, {"operator_id": str(new_id())}, {"kind": "company"}, {"version": 9}):
        assert change(owner, "/me/person", **forbidden).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/people", {"name": "张三"}),
        ("post", "/regions", {"code": "X", "name_zh": "甲", "name_en": "A"}),
        ("get", "/staff", None),
        ("get", "/duties", None),
        ("get", "/clients", None),
        ("post", "/units", {}),
        ("post", "/occupancies", {}),
    ],
)
def test_what_staff_do_is_refused_to_residents(place, method, path, body):
    owner = place.client(place.owner())

    assert owner.open(path, method=method.upper(), json=body).status_code == 403


def test_what_a_resident_sees_but_may_not_change_is_refused_and_the_rest_does_not_exist(place):
    owner = place.client(place.owner())

    assert change(owner, f"/units/{place.units[0]}", state="vacant").status_code == 403
    assert owner.patch(f"/units/{place.units[1]}", json={}, headers={"If-Match": '"1"'}).status_code == 403


def test_nobody_sees_anything_without_a_token(place):
    for path in ("/me", "/units", "/people", f"/units/{place.units[0]}"):
        assert place.client().get(path).status_code == 401


# ── staff and their estates ──────────────────────────────────────────────────────────────────────────────────────


def test_staff_see_their_estate_and_nothing_of_another(place, desk):
    place.owner()
    stranger = place.owner(place.other_unit, name="陈明", estate_id=place.other_estate_id)

    assert ids(desk.get("/units")) == [str(each) for each in place.units]
    assert {each["name"] for each in desk.get("/people").json["items"]} == {"王芳", "李静"}
    for path in (f"/people/{stranger.id}", f"/units/{place.other_unit}", f"/estates/{place.other_estate_id}"):
        missing = desk.get(path.rpartition("/")[0] + f"/{new_id()}")
        there = desk.get(path)
        assert there.status_code == missing.status_code == 404
        assert there.json["detail"] == missing.json["detail"]


def test_a_region_manager_sees_the_estates_of_the_region(place):
    manager = place.client(place.member("region_manager", f"region:{place.region_id}"))

    assert len(ids(manager.get("/estates"))) == 2 and len(ids(manager.get("/units"))) == 5


def test_lists_mask_numbers_and_only_some_roles_see_them_whole(place, desk):
    owner = place.owner()

    [line] = desk.get("/people?q=芳").json["items"]
    assert (line["phone"], line["email"]) == ("+86138****0001", "f***@home.example")
    whole = desk.get(f"/people/{owner.id}").json
    assert (whole["phone"], whole["masked"]) == ("+8613800000001", False)
    part = place.client(place.member("technician", name="郑强")).get(f"/people/{owner.id}").json
    assert part["masked"] is True and "13800000001" not in str(part)


def test_a_whole_number_in_any_writing_finds_its_person(place, desk):
    owner = place.owner(phone="+8613800000005", email="fang.wang@home.example")

    assert ids(desk.get("/people?phone=138-0000-0005")) == [str(owner.id)]
    assert ids(desk.get("/people?email=FANG.Wang@home.example&q=芳")) == [str(owner.id)]
    assert ids(desk.get("/people?phone=13800000006")) == []


def test_personal_data_is_ciphertext_at_rest_and_masked_in_the_audit_record(place, desk, directory):
    person = place.person()
    change(desk, f"/people/{person}", phone="13900000008")

    with directory.runtime.transaction(system=True) as session:
        kept = str(session.connection().exec_driver_sql("SELECT person::text FROM person").all())
        told = str(session.execute(select(tables.audit.c.changes)).all()) + str(
            session.scalars(select(tables.outbox.c.event)).all()
        )

    for number in ("13800000001", "13900000008", "fang@home"):
        assert number not in kept + told
    [fact] = directory.said("directory.person.changed.v1")
    assert private.unseal(fact.data["phone_sealed"]) == "+8613900000008"


def test_the_other_operator_does_not_exist(place, directory, office):
    there = Place(directory, "QY")
    stranger = there.owner(name="林远")

    assert {each["code"] for each in office.get("/estates").json["items"]} == {"HY-E-01", "HY-E-02"}
    assert [each["code"] for each in office.get("/operators").json["items"]] == ["HY"]
    assert "林远" not in office.get("/people").text + office.get("/occupancies").text
    for path in (f"/people/{stranger.id}", f"/units/{there.units[0]}", f"/regions/{there.region_id}",
                 f"/operators/{there.operator_id}", f"/buildings/{there.building_id}"):  # fmt: skip
        assert office.get(path).status_code == 404
    body = {"unit_id": str(there.units[0]), "person_id": str(stranger.id), "relation": "owner", **SPRING}
    assert office.post("/occupancies", json=body).status_code == 404


def test_row_level_security_hides_other_estates_without_any_where(place, directory):
    caller = place.member("service_desk")

    with directory.work(caller) as work:
        assert set(work.scalars(select(Unit.id))) == set(place.units)
    with directory.work(place.caller()) as work:
        assert work.scalars(select(Unit.id)) == []
    with directory.work(Place(directory, "QY").caller("head_office@operator")) as work:
        assert work.scalars(select(Person.id)) == []


def test_every_table_is_under_row_level_security(directory):
    with directory.runtime.transaction(system=True) as session:
        assert tables_without_row_security(session.connection()) == []


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_head_office_opens_a_region_an_estate_and_its_homes(place, office):
    region = office.post("/regions", json={"code": "HY-SW", "name_zh": "西南", "name_en": "Southwest"}).json
    estate = office.post(
        "/estates",
        json={"region_id": region["id"], "code": "HY-SW-01", "name_zh": "锦程里", "name_en": "Jincheng Lane"},
    ).json
    entrance = {"code": "2", "name_zh": "2单元", "name_en": "Entrance 2"}
    block = {
        "code": "3",
        "name_zh": "3栋",
        "name_en": "Building 3",
        "kind": "low_rise",
        "floors": 6,
        "entrances": [entrance],
    }
    building = office.post("/buildings", json={"estate_id": estate["id"], **block}).json
    homes = [{"code": f"3-2-{f:02d}01", "entrance_code": "2", "floor": f, "gross_area": "79.50"} for f in range(1, 7)]

    made = office.post(f"/buildings/{building['id']}/units", json={"units": homes})

    assert made.status_code == 201 and len(made.json["items"]) == 6
    last = made.json["items"][-1]
    assert (last["spoken_zh"], last["spoken_en"]) == ("3栋2单元601", "Building 3, Entrance 2, 601")
    assert (last["gross_area"], last["net_area"], last["state"]) == ("79.50", None, "unsold")
    assert last["entrance_id"] == building["entrances"][0]["entrance_id"]


def test_of_a_buildings_units_all_are_entered_or_none(place, manager):
    homes = [
        {"code": code, "floor": 1, "gross_area": "79.50"} for code in ("9-1-0101", "3-2-0601")
    ]  # the second exists

    assert manager.post(f"/buildings/{place.building_id}/units", json={"units": homes}).status_code == 409

    assert ids(manager.get("/units?code=9-1-0101")) == []


@pytest.mark.parametrize(
    "wrong", [{"gross_area": "1.005"}, {"gross_area": 89.6}, {"gross_area": "-1"}, {"usage": "castle"}]
)
def test_a_unit_with_a_wrong_area_or_usage_is_refused(place, manager, wrong):
    unit = {"building_id": str(place.building_id), "code": "9", "floor": 1, "gross_area": "1.00", **wrong}

    assert manager.post("/units", json=unit).status_code == 422


def test_an_estate_manager_changes_the_estate_but_opens_none(place, manager):
    assert change(manager, f"/estates/{place.estate_id}", name_en="Heyue Gardens").json["name_en"] == "Heyue Gardens"
    new = {"region_id": str(place.region_id), "code": "X", "name_zh": "甲", "name_en": "A"}
    assert manager.post("/estates", json=new).status_code == 403
    assert change(manager, f"/estates/{place.estate_id}", region_id=str(place.region_id)).status_code == 403
    assert change(manager, f"/regions/{place.region_id}", name_en="X").status_code == 403


def test_an_entrance_keeps_its_id_when_it_is_renamed(place, manager):
    path = f"/buildings/{place.building_id}"
    named = [
        {"code": "2", "name_zh": "东单元", "name_en": "East"},
        {"code": "3", "name_zh": "3单元", "name_en": "Entrance 3"},
    ]

    entrances = change(manager, path, entrances=named).json["entrances"]

    assert [each["name_en"] for each in entrances] == ["East", "Entrance 3"]
    assert entrances[0]["entrance_id"] == str(place.entrance_id)


def test_an_unlawful_change_of_state_names_the_state(place, manager):
    answer = change(manager, f"/units/{place.units[0]}", state="unsold")

    assert answer.status_code == 409 and "occupied" in answer.json["detail"]


def test_a_stale_change_is_refused(place, manager):
    path = f"/units/{place.units[0]}"
    before = tagged(manager.get(path))
    change(manager, path, state="vacant")

    assert manager.patch(path, json={"state": "let"}, headers=before).status_code == 412
    assert manager.patch(path, json={"state": "let"}).status_code == 428


@pytest.mark.parametrize("field", ["estate_id", "operator_id", "version", "building_id", "code"])
def test_what_a_body_does_not_offer_cannot_be_changed(place, manager, field):
    assert change(manager, f"/units/{place.units[0]}", **{field: str(new_id())}).status_code == 422


# ── people and homes ─────────────────────────────────────────────────────────────────────────────────────────────


def enter(client, person_id, unit_id, relation="owner", **dates):
    body = {"person_id": str(person_id), "unit_id": str(unit_id), "relation": relation, **(dates or SPRING)}
    return client.post("/occupancies", json=body)


def test_the_desk_enters_a_person_and_moves_them_in(place, desk, directory):
    body = {"estate_id": str(place.estate_id), "name": "赵欣", "phone": "138 0000 0003", "language": "en"}
    person = desk.post("/people", json=body)
    assert person.status_code == 201 and person.json["phone"] == "+8613800000003"

    moved = enter(desk, person.json["id"], place.units[0])

    assert moved.status_code == 201 and moved.json["unit_code"] == "3-2-0601"
    [started] = directory.said("directory.occupancy.started.v1")
    assert started.estate_id == place.estate_id and started.data["relation"] == "owner"


def test_a_person_is_entered_only_for_an_estate_of_ones_own(place, desk):
    assert desk.post("/people", json={"estate_id": str(place.other_estate_id), "name": "赵欣"}).status_code == 403
    assert desk.post("/people", json={"name": "赵欣"}).status_code == 403


@pytest.mark.parametrize(
    "wrong", [{"phone": "12"}, {"email": "nobody"}, {"language": "fr"}, {"name": ""}, {"id": str(new_id())}]
)
def test_a_person_with_wrong_fields_is_refused(place, desk, wrong):
    assert desk.post("/people", json={"estate_id": str(place.estate_id), "name": "赵欣", **wrong}).status_code == 422


def test_a_home_has_one_owner_at_a_time_and_any_number_of_co_owners(place, desk):
    place.owner()
    second, third = place.person(name="陈明"), place.person(name="陈亮")

    refused = enter(desk, second, place.units[0])
    assert refused.status_code == 409 and refused.json["type"].endswith("already-held")
    assert enter(desk, second, place.units[0], "co_owner").status_code == 201
    assert enter(desk, third, place.units[0], "co_owner").status_code == 201
    assert enter(desk, third, place.units[0], "co_owner").status_code == 409


def test_a_sale_ends_one_owner_and_starts_the_next(place, desk):
    seller = place.owner()
    [held] = desk.get(f"/occupancies?person_id={seller.id}").json["items"]
    buyer = place.person(name="陈明")

    assert desk.post(f"/occupancies/{held['id']}/end", json={"ends_on": "2026-06-30"}).status_code == 200

    assert enter(desk, buyer, place.units[0], starts_on="2026-06-30").status_code == 409  # still the seller's day
    assert enter(desk, buyer, place.units[0], starts_on="2026-07-01").status_code == 201
    assert [each["person_name"] for each in desk.get("/occupancies?current=true").json["items"]] == ["陈明"]


def test_two_owners_entered_at_once_do_not_both_get_in(place, directory):
    caller = place.member("service_desk")
    people = [place.person(name=name) for name in ("陈明", "陈亮")]
    assert directory.app

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda person: enter(place.client(caller), person, place.units[0]).status_code, people))

    assert sorted(answers) == [201, 409]


def test_the_database_itself_refuses_a_second_owner(place):
    place.owner()

    with pytest.raises(Exception, match="occupancy_one_owner"):
        place.occupancy(place.person(name="陈明"), place.units[0])


def test_wrong_dates_are_corrected_and_told(place, desk, directory):
    owner = place.owner()
    [held] = desk.get(f"/occupancies?person_id={owner.id}").json["items"]

    changed = change(desk, f"/occupancies/{held['id']}", starts_on="2021-05-01", ends_on="2027-01-31")

    assert (changed.json["starts_on"], changed.json["ends_on"]) == ("2021-05-01", "2027-01-31")
    assert directory.said("directory.occupancy.changed.v1")[0].data["ends_on"] == "2027-01-31"
    assert change(desk, f"/occupancies/{held['id']}", ends_on="2021-04-30").status_code == 422


def test_an_ended_occupancy_voids_the_tokens_of_before(place, desk, directory):
    owner = place.owner()
    place.account(owner.id)
    [held] = desk.get(f"/occupancies?person_id={owner.id}").json["items"]

    desk.post(f"/occupancies/{held['id']}/end", json={"ends_on": "2026-11-22"})

    [revoked] = directory.said("directory.account.revoked.v1")
    assert (revoked.data["subject"], revoked.data["epoch"]) == (str(owner.id), 1)


# ── staff ────────────────────────────────────────────────────────────────────────────────────────────────────────


def engage(client, person_id, *roles, **more):
    given = [dict(zip(("role", "scope"), each.split("@"), strict=True)) for each in roles]
    return client.post("/staff", json={"person_id": str(person_id), "roles": given, **more})


def test_a_manager_engages_a_technician_with_a_certificate(place, manager, directory):
    certificate = {"kind": "低压电工证", "skill": "electrician", "number": "DY-1", "expires_on": "2028-05-31"}

    made = engage(
        manager,
        place.person(),
        f"technician@estate:{place.estate_id}",
        skills=["electrician"],
        certificates=[certificate],
    )

    assert made.status_code == 201 and made.json["certificates"] == [certificate]
    assert ids(manager.get("/staff?skill=electrician")) == [made.json["id"]]
    [engaged] = directory.said("directory.staff.engaged.v1")[1:]
    assert engaged.data["roles"] == [{"role": "technician", "scope": f"estate:{place.estate_id}"}]


@pytest.mark.parametrize("role", ["estate_manager@estate:{here}", "head_office@operator", "technician@operator",
                                  "technician@estate:{other}", "dispatcher@region:{region}"])  # fmt: skip
def test_nobody_gives_a_role_of_their_own_rank_or_beyond_their_reach(place, manager, role):
    role = role.format(here=place.estate_id, other=place.other_estate_id, region=place.region_id)

    assert engage(manager, place.person(), role).status_code in (403, 422)
    assert ids(manager.get("/staff?role=technician")) == []


def test_a_region_manager_gives_roles_in_the_region(place):
    manager = place.client(place.member("region_manager", f"region:{place.region_id}"))

    assert engage(manager, place.person(), f"estate_manager@estate:{place.other_estate_id}").status_code == 201
    assert engage(manager, place.person(), f"dispatcher@region:{place.region_id}").status_code == 201
    assert engage(manager, place.person(), "dispatcher@operator").status_code == 403


@pytest.mark.parametrize("role", ["head_office", "admin"])
def test_a_role_of_head_office_spans_the_operator(place, role):
    admin = place.client(place.member("admin", "operator"))

    assert engage(admin, place.person(), f"{role}@estate:{place.estate_id}").status_code == 422


def test_only_an_admin_makes_an_admin(place, office):
    assert engage(office, place.person(), "admin@operator").status_code == 403

    admin = place.client(place.member("admin", "operator"))
    assert engage(admin, place.person(), "admin@operator").status_code == 201


def test_an_estate_that_is_not_there_gives_no_scope(place, office, directory):
    there = Place(directory, "QY")

    for estate_id in (new_id(), there.estate_id):
        assert engage(office, place.person(), f"technician@estate:{estate_id}").status_code == 422


@pytest.mark.parametrize("scope", ["everywhere", "unit:1", "estate:1", "operator:x", "estate:" + "A" * 36])
def test_a_malformed_scope_is_refused(place, office, scope):
    assert engage(office, place.person(), f"technician@{scope}").status_code == 422


def test_nobody_changes_or_shuts_out_their_superiors(place, desk, manager):
    superior = place.member("region_manager", f"region:{place.region_id}", name="邓超")
    place.account(superior.id, login="deng@heyue.example")

    assert desk.post(f"/people/{superior.id}/account/disabling").status_code == 403
    assert change(manager, f"/people/{superior.id}", phone="13900000009").status_code == 403
    assert change(manager, f"/staff/{superior.id}", skills=[]).status_code == 403
    assert manager.post(f"/staff/{superior.id}/leaving").status_code == 403


def test_a_changed_role_voids_the_tokens_of_before(place, manager, directory):
    technician = place.member("technician")
    place.account(technician.id)

    roles = [{"role": "inspector", "scope": f"estate:{place.estate_id}"}]
    assert change(manager, f"/staff/{technician.id}", roles=roles).json["roles"] == roles

    assert [each.data["subject"] for each in directory.said("directory.account.revoked.v1")] == [str(technician.id)]


def test_who_left_can_be_engaged_again_on_the_same_page(place, manager, directory):
    technician = place.member("technician")
    assert engage(manager, technician.id, f"technician@estate:{place.estate_id}").status_code == 409

    assert manager.post(f"/staff/{technician.id}/leaving").json["active"] is False
    again = engage(manager, technician.id, f"inspector@estate:{place.estate_id}")

    assert again.status_code == 201 and again.json["version"] == 3
    assert [each.sequence for each in directory.said() if each.subject == f"staff/{technician.id}"] == [1, 2, 3]


# ── rosters ──────────────────────────────────────────────────────────────────────────────────────────────────────


def a_shift(place, *people, **more) -> dict:
    named = {"role": "dispatcher", "name_zh": "白班", "name_en": "Day", "begins": "08:00", "ends": "20:00"}
    turns = {"starts_on": "2026-11-23", "rotation": [str(each.id) for each in people]}
    return {"estate_id": str(place.estate_id), **named, **turns, **more}


def test_the_ladder_leads_from_the_dispatcher_to_head_office(place, office, directory):
    people = {
        "dispatcher": place.member("dispatcher", name="董建"),
        "estate_manager": place.member("estate_manager", name="朱平"),
        "region_manager": place.member("region_manager", f"region:{place.region_id}", name="邓超"),
        "head_office": place.member("head_office", "operator", name="徐洋"),
    }
    where = {"region_manager": {"region_id": str(place.region_id)}, "head_office": {}}
    for role, person in reversed(people.items()):
        shift = a_shift(place, person, role=role) | {"begins": "00:00", "ends": "00:00"}
        if role in where:
            shift = {k: v for k, v in shift.items() if k != "estate_id"} | where[role]
        assert office.post("/shifts", json=shift).status_code == 201

    ladder = office.get(f"/estates/{place.estate_id}/ladder").json["items"]

    assert [(each["level"], each["role"]) for each in ladder] == list(enumerate(people, start=1))
    assert [each["person_name"] for each in ladder] == ["董建", "朱平", "邓超", "徐洋"]
    elsewhere = office.get(f"/estates/{place.other_estate_id}/ladder").json["items"]
    assert [each["level"] for each in elsewhere] == [3, 4]


def test_only_whose_role_reaches_as_far_sets_a_duty_above_the_estate(place, manager):
    dispatcher = place.member("dispatcher")
    above = a_shift(place, dispatcher)
    del above["estate_id"]

    assert manager.post("/shifts", json=above).status_code == 403
    assert manager.post("/shifts", json={**above, "region_id": str(place.region_id)}).status_code == 403
    assert manager.post("/shifts", json=a_shift(place, dispatcher, region_id=str(place.region_id))).status_code == 422
    assert manager.post("/shifts", json=a_shift(place, dispatcher)).status_code == 201


def test_only_staff_of_ones_own_estates_are_put_on_duty(place, manager):
    elsewhere = place.member("dispatcher", f"estate:{place.other_estate_id}", estate_id=place.other_estate_id)

    for person in (place.owner(), elsewhere):
        assert manager.post("/shifts", json=a_shift(place, person)).status_code == 422


def test_a_changed_shift_is_planned_anew_from_tomorrow(place, manager, directory):
    first, second = place.member("dispatcher", name="董建"), place.member("dispatcher", name="郑波")
    shift = manager.post("/shifts", json=a_shift(place, first)).json

    assert change(manager, f"/shifts/{shift['id']}", rotation=[str(second.id)]).status_code == 200

    duties = manager.get("/duties?limit=100").json["items"]
    assert [each["person_name"] for each in duties] == ["董建"] + ["郑波"] * 14
    assert len(directory.said("directory.duty.cancelled.v1")) == 14


def test_who_leaves_is_taken_off_the_roster_and_the_others_go_on(place, manager):
    first, second = place.member("dispatcher", name="董建"), place.member("dispatcher", name="郑波")
    manager.post("/shifts", json=a_shift(place, first, second))
    alone = manager.post("/shifts", json=a_shift(place, first)).json

    manager.post(f"/staff/{first.id}/leaving")

    assert {each["person_name"] for each in manager.get("/duties?limit=100").json["items"]} == {"郑波"}
    assert manager.get(f"/shifts/{alone['id']}").json["active"] is False


def test_a_duty_is_swapped_and_cancelled(place, manager):
    first, second = place.member("dispatcher", name="董建"), place.member("dispatcher", name="郑波")
    hours = {"starts_at": "2026-11-24T12:00:00Z", "ends_at": "2026-11-25T00:00:00Z"}
    duty = manager.post(
        "/duties", json={"estate_id": str(place.estate_id), "role": "dispatcher", "person_id": str(first.id), **hours}
    ).json

    assert change(manager, f"/duties/{duty['id']}", person_id=str(second.id)).json["person_name"] == "郑波"
    assert manager.post(f"/duties/{duty['id']}/cancellation").json["cancelled"] is True
    assert manager.post(f"/duties/{duty['id']}/cancellation").status_code == 409
    assert ids(manager.get("/duties")) == []


def test_duties_of_another_estate_do_not_exist(place, manager, office):
    there = place.member("dispatcher", f"estate:{place.other_estate_id}", estate_id=place.other_estate_id)
    office.post("/shifts", json=a_shift(place, there, estate_id=str(place.other_estate_id)))
    [duty, *_] = office.get("/duties").json["items"]

    assert ids(manager.get("/duties")) == []
    assert manager.get(f"/duties/{duty['id']}").status_code == 404
    assert manager.post(f"/duties/{duty['id']}/cancellation").status_code == 404


# ── partners, documentation ──────────────────────────────────────────────────────────────────────────────────────


def test_a_partner_sees_nothing_of_the_directory(place, directory):
    place.owner()
    partner = place.caller("partner_events@operator")

    for path in ("/people", "/units", "/estates", "/staff"):
        assert place.client(partner).get(path).status_code == 403


def test_a_partner_is_granted_only_estates_of_the_operator(place, office, directory):
    there = Place(directory, "QY")
    body = {"name": "智锁云", "scopes": ["partner_events"]}

    assert office.post("/clients", json={**body, "estate_ids": [str(there.estate_id)]}).status_code == 404
    made = office.post("/clients", json={**body, "estate_ids": [str(place.estate_id)]})
    assert made.status_code == 201 and len(made.json["client_secret"]) == 43
    assert "client_secret" not in office.get(f"/clients/{made.json['client_id']}").json


def test_every_route_is_described(directory):
    document = directory.client().get("/openapi.json").json

    assert document["openapi"].startswith("3.1") and len(document["paths"]) > 35
    assert all(
        each.get("summary") for path in document["paths"].values() for each in path.values() if "responses" in each
    )


def test_a_page_follows_another_until_the_end(place, desk):
    seen, after = [], ""
    while after is not None:
        page = desk.get(f"/units?limit=3{after and '&after=' + after}").json
        seen += [each["id"] for each in page["items"]]
        after = page["next"]

    assert seen == [str(each) for each in place.units]


def test_a_date_is_a_date(place, desk):
    owner = place.owner()
    [held] = desk.get(f"/occupancies?person_id={owner.id}").json["items"]

    assert desk.post(f"/occupancies/{held['id']}/end", json={"ends_on": "tomorrow"}).status_code == 422
    assert date.fromisoformat(held["starts_on"])


@pytest.mark.parametrize("query", ["code=", "q=", "q=%25", "usage=home&state=occupied", "current=false"])
def test_an_empty_filter_is_no_error(place, desk, query):
    path = "estates" if query.startswith("q") else "occupancies" if "current" in query else "units"

    assert desk.get(f"/{path}?{query}").status_code == 200
