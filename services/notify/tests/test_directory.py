"""What the directory says: accounts whose words go out, and copies of people."""

from datetime import UTC, datetime

from sqlalchemy import select

from chassis import tables
from chassis.ids import new_id
from chassis.private import seal
from services.notify.model import Delivery, Message, Person, Staff
from services.notify.reactions import directory
from services.notify.tests.factories import (
    a_colleague,
    deliveries,
    desk_told,
    somebody,
)

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


# ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────


def an_invitation(person_id):
    return directory.AccountInvited(
        account_id=new_id(),
        person_id=person_id,
        login_sealed=seal("fang"),
        token_sealed=seal("only-for-fang"),
        expires_at=AT,
    )


def test_an_invitation_goes_out_with_its_token_which_is_nowhere_in_plain_text(notify, place):
    person = somebody(notify, place)

    notify.hear(an_invitation(person), operator_id=place.operator_id)

    assert {each.channel for each in deliveries(notify)} == {"in_app", "email", "sms"}
    with notify.work() as work:
        rows = [vars(row) for kind in (Message, Delivery) for row in work.scalars(select(kind))]
        records = work.scalars(select(tables.audit.c.changes)) + work.scalars(select(tables.outbox.c.event))
    assert "only-for-fang" not in str(rows) + str(records)


def test_somebody_without_any_address_cannot_be_invited_and_that_is_said(notify, place):
    person = somebody(notify, place, phone=None, email=None)

    notify.hear(an_invitation(person), operator_id=place.operator_id)

    (said,) = notify.said("notify.delivery.failed.v1")
    assert (said.data["person_id"], said.data["reason"]) == (str(person), "no address is known")


def test_a_new_password_is_offered_even_to_who_wants_no_messages(notify, place):
    person = somebody(notify, place, phone=None)
    wish = {category: ["in_app"] for category in ("tickets", "rating", "notices", "work", "alerts", "legal")}
    client = notify.client(a_signed_in(place, person))
    client.put("/preferences", {"channels": wish}, headers={"If-Match": '"0"'})

    asked = directory.AccountResetRequested(
        account_id=new_id(), person_id=person, token_sealed=seal("t"), expires_at=AT
    )
    notify.hear(asked, operator_id=place.operator_id)

    assert {each.channel for each in deliveries(notify)} == {"in_app", "email"}


def a_signed_in(place, person_id):
    from chassis.testing import a_person

    return a_person(operator_id=place.operator_id, id=person_id)


def test_tokens_of_an_earlier_epoch_are_refused_once_the_account_is_revoked(notify, place):
    person = somebody(notify, place)
    client = notify.client(a_signed_in(place, person))

    notify.hear(directory.AccountFacts(subject=person, epoch=1), operator_id=place.operator_id)

    assert client.get("/messages").status_code == 401


# ── copies ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_later_state_of_a_person_is_not_overwritten_by_an_earlier_one(notify, place):
    person = somebody(notify, place, name="王芳", sequence=2)
    somebody(notify, place, name="王小芳", sequence=1, id=person)

    with notify.work() as work:
        assert work.get(Person, person).name == "王芳"


def test_a_colleague_who_left_is_no_longer_told(notify, place):
    desk = a_colleague(notify, place)
    left = directory.StaffFacts(person_id=desk, roles=[], active=False)
    notify.hear(left, operator_id=place.operator_id, sequence=2, of=desk, type="directory.staff.left.v1")

    assert desk_told(notify, place) == set()
    with notify.work() as work:
        assert work.get(Staff, desk).active is False
