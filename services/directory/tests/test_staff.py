"""Staff and rosters, over HTTP."""

import pytest

from chassis.ids import new_id
from services.directory.tests.factories import Place, change, ids

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
