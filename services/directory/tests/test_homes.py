"""People and their hold on homes, over HTTP."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.ids import new_id
from services.directory.tests.factories import SPRING, change

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
