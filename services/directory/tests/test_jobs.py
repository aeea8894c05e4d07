"""Door 3: what the clock finds and does, once."""

from datetime import date

from chassis import restating
from services.directory.tests.factories import PASSWORD


def a_certificate(expires_on: date) -> dict:
    return {"kind": "低压电工证", "skill": "electrician", "number": "DY-1", "expires_on": expires_on}


def facts(directory) -> list[str]:
    return [each.type.split(".")[2] for each in directory.said() if each.type.startswith("directory.staff.certificate")]


def test_a_certificate_that_runs_out_is_said_in_time_and_once(place, directory):
    place.member("technician", certificates=[a_certificate(date(2026, 12, 24))])
    directory.tick()
    assert facts(directory) == []

    for _ in range(2):
        directory.clock.advance(days=1)
        directory.tick()
    assert facts(directory) == ["certificate_expiring"]

    directory.clock.advance(days=30)
    directory.tick()
    assert facts(directory) == ["certificate_expiring", "certificate_expired"]


def test_rosters_are_carried_on_as_days_pass(place, directory):
    manager = place.client(place.member("estate_manager"))
    dispatcher = place.member("dispatcher", name="董建")
    shift = {"estate_id": str(place.estate_id), "role": "dispatcher", "name_zh": "白班", "name_en": "Day", "begins": "08:00",
             "ends": "20:00", "starts_on": "2026-11-23", "rotation": [str(dispatcher.id)]}  # fmt: skip
    assert manager.post("/shifts", json=shift).status_code == 201

    for _ in range(3):
        directory.clock.advance(days=1)
        directory.tick()
        directory.tick()

    duties = manager.get("/duties?limit=100").json["items"]
    starts = [each["starts_at"] for each in duties]
    assert len(starts) == len(set(starts)) == 15 and starts[-1].startswith("2026-12-10")


def test_spent_sessions_and_lapsed_links_are_forgotten(place, directory):
    owner = place.owner()
    place.account(owner.id)
    form = {"grant_type": "password", "username": "fang@home.example", "password": PASSWORD}
    given = directory.client().post("/token", data=form).json["refresh_token"]
    directory.client().post("/password-resets", json={"username": "fang@home.example"})
    directory.client().post("/revocation", data={"token": given})
    directory.tick()

    directory.clock.advance(days=31)
    directory.tick()

    with directory.runtime.transaction(system=True) as session:
        left = [session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
                for table in ("sign_in", "refresh_token", "password_token", "throttle", "reset_request")]  # fmt: skip
    assert left == [0, 0, 0, 0, 0]


def test_everything_is_said_again_for_a_late_listener_under_its_present_version(place, directory):
    owner = place.owner()
    place.account(owner.id)
    place.member("technician", certificates=[a_certificate(date(2028, 1, 1))])
    place.partner()

    said = dict(restating.republish(directory.runtime))

    assert said == {
        "Operator": 1, "Region": 1, "Estate": 2, "Building": 2, "Unit": 5, "Person": 2, "Occupancy": 1, "Staff": 1,
        "Account": 1, "Client": 1,
    }  # fmt: skip
    [again] = directory.said("directory.occupancy.restated.v1")
    assert again.sequence == 1 and again.estate_id == place.estate_id and again.data["person_id"] == str(owner.id)
