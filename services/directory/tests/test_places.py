"""Regions, estates, buildings and units, over HTTP."""

import pytest

from chassis.ids import new_id
from services.directory.tests.factories import change, ids, tagged

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
