"""Door 1: what each caller may see, and what does not exist for them."""

from datetime import date

import pytest
from sqlalchemy import select

from chassis import private, tables
from chassis.ids import new_id
from chassis.migrations import tables_without_row_security
from services.directory.events import Relation
from services.directory.model import Person, Unit
from services.directory.tests.factories import SPRING, Place, change, ids

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
