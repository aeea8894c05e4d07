"""A person is erased for good: who may, when not, and what is left."""

import pytest
from sqlalchemy import text

from services.directory.tests.factories import LONG_AGO, Place, sign_in

KNOWN = ("王芳", "+8613800000001", "fang@home.example")


def erase(client, person_id, expect=200) -> dict:
    answer = client.post(f"/people/{person_id}/erasure")
    assert answer.status_code == expect, answer.json
    return answer.json


@pytest.fixture
def moved_out(place):
    """Somebody who held a home once, and can still sign in."""
    person_id = place.person()
    place.occupancy(person_id, place.units[0], starts_on=LONG_AGO, ends_on=LONG_AGO)
    place.account(person_id)
    return person_id


def test_name_phone_address_and_sign_in_are_gone_and_everybody_hears(place, office, anybody, directory, moved_out):
    left = erase(office, moved_out)

    assert left["name"] == "已注销 (erased)" and not (left["phone"] or left["other_phone"] or left["email"])
    with directory.runtime.transaction(system=True) as session:
        kept = str(session.execute(text("SELECT person::text FROM person WHERE id = :id"), {"id": moved_out}).all())
    assert not [known for known in KNOWN if known in kept]
    assert sign_in(anybody).status_code == 401
    assert directory.said("directory.person.changed.v1")[-1].data["name"] == left["name"]
    [fact] = directory.said("directory.person.erased.v1")
    assert fact.data == {"person_id": str(moved_out)}
    erase(office, moved_out)  # once more says it again, to whoever lost it
    assert len(directory.said("directory.person.erased.v1")) == 2


def test_whoever_holds_a_home_or_works_here_is_not_erased(place, office, owner):
    worker = place.member("technician")

    for bound in (owner, worker):
        refused = erase(office, bound.id, expect=409)
        assert "注销" in refused["detail"]


def test_head_office_alone_erases(place, manager, desk, moved_out, directory):
    for other in (manager, desk):
        erase(other, moved_out, expect=403)
    elsewhere = Place(directory, "QY")
    erase(elsewhere.client(elsewhere.member("head_office", "operator")), moved_out, expect=404)
