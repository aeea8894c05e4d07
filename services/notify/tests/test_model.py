"""Rules of deliveries and preferences, without a database."""

from datetime import UTC, datetime, time, timedelta

import pytest

from chassis.errors import Invalid
from chassis.ids import new_id
from services.notify.events import Category, Channel, DeliveryFailed, PreferenceChanged
from services.notify.model import (
    CHOSEN,
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    Delivery,
    IllegalMove,
    Preference,
    State,
    after_quiet,
    backoff,
)

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
EVERYTHING = {category.value: list(Channel) for category in CHOSEN}


def a_delivery(**facts) -> Delivery:
    ids = {"message_id": new_id(), "event_id": new_id(), "person_id": new_id()}
    return Delivery(**{**ids, "channel": Channel.SMS, "template": "t", "letter": "sealed", "created_at": NOW, **facts})


def facts(entity) -> list:
    return [fact for _, fact, _ in vars(entity).get("recorded", [])]


def test_a_delivery_is_claimed_sent_and_confirmed_and_its_words_are_forgotten():
    delivery = a_delivery()

    delivery.claim(until=NOW + timedelta(minutes=2))
    delivery.sent("p-1", NOW)
    delivery.delivered(NOW)

    assert (delivery.state, delivery.attempts, delivery.letter, facts(delivery)) == (State.DELIVERED, 1, None, [])


def test_a_delivery_that_is_over_cannot_be_sent_again():
    delivery = a_delivery(state=State.DELIVERED)

    with pytest.raises(IllegalMove, match="delivered cannot become sending"):
        delivery.claim(until=NOW)


def test_a_delivery_is_tried_again_later_each_time():
    delivery = a_delivery()

    delivery.claim(until=NOW)
    delivery.postpone("busy", NOW)

    assert delivery.state is State.PENDING and delivery.letter
    assert timedelta(seconds=24) <= delivery.next_attempt_at - NOW <= timedelta(seconds=36)


def test_a_provider_may_say_when_to_come_back():
    delivery = a_delivery()

    delivery.claim(until=NOW)
    delivery.postpone("busy", NOW, wait=timedelta(minutes=7))

    assert delivery.next_attempt_at == NOW + timedelta(minutes=7)


def test_a_delivery_fails_for_good_after_the_last_attempt_and_says_so():
    delivery = a_delivery(attempts=MOST_ATTEMPTS - 1)

    delivery.claim(until=NOW)
    delivery.postpone("busy", NOW)

    assert (delivery.state, delivery.letter, delivery.version) == (State.FAILED, None, 1)
    (said,) = facts(delivery)
    assert isinstance(said, DeliveryFailed) and (said.reason, said.attempts) == ("busy", MOST_ATTEMPTS)


def test_what_is_given_back_untried_costs_no_attempt():
    delivery = a_delivery()

    delivery.claim(until=NOW)
    delivery.give_back(NOW)

    assert (delivery.state, delivery.attempts, delivery.next_attempt_at) == (State.PENDING, 0, NOW)


def test_waits_double_up_to_a_limit_and_are_never_all_the_same():
    waits = [backoff(8) for _ in range(20)]

    assert len(set(waits)) > 1
    assert backoff(1) < backoff(3) < backoff(6)
    assert backoff(40) <= LONGEST_WAIT * 1.2


@pytest.mark.parametrize(
    ("at", "awake"),
    [
        ("2026-11-23T13:59:00+00:00", "2026-11-23T13:59:00+00:00"),  # 21:59 in Shanghai
        ("2026-11-23T14:00:00+00:00", "2026-11-23T23:30:00+00:00"),  # 22:00: until 07:30 next day
        ("2026-11-23T17:00:00+00:00", "2026-11-23T23:30:00+00:00"),  # 01:00 at night: until 07:30 the same day
        ("2026-11-23T23:30:00+00:00", "2026-11-23T23:30:00+00:00"),  # 07:30 sharp
    ],
)
def test_quiet_hours_span_midnight_on_the_persons_own_clock(at, awake):
    found = after_quiet(datetime.fromisoformat(at), time(22), time(7, 30), "Asia/Shanghai")

    assert found == datetime.fromisoformat(awake)


def test_quiet_hours_may_lie_within_a_day():
    noon = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)  # 12:30 in Shanghai

    assert after_quiet(noon, time(12), time(14), "Asia/Shanghai") == datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
    assert after_quiet(noon, time(13), time(14), "Asia/Shanghai") == noon


def test_without_a_choice_everything_comes_by_every_channel():
    assert all(Preference().wants(category) == tuple(Channel) for category in Category)


def test_a_choice_is_kept_and_said():
    preference = Preference(id=new_id())

    channels = {**EVERYTHING, "rating": [Channel.IN_APP]}
    preference.change(channels=channels, quiet_from=time(22), quiet_until=time(7, 30), timezone="Asia/Shanghai")

    assert preference.wants(Category.RATING) == (Channel.IN_APP,)
    (said,) = facts(preference)
    assert isinstance(said, PreferenceChanged) and (said.quiet_from, said.quiet_until) == ("22:00", "07:30")


def test_legal_notices_cannot_leave_the_app():
    channels = {**EVERYTHING, "legal": [Channel.SMS]}

    with pytest.raises(Invalid):
        Preference(id=new_id()).change(channels=channels, quiet_from=None, quiet_until=None, timezone="Asia/Shanghai")


def test_messages_about_ones_account_cannot_be_turned_off():
    preference = Preference(channels={"account": []})

    assert preference.wants(Category.ACCOUNT) == tuple(Channel)
