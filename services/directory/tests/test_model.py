"""The rules, without a database: what may happen, and what is said of it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from uuid import UUID

import pytest
from cryptography.fernet import Fernet

from chassis import private
from chassis.errors import Invalid
from chassis.ids import new_id
from services.directory import events
from services.directory.events import AccountState, Relation, UnitState
from services.directory.model import Account, Duty, Occupancy, Person, Shift, Staff, Unit, passwords
from services.directory.model.duties import DutyOver
from services.directory.model.homes import AlreadyEnded, IllegalMove, spoken
from services.directory.model.staff import NotEngaged
from services.directory.tests.factories import unit_facts

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # in Shanghai
OPERATOR = new_id()


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    monkeypatch.setattr(private, "_keys", private.Keys((Fernet.generate_key().decode(),)))


def said(thing) -> list[str]:
    return [type(fact).__name__ for _, fact, _ in vars(thing).get("recorded", [])]


def last(thing):
    return vars(thing)["recorded"][-1][1]


# ── units ────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_unit(**facts) -> Unit:
    return Unit.register(operator_id=OPERATOR, **{**unit_facts(new_id(), new_id(), "3-2-0601"), **facts})


def test_a_unit_says_its_full_state_with_areas_as_text():
    unit = a_unit(gross_area=Decimal("89.6"), net_area=None)

    assert said(unit) == ["UnitRegistered"]
    assert (last(unit).unit_id, last(unit).gross_area, last(unit).net_area) == (unit.id, "89.60", None)


def test_what_does_not_change_is_not_said():
    unit = a_unit()

    unit.change(state=UnitState.OCCUPIED, floor=6)

    assert said(unit) == ["UnitRegistered"] and unit.version == 1


@pytest.mark.parametrize("to", [UnitState.UNSOLD, UnitState.UNDELIVERED, UnitState.DELIVERED])
def test_a_home_that_was_handed_over_is_not_taken_back(to):
    unit = a_unit(state=UnitState.VACANT)

    with pytest.raises(IllegalMove, match="vacant cannot become"):
        unit.change(state=to)


def test_a_sold_home_is_delivered_before_it_is_lived_in():
    unit = a_unit(state=UnitState.UNSOLD)

    with pytest.raises(IllegalMove):
        unit.change(state=UnitState.OCCUPIED)
    for state in (UnitState.UNDELIVERED, UnitState.DELIVERED, UnitState.FITTING_OUT, UnitState.OCCUPIED):
        unit.change(state=state)

    assert unit.state is UnitState.OCCUPIED and unit.version == 5


def test_a_code_is_spoken_as_residents_say_it():
    building = SimpleNamespace(name_zh="3栋", name_en="Building 3")
    entrance = {"name_zh": "2单元", "name_en": "Entrance 2"}

    assert spoken(building, entrance, "3-2-0601") == ("3栋2单元601", "Building 3, Entrance 2, 601")
    assert spoken(SimpleNamespace(name_zh="商铺", name_en="Shops"), None, "S-01") == ("商铺S-01", "Shops, S-01")


# ── people and homes ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_person_is_told_of_with_sealed_numbers_only():
    person = Person.register(operator_id=OPERATOR, name="王芳", language="zh-CN", phone="+8613800000001")

    fact = last(person)
    assert fact.name == "王芳" and fact.email_sealed is None
    assert "13800000001" not in str(fact) and private.unseal(fact.phone_sealed) == "+8613800000001"


def test_a_new_number_is_found_and_the_old_one_is_not():
    person = Person.register(operator_id=OPERATOR, name="王芳", language="zh-CN", phone="+8613800000001")

    person.change(phone="+8613800000002")
    assert person.phone_index == private.blind_index("+8613800000002")

    person.change(phone=None)
    assert person.phone_index is None and last(person).phone_sealed is None


def an_occupancy(**facts) -> Occupancy:
    ids = {"operator_id": OPERATOR, "estate_id": new_id(), "unit_id": new_id(), "person_id": new_id()}
    return Occupancy.register(**{**ids, "relation": Relation.OWNER, "starts_on": date(2026, 1, 1), **facts})


def test_an_occupancy_cannot_end_before_it_starts():
    with pytest.raises(Invalid):
        an_occupancy(ends_on=date(2025, 12, 31))
    with pytest.raises(Invalid):
        an_occupancy().end(date(2025, 12, 31))


def test_an_occupancy_ends_once():
    occupancy = an_occupancy()

    occupancy.end(date(2026, 6, 30))

    assert said(occupancy) == ["OccupancyStarted", "OccupancyEnded"] and last(occupancy).ends_on == date(2026, 6, 30)
    with pytest.raises(AlreadyEnded):
        occupancy.end(date(2026, 7, 31))


def test_what_was_declared_void_stays_so():
    occupancy = an_occupancy()

    occupancy.declare_void()

    assert last(occupancy).void is True
    for act in (
        occupancy.declare_void,
        lambda: occupancy.end(date(2026, 2, 1)),
        lambda: occupancy.change(ends_on=None),
    ):
        with pytest.raises(AlreadyEnded):
            act()


# ── staff ────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_technician(*certificates) -> Staff:
    roles = [{"role": "technician", "scope": f"estate:{new_id()}"}]
    return Staff.register(id=new_id(), operator_id=OPERATOR, roles=roles, certificates=certificates, engaged_at=NOON)


def a_certificate(expires_on: date | None) -> dict:
    return {"kind": "低压电工证", "skill": "electrician", "number": "DY-1", "expires_on": expires_on}


def test_a_certificate_is_warned_of_once_and_said_to_be_over_once():
    technician = a_technician(a_certificate(date(2026, 12, 15)))
    assert technician.certificate_due == date(2026, 11, 15)

    for day in (date(2026, 11, 14), date(2026, 11, 15), date(2026, 11, 30), date(2026, 12, 15)):
        technician.watch_certificates(day)
    assert said(technician) == ["StaffEngaged", "StaffCertificateExpiring"]
    assert technician.certificate_due == date(2026, 12, 16)

    for day in (date(2026, 12, 16), date(2027, 1, 1)):
        technician.watch_certificates(day)
    assert said(technician)[2:] == ["StaffCertificateExpired"] and technician.certificate_due is None


def test_a_certificate_without_expiry_is_never_due():
    assert a_technician(a_certificate(None)).certificate_due is None


def test_a_renewed_certificate_is_warned_of_again():
    technician = a_technician(a_certificate(date(2026, 11, 1)))
    technician.watch_certificates(date(2026, 11, 23))

    technician.change(certificates=[a_certificate(date(2029, 11, 1))])

    assert technician.certificate_due == date(2029, 10, 2)


def test_other_changes_do_not_repeat_a_warning():
    technician = a_technician(a_certificate(date(2026, 11, 1)))
    technician.watch_certificates(date(2026, 11, 23))

    technician.change(skills=["plumber"], certificates=[a_certificate(date(2026, 11, 1))])

    assert technician.watch_certificates(date(2026, 11, 24)) == 0


def test_who_left_holds_no_role_until_engaged_again():
    technician = a_technician()

    technician.leave(NOON)
    assert (technician.roles, technician.scopes, last(technician).active) == ([], [], False)
    with pytest.raises(NotEngaged):
        technician.change(skills=[])

    technician.engage_again(NOON, roles=[{"role": "inspector", "scope": "operator"}])
    assert said(technician) == ["StaffEngaged", "StaffLeft", "StaffEngaged"] and technician.rank == 1


# ── rosters ──────────────────────────────────────────────────────────────────────────────────────────────────────


def a_shift(*people: UUID, begins="20:00", ends="08:00") -> Shift:
    where = {"estate_id": new_id(), "region_id": None, "timezone": "Asia/Shanghai"}
    named = {"name_zh": "夜班", "name_en": "Night", "role": "dispatcher", "level": 1}
    return Shift.register(
        operator_id=OPERATOR, **where, **named, begins=begins, ends=ends, rotation=people, starts_on=date(2026, 11, 23)
    )


def test_a_night_shift_ends_on_the_next_day_and_people_take_turns():
    first, second = new_id(), new_id()

    duties = a_shift(first, second).plan(NOON)

    assert [duty.person_id for duty in duties[:3]] == [first, second, first] and len(duties) == 15
    assert duties[0].starts_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert duties[0].ends_at == datetime(2026, 11, 24, 0, tzinfo=UTC)


def test_a_shift_that_began_long_ago_is_planned_from_where_we_are():
    shift = a_shift(new_id(), new_id())
    shift.starts_on = shift.planned_until = date(1900, 1, 1)

    assert len(shift.plan(NOON)) == 15


def test_a_shift_around_the_clock_leaves_no_gap():
    duties = a_shift(new_id(), begins="00:00", ends="00:00").plan(NOON)

    assert all(one.ends_at == next_.starts_at for one, next_ in pairwise(duties))


def test_what_was_planned_is_not_planned_again():
    shift = a_shift(new_id())
    shift.plan(NOON)

    assert shift.plan(NOON) == []


def test_a_duty_that_is_over_stays_as_it_was():
    duty = a_shift(new_id()).plan(NOON)[0]

    with pytest.raises(DutyOver):
        duty.change(at=duty.ends_at, person_id=new_id())
    duty.cancel(NOON)
    with pytest.raises(DutyOver):
        duty.cancel(NOON)


def test_a_duty_ends_after_it_begins():
    with pytest.raises(Invalid):
        Duty(role="dispatcher", level=1, person_id=new_id(), starts_at=NOON, ends_at=NOON)


# ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────


def an_account() -> Account:
    return Account(operator_id=OPERATOR, person_id=new_id(), login="Fang@Home.example")


def test_the_first_password_opens_the_account_and_a_later_one_voids_its_tokens():
    account = an_account()

    account.set_password("one", NOON)
    assert (said(account), account.state, account.epoch) == (["AccountOpened"], AccountState.ACTIVE, 0)

    account.set_password("two", NOON)
    assert said(account)[1:] == ["AccountRevoked"] and last(account).epoch == 1


def test_an_invitation_carries_its_token_sealed():
    account = an_account()

    account.invite("the token", expires_at=NOON)

    assert "the token" not in str(last(account)) and private.unseal(last(account).token_sealed) == "the token"
    assert last(account).subject == account.person_id


def test_a_disabled_account_says_so_and_comes_back_as_it_was():
    account = an_account()
    account.disable()
    assert last(account).state is AccountState.DISABLED and isinstance(last(account), events.AccountRevoked)

    account.enable()
    assert account.state is AccountState.INVITED  # it never had a password


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "fang fang fang", "x" * 129])
def test_a_password_that_is_easy_to_guess_is_refused(password):
    with pytest.raises(Invalid):
        passwords.check(password, "fang@home.example")


def test_every_entity_restates_itself_in_the_words_of_its_changes():
    for thing in (a_unit(), an_occupancy(), a_technician(), a_shift(new_id()), an_account()):
        assert thing.restated().__class__.__name__.endswith("Restated")
