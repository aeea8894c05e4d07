"""Sending: once, in the hours a person allows, again after trouble, and not for ever."""

import smtplib
from datetime import date, time, timedelta

import pytest
import requests
from sqlalchemy import select

from chassis.actor import SYSTEM
from chassis.ids import new_id
from chassis.private import seal
from chassis.servers import free_port
from services.notify import jobs
from services.notify.channels import Sms
from services.notify.model import MOST_ATTEMPTS, Delivery, Message, Person, Preference, State
from services.notify.reactions import directory, tickets
from services.notify.tests.factories import (
    EN,
    a_resident,
    a_ticket,
    begun,
    deliveries,
    hear,
    letters,
    messages,
    somebody,
    tick,
)


@pytest.fixture
def owner(notify, place):
    return a_resident(notify, place)


def state_of(notify, channel) -> tuple:
    (delivery,) = deliveries(notify, channel)
    return delivery.state, delivery.attempts


def quiet(notify, place, person_id, begin=time(9), end=time(10, 30)) -> None:
    """The tests' clock begins at nine in the morning in Shanghai."""
    with notify.work() as work:
        work.add(Preference(id=person_id, operator_id=place.operator_id, quiet_from=begin, quiet_until=end))


# ── it arrives ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_arrives_by_mail_and_phone_in_the_persons_words(notify, place, mail, provider):
    owner = a_resident(notify, place, language=EN, name="Fang Wang")
    envelope = begun(notify, place, owner)

    tick(notify)

    (letter,) = letters(mail)
    assert (letter["To"], letter["Subject"]) == ("fang@example.com", "Work has begun: Plumbing · leak")
    plain, html = letter.get_body(("plain",)).get_content(), letter.get_body(("html",)).get_content()
    assert "Dear Fang Wang" in plain and "https://linli.example/tickets/" in plain and "<html" in html
    (text,) = provider.messages()
    assert text["to"] == "+8613800001111" and text["text"].startswith("Heyue Garden: work has begun")
    assert text["key"] == f"{envelope.id}:{owner}:sms"
    assert (state_of(notify, "email"), state_of(notify, "sms")) == (("sent", 1), ("sent", 1))


def test_what_was_sent_is_not_sent_again_and_its_words_are_gone(notify, place, owner, mail, provider):
    envelope = begun(notify, place, owner)

    for _ in range(3):
        notify.deliver(envelope)
        tick(notify)

    assert (len(letters(mail)), len(provider.messages())) == (1, 1)
    assert all(each.letter is None for each in deliveries(notify))


def test_an_invitation_carries_its_token_behind_the_hash(notify, place, mail, provider):
    person = somebody(notify, place)
    fact = directory.AccountInvited(
        account_id=new_id(),
        person_id=person,
        login_sealed=seal("fang"),
        token_sealed=seal("only-for-fang"),
        expires_at=notify.clock.now() + timedelta(days=3),
    )
    notify.hear(fact, operator_id=place.operator_id)

    tick(notify)

    assert "https://linli.example/welcome#only-for-fang" in letters(mail)[0].get_body(("plain",)).get_content()
    assert "https://linli.example/welcome#only-for-fang" in provider.messages()[0]["text"]


def test_a_channel_without_an_address_or_a_server_is_not_tried(notify, place, mail):
    notify.runtime.own_settings.sms_url = ""
    owner = a_resident(notify, place, email=None)
    begun(notify, place, owner)

    tick(notify)

    assert [each.channel for each in deliveries(notify)] == ["in_app"]


def test_the_newest_address_is_used(notify, place, owner, mail):
    begun(notify, place, owner)
    somebody(notify, place, id=owner, email="new@example.com", sequence=2)

    tick(notify)

    assert letters(mail)[0]["To"] == "new@example.com"


def test_an_address_that_was_withdrawn_ends_the_delivery(notify, place, owner):
    begun(notify, place, owner)
    somebody(notify, place, id=owner, email=None, phone=None, sequence=2)

    tick(notify)

    assert (state_of(notify, "email")[0], state_of(notify, "sms")[0]) == ("failed", "failed")


def test_an_address_that_no_key_opens_holds_up_nobody_else(notify, place, owner, mail):
    lost = a_resident(notify, place, since=date(2027, 1, 1))
    with notify.work() as work:
        work.get(Person, lost).email_sealed = "sealed-under-a-lost-key"
    begun(notify, place, lost)
    begun(notify, place, owner)

    tick(notify)

    assert [each.state for each in deliveries(notify, "email", lost)] == [State.FAILED]
    assert len(letters(mail)) == 1


# ── in hours that suit ───────────────────────────────────────────────────────────────────────────────────────────


def test_quiet_hours_hold_back_mail_and_text_but_not_the_app(notify, place, owner, mail, provider):
    quiet(notify, place, owner)
    begun(notify, place, owner)

    tick(notify, minutes=89)
    assert (letters(mail), provider.messages(), len(messages(notify, owner))) == ([], [], 1)

    tick(notify, minutes=2)
    assert (len(letters(mail)), len(provider.messages())) == (1, 1)


def test_an_emergency_wakes_people(notify, place, owner, mail, provider):
    quiet(notify, place, owner)
    begun(notify, place, owner, urgency="emergency")

    tick(notify)

    assert (len(letters(mail)), len(provider.messages())) == (1, 1)


def test_an_escalation_wakes_the_next_on_duty(notify, place, owner, provider):
    manager = a_resident(notify, place)
    quiet(notify, place, manager)
    limit = {"clock": "review", "due_at": notify.clock.now(), "told": [manager]}
    hear(notify, place, a_ticket(tickets.ClockEscalated, place, owner, **limit))

    tick(notify)

    assert len(provider.messages()) == 1


# ── trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────


def trouble(provider, status: int, times: int) -> None:
    """Tell the provider to fail, by its own door."""
    asked = {"status": status, "times": times}
    assert requests.post(f"http://127.0.0.1:{provider.server_port}/trouble", json=asked, timeout=5).ok


def test_a_busy_provider_is_tried_again_after_a_while(notify, place, owner, provider):
    trouble(provider, 503, times=1)
    begun(notify, place, owner)

    tick(notify)
    assert state_of(notify, "sms") == (State.PENDING, 1)
    tick(notify, seconds=10)
    assert provider.messages() == []
    tick(notify, seconds=40)

    assert state_of(notify, "sms") == (State.SENT, 2) and len(provider.messages()) == 1


def test_a_mail_server_that_says_later_is_tried_again(notify, place, owner, mail):
    mail.handler.trouble = ["451 later"]
    begun(notify, place, owner)

    tick(notify)
    assert state_of(notify, "email") == (State.PENDING, 1) and letters(mail) == []
    tick(notify, minutes=1)

    assert state_of(notify, "email") == (State.SENT, 2) and len(letters(mail)) == 1


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_what_the_outside_will_never_take_fails_at_once_and_is_said(notify, place, owner, mail, provider, channel):
    mail.handler.trouble = ["554 no such thing"]
    trouble(provider, 422, times=1)
    begun(notify, place, owner)

    tick(notify)

    assert state_of(notify, channel) == (State.FAILED, 1)
    said = {each.data["channel"]: each.data for each in notify.said("notify.delivery.failed.v1")}
    assert said[channel]["person_id"] == str(owner) and "answered" in said[channel]["reason"]


def test_after_the_last_attempt_it_is_over(notify, place, owner, provider):
    trouble(provider, 503, times=100)
    begun(notify, place, owner)

    for _ in range(MOST_ATTEMPTS + 2):
        tick(notify, hours=8)

    assert state_of(notify, "sms") == (State.FAILED, MOST_ATTEMPTS)
    assert len(notify.said("notify.delivery.failed.v1")) == 1


def test_a_mail_server_that_is_gone_holds_up_no_text_message(notify, place, owner, mail, provider):
    notify.runtime.own_settings.smtp_port = free_port()
    for _ in range(3):
        begun(notify, place, owner)

    tick(notify)

    assert len(provider.messages()) == 3
    assert sorted(each.attempts for each in deliveries(notify, "email")) == [0, 0, 1], "one try told enough"
    assert {each.state for each in deliveries(notify, "email")} == {State.PENDING}


def test_a_mail_server_that_is_back_gets_everything(notify, place, owner, mail):
    port, notify.runtime.own_settings.smtp_port = mail.port, free_port()
    for _ in range(3):
        begun(notify, place, owner)
    tick(notify)

    notify.runtime.own_settings.smtp_port = port
    tick(notify, minutes=1)

    assert len(letters(mail)) == 3


# ── crashes and company ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_crash_between_sending_and_noting_sends_again_and_the_provider_knows_the_repeat(
    notify, place, owner, provider, mail
):
    begun(notify, place, owner)
    for channel, sent in (
        ("sms", Sms(notify.runtime.own_settings)),
        ("email", jobs.outside(notify.runtime.own_settings)["email"]),
    ):
        (claimed,) = jobs.claim(notify.runtime, channel)
        sent.send(claimed.parcel)
        sent.close()  # and here the process dies

    tick(notify)
    assert state_of(notify, "sms") == (State.SENDING, 1), "the lease still runs"
    tick(notify, minutes=3)

    assert state_of(notify, "sms") == (State.SENT, 2) and len(provider.messages()) == 1
    first, again = letters(mail)
    assert first["Message-ID"] == again["Message-ID"]


def test_two_senders_at_once_do_not_send_the_same(notify, place, owner):
    for _ in range(4):
        begun(notify, place, owner)

    with notify.runtime.work(SYSTEM, system=True) as other:
        held = other.due(select(Delivery).where(Delivery.channel == "sms").order_by(Delivery.id), limit=1)
        claimed = jobs.claim(notify.runtime, "sms")

    assert len(claimed) == 3 and held[0].id not in {each.delivery_id for each in claimed}


def test_the_outcome_of_a_lost_lease_does_not_count(notify, place, owner):
    begun(notify, place, owner)
    (slow,) = jobs.claim(notify.runtime, "sms")
    notify.clock.advance(minutes=3)
    (second,) = jobs.claim(notify.runtime, "sms")

    jobs.note(notify.runtime, slow, Delivery.fail, "too late to say")
    assert state_of(notify, "sms") == (State.SENDING, 2)

    jobs.note(notify.runtime, second, Delivery.sent, "p-2")
    assert state_of(notify, "sms") == (State.SENT, 2)


def test_a_receipt_may_be_faster_than_our_own_note(notify, place, owner):
    begun(notify, place, owner)
    (claimed,) = jobs.claim(notify.runtime, "sms")
    with notify.work() as work:
        work.take(Delivery, claimed.delivery_id).delivered(work.now)

    jobs.note(notify.runtime, claimed, Delivery.sent, "p-1")

    assert state_of(notify, "sms") == (State.DELIVERED, 1)


def test_a_batch_that_takes_too_long_is_given_back(notify, place, owner, provider, monkeypatch):
    monkeypatch.setattr(jobs, "BUDGET", 0.0)
    begun(notify, place, owner)

    tick(notify)

    assert state_of(notify, "sms") == (State.PENDING, 0) and provider.messages() == []


def test_no_transaction_is_open_while_the_network_is_slow(notify, place, owner, monkeypatch):
    notify.runtime.own_settings.sms_url = ""
    open_transactions = []

    def slow(*_args, **_kwargs):
        with notify.runtime.transaction(system=True) as session:
            idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%%'"
            open_transactions.append(session.connection().exec_driver_sql(idle).scalar())
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(smtplib.SMTP, "send_message", slow)
    begun(notify, place, owner)

    tick(notify)

    assert open_transactions == [0]


def test_a_fault_of_our_own_holds_up_nobody_and_climbs_the_same_ladder(notify, place, owner, monkeypatch):
    notify.runtime.own_settings.sms_url = ""
    monkeypatch.setattr(smtplib.SMTP, "send_message", lambda *_args, **_kwargs: 1 / 0)
    begun(notify, place, owner)

    tick(notify)

    assert state_of(notify, "email") == (State.PENDING, 1)
    assert deliveries(notify, "email")[0].last_error == "ZeroDivisionError"


def test_many_messages_go_in_batches(notify, place, owner, provider, monkeypatch):
    monkeypatch.setattr(jobs, "BATCH", 3)
    for _ in range(7):
        begun(notify, place, owner)

    for _ in range(3):
        tick(notify)

    assert len(provider.messages()) == 7
    with notify.work() as work:
        assert len(work.scalars(select(Message))) == 7
