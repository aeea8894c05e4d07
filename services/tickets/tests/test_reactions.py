"""Door 2: what the directory says becomes copies, in whatever order it arrives."""

from datetime import date, timedelta

from chassis.ids import new_id
from services.tickets import reactions
from services.tickets.model import Duty, Estate, Occupancy, Person, Staff, Unit, taxonomy


def kept(garden, cls, id):
    with garden.tickets.work() as work:
        return work.get(cls, id)


def test_places_and_people_are_kept(garden):
    assert kept(garden, Estate, garden.estate_id).code == "HY-E-01"
    assert kept(garden, Unit, garden.home).code == "3-2-0601"
    assert kept(garden, Person, garden.owner.id).name == "王秀英"
    assert kept(garden, Occupancy, garden.occupancy(garden.owner, garden.home).occupancy_id).unit_id == garden.home


def test_staff_are_kept_with_their_posts_skills_and_licences(garden):
    electrician = garden.staff("technician", skills=["electrician"], expires_on=date(2027, 1, 1))

    staff = kept(garden, Staff, electrician.id)

    assert staff.posts == [f"technician@estate:{garden.estate_id}"]
    assert staff.certificates == [{"skill": "electrician", "expires_on": "2027-01-01"}]
    assert staff.certificate(taxonomy.category("ELC"), date(2027, 1, 1)) == "valid"
    assert staff.certificate(taxonomy.category("ELC"), date(2027, 1, 2)) == "expired"


def test_whoever_left_the_staff_holds_no_post(garden):
    left = reactions.StaffFacts(
        person_id=garden.technician.id,
        roles=[reactions.RoleFacts(role="technician", scope="operator")],
        skills=[],
        certificates=[],
        active=False,
    )

    garden.hear(left, sequence=2, estate_id=None, type="directory.staff.left.v1")

    assert kept(garden, Staff, garden.technician.id).posts == []


def test_a_late_fact_does_not_overwrite_a_newer_one_and_a_restated_one_fills_a_gap(garden):
    person_id = new_id()
    garden.hear(
        reactions.PersonFacts(person_id=person_id, name="新名"), sequence=2, type="directory.person.restated.v1"
    )

    garden.hear(reactions.PersonFacts(person_id=person_id, name="旧名"), sequence=1)

    assert kept(garden, Person, person_id).name == "新名"


def test_a_cancelled_duty_is_kept_as_such(garden):
    now = garden.tickets.clock.now()
    duty = {"duty_id": new_id(), "person_id": garden.manager.id, "starts_at": now, "ends_at": now + timedelta(hours=8)}

    garden.hear(reactions.DutyFacts(**duty, level=2, cancelled=False), sequence=1, estate_id=None)
    garden.hear(reactions.DutyFacts(**duty, level=2, cancelled=True), sequence=2, estate_id=None)

    assert kept(garden, Duty, duty["duty_id"]).cancelled


def test_the_old_tokens_of_a_revoked_account_are_refused(garden):
    garden.hear(reactions.AccountRevoked(subject=garden.owner.id, epoch=1), estate_id=None)

    assert garden.tickets.client(garden.owner).get("/tickets").status_code == 401
    assert garden.tickets.client(garden.neighbour).get("/tickets").status_code == 200
