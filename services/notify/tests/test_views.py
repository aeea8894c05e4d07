"""Door 1: one's own messages and preferences, staff's view of deliveries, the provider's receipts."""

import threading
from urllib.parse import quote

import orjson
import pytest
from werkzeug.serving import make_server

from chassis.clock import Clock
from chassis.ids import new_id
from chassis.testing import a_person
from services.notify.channels import signed
from services.notify.tests.conftest import SECRET
from services.notify.tests.factories import (
    a_resident,
    an_estate,
    begun,
    deliveries,
    letters,
    tick,
)

EVERYTHING = ["in_app", "email", "sms"]


@pytest.fixture
def owner(notify, place):
    return a_resident(notify, place)


def signed_in(notify, place, id=None, roles=()):
    return notify.client(a_person(operator_id=place.operator_id, id=id, roles=roles))


def tell(notify, place, owner, times=1, **facts) -> None:
    for _ in range(times):
        begun(notify, place, owner, **facts)
        notify.clock.advance(seconds=1)


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_is_seen_as_published(notify, place, owner):
    ticket_id = new_id()
    tell(notify, place, owner, ticket_id=ticket_id)

    answer = signed_in(notify, place, owner).get("/messages")

    (message,) = answer.json["items"]
    assert list(message) == ["id", "template", "subject", "body", "about", "created_at", "read_at"]
    assert message["about"] == {"type": "ticket", "id": str(ticket_id)}
    assert (message["template"], message["read_at"]) == ("tickets.ticket.started", None)
    assert message["created_at"] == "2026-11-23T01:00:00Z"


def test_the_newest_come_first_page_by_page(notify, place, owner):
    tell(notify, place, owner, times=5)
    client = signed_in(notify, place, owner)

    pages, after = [], ""
    while after is not None:
        page = client.get(f"/messages?limit=2{after and '&after=' + quote(after)}").json
        pages.append([each["created_at"] for each in page["items"]])
        after = page["next"]

    times = [at for page in pages for at in page]
    assert [len(page) for page in pages] == [2, 2, 1] and times == sorted(times, reverse=True)


def test_reading_counts_once(notify, place, owner):
    tell(notify, place, owner, times=3)
    client = signed_in(notify, place, owner)
    first = client.get("/messages").json["items"][0]["id"]

    read = client.post(f"/messages/{first}/read").json["read_at"]
    notify.clock.advance(hours=1)

    assert client.post(f"/messages/{first}/read").json["read_at"] == read
    assert client.get("/messages/unread-count").json == {"count": 2}
    assert len(client.get("/messages?unread=true").json["items"]) == 2
    assert [each["id"] for each in client.get("/messages?unread=false").json["items"]] == [first]


def test_everything_can_be_read_at_once(notify, place, owner):
    tell(notify, place, owner, times=3)
    client = signed_in(notify, place, owner)

    assert client.post("/messages/read-all").json == {"read": 3}
    assert client.post("/messages/read-all").json == {"read": 0}
    assert client.get("/messages/unread-count").json == {"count": 0}


def test_nobody_sees_or_reads_another_persons_messages(notify, place, owner):
    """Not the neighbour, not the manager, not somebody of the same id at another operator."""
    tell(notify, place, owner)
    (message,) = signed_in(notify, place, owner).get("/messages").json["items"]
    others = [
        signed_in(notify, place, a_resident(notify, place, "co_owner")),
        signed_in(notify, place, roles=["head_office@operator"]),
        signed_in(notify, an_estate(notify), owner),
    ]

    for other in others:
        assert other.get("/messages").json["items"] == []
        assert other.get("/messages/unread-count").json == {"count": 0}
        assert other.post("/messages/read-all").json == {"read": 0}
        assert other.post(f"/messages/{message['id']}/read").status_code == 404
    assert signed_in(notify, place, owner).get("/messages/unread-count").json == {"count": 1}


def test_without_a_token_there_is_nothing(notify):
    for path in ("/messages", "/messages/unread-count", "/preferences", "/deliveries"):
        assert notify.client().get(path).status_code == 401


@pytest.mark.parametrize("query", ["?unread=perhaps", "?limit=0", "?limit=201", "?after=made-up", "?person_id=1"])
def test_a_question_that_makes_no_sense_is_refused(notify, place, owner, query):
    assert signed_in(notify, place, owner).get(f"/messages{query}").status_code == 422


# ── preferences ──────────────────────────────────────────────────────────────────────────────────────────────────


def choose(client, version, **wish):
    return client.put("/preferences", wish, headers={"If-Match": f'"{version}"'})


def test_until_somebody_chooses_everything_comes_by_every_channel(notify, place, owner):
    answer = signed_in(notify, place, owner).get("/preferences")

    assert answer.headers["ETag"] == '"0"'
    assert answer.json["channels"] == dict.fromkeys(
        ("tickets", "rating", "notices", "work", "alerts", "legal"), EVERYTHING
    )
    assert (answer.json["quiet_from"], answer.json["timezone"]) == (None, "Asia/Shanghai")


def test_a_choice_is_kept_and_followed(notify, place, owner, mail, provider):
    client = signed_in(notify, place, owner)

    answer = choose(client, 0, channels={"tickets": ["email"]}, quiet_from="22:00", quiet_until="07:30")
    tell(notify, place, owner)
    tick(notify)

    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert client.get("/preferences").json == answer.json
    assert answer.json["channels"]["tickets"] == ["email"] and answer.json["quiet_until"] == "07:30"
    assert (len(letters(mail)), provider.messages(), client.get("/messages").json["items"]) == (1, [], [])
    assert len(notify.said("notify.preference.changed.v1")) == 1


def test_two_choices_at_once_do_not_overwrite_each_other(notify, place, owner):
    client = signed_in(notify, place, owner)

    assert choose(client, 0, timezone="Asia/Tokyo").status_code == 200
    assert choose(client, 0, timezone="Asia/Seoul").status_code == 412
    assert choose(client, 1, timezone="Asia/Seoul").status_code == 200
    assert client.put("/preferences", {}).status_code == 428


def test_a_first_choice_against_a_version_that_never_was_is_refused(notify, place, owner):
    assert choose(signed_in(notify, place, owner), 3).status_code == 412


@pytest.mark.parametrize(
    "wish",
    [
        {"channels": {"legal": ["sms"]}},
        {"channels": {"account": []}},
        {"channels": {"tickets": ["pigeon"]}},
        {"channels": {"tickets": ["sms", "sms", "sms", "sms"]}},
        {"quiet_from": "22:00"},
        {"quiet_from": "late", "quiet_until": "07:00"},
        {"timezone": "Mars/Olympus"},
        {"person_id": "0193a0c0-0000-7000-8000-000000000001"},
    ],
)
def test_a_wish_that_cannot_be_followed_is_refused_with_a_reason(notify, place, owner, wish):
    answer = choose(signed_in(notify, place, owner), 0, **wish)

    assert answer.status_code == 422 and answer.json["errors"]


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_manager_sees_how_messages_of_the_estate_fare_without_words_or_addresses(notify, place, owner):
    tell(notify, place, owner)
    tick(notify)
    manager = signed_in(notify, place, roles=[f"estate_manager@estate:{place.estate_id}"])

    page = manager.get(f"/deliveries?estate_id={place.estate_id}")

    assert {(each["channel"], each["state"]) for each in page.json["items"]} == {
        ("in_app", "delivered"),
        ("email", "sent"),
        ("sms", "sent"),
    }
    assert "13800001111" not in page.text and "R2611230001" not in page.text
    assert len(manager.get("/deliveries?state=sent&channel=sms").json["items"]) == 1
    assert manager.get(f"/deliveries?person_id={new_id()}").json["items"] == []


def test_a_region_manager_sees_the_regions_estates(notify, place, owner):
    tell(notify, place, owner)
    region = signed_in(notify, place, roles=[f"region_manager@region:{place.region_id}"])
    elsewhere = signed_in(notify, place, roles=[f"region_manager@region:{new_id()}"])

    assert len(region.get("/deliveries").json["items"]) == 3
    assert elsewhere.get("/deliveries").status_code == 403


def test_staff_of_another_estate_or_operator_see_none_of_it(notify, place, owner):
    tell(notify, place, owner)
    sister = an_estate(notify, operator_id=place.operator_id)
    others = [
        signed_in(notify, place, roles=[f"estate_manager@estate:{sister.estate_id}"]),
        signed_in(notify, an_estate(notify), roles=["head_office@operator"]),
        signed_in(notify, an_estate(notify), roles=[f"estate_manager@estate:{place.estate_id}"]),
    ]

    for other in others:
        assert other.get(f"/deliveries?estate_id={place.estate_id}").json["items"] == []


def test_an_owner_or_technician_may_not_look_at_deliveries(notify, place, owner):
    for role in (f"owner@unit:{place.unit_id}", f"technician@estate:{place.estate_id}"):
        assert signed_in(notify, place, owner, [role]).get("/deliveries").status_code == 403


# ── receipts ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def sent(notify, place, owner):
    """A text message that the provider took."""
    tell(notify, place, owner)
    tick(notify)
    (delivery,) = deliveries(notify, "sms")
    return delivery


def receipt(notify, delivery, secret=SECRET, at=None, **facts):
    said = {"id": "p-1", "key": delivery.key, "reference": delivery.reference, "state": "delivered", **facts}
    body = orjson.dumps(said)
    headers = {"Content-Type": "application/json", **signed(secret, body, at or notify.clock.now().timestamp())}
    return notify.client().post("/sms-receipts", data=body, headers=headers)


def state_of(notify, delivery) -> tuple:
    with notify.work() as work:
        found = work.get(type(delivery), delivery.id)
        return found.state, found.last_error


def test_a_receipt_says_that_it_arrived_and_again_changes_nothing(notify, sent):
    answers = [receipt(notify, sent).status_code for _ in range(5)]
    late_failure = receipt(notify, sent, state="failed").status_code

    assert (answers, late_failure) == ([204] * 5, 204)
    assert state_of(notify, sent) == ("delivered", None)


def test_a_receipt_says_that_it_never_will(notify, sent):
    assert receipt(notify, sent, state="failed", reason="switched off").status_code == 204

    assert state_of(notify, sent) == ("failed", "switched off")
    assert len(notify.said("notify.delivery.failed.v1")) == 1


def test_a_forged_altered_or_old_receipt_changes_nothing(notify, sent):
    now = notify.clock.now().timestamp()
    good = orjson.dumps({"id": "p", "key": sent.key, "reference": sent.reference, "state": "delivered"})
    other = {"Content-Type": "application/json", **signed(SECRET, good.replace(b"delivered", b"failed"), now)}

    assert receipt(notify, sent, secret="guessed").status_code == 401
    assert receipt(notify, sent, at=now - 301).status_code == 401
    assert notify.client().post("/sms-receipts", data=good, headers=other).status_code == 401
    assert state_of(notify, sent) == ("sent", None)


def test_a_receipt_for_another_operators_door_finds_nothing(notify, sent):
    assert receipt(notify, sent, reference=f"{new_id()}:{sent.id}").status_code == 404
    assert receipt(notify, sent, reference="made-up").status_code == 422


def test_without_a_shared_secret_no_receipt_is_believed(notify, sent):
    notify.runtime.own_settings.sms_secret = ""

    assert receipt(notify, sent, secret="").status_code == 401


def test_the_provider_reports_by_itself_over_http(notify, place, provider):
    """The whole way: our request out, its receipt back in through the public door."""
    notify.clock = notify.runtime.clock = Clock()  # the provider signs by the real time
    server = make_server("127.0.0.1", 0, notify.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    notify.runtime.own_settings.sms_receipts_url = f"http://127.0.0.1:{server.port}/api/notify/v1/sms-receipts"
    begun(notify, place, a_resident(notify, place, phone="+8613800001111"))
    begun(notify, place, a_resident(notify, place, phone="+8613800000000"))

    notify.tick()
    provider.receipts.join()
    server.shutdown()
    thread.join()
    server.server_close()

    assert sorted(str(each.state) for each in deliveries(notify, "sms")) == ["delivered", "failed"]
