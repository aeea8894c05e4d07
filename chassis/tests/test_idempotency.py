"""A POST sent again does nothing again, and gets the first answer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select, text

from chassis import tables
from chassis.http import idempotency
from chassis.ids import new_id
from chassis.testing import a_person
from chassis.tests.kites.model import Kite
from chassis.tests.test_http import E1, E2, HY, PILOT, QY, RED, built, problem

KEY = {"Idempotency-Key": "order-66"}


def how_many(kites):
    with kites.work() as work:
        return work.scalar(select(func.count()).select_from(Kite))


def rows(kites):
    with kites.work() as work:
        return work.execute(select(tables.idempotency)).all()


def test_a_repeat_gets_the_first_answer_and_does_nothing(kites):
    client = kites.client(PILOT)

    first = client.post("/kites", RED, headers=KEY)
    again = client.post("/kites", dict(reversed(RED.items())), headers=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert [again.headers[name] for name in ("ETag", "Location")] == [
        first.headers[name] for name in ("ETag", "Location")
    ]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert how_many(kites) == 1
    assert len(kites.said()) == 1


def test_twenty_at_once_have_one_effect_and_twenty_equal_answers(kites):
    app, token = kites.app, kites.client(PILOT).token()
    ready = Barrier(20)

    def call(_):
        ready.wait()
        headers = {**KEY, "Authorization": f"Bearer {token}"}
        return app.test_client().post("/api/kites/v1/kites", json=RED, headers=headers)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(call, range(20)))

    assert [answer.status_code for answer in answers] == [201] * 20
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 19
    assert how_many(kites) == 1


def test_the_key_of_another_request_is_refused(kites):
    client = kites.client(PILOT)
    client.post("/kites", RED, headers=KEY)

    said = problem(client.post("/kites", {**RED, "colour": "blue"}, headers=KEY), 422)

    assert said["type"] == "urn:linli:problem:key-reused"
    assert how_many(kites) == 1


def test_one_key_on_two_kites_is_two_requests(kites):
    client, one, other = kites.client(PILOT), built(kites), built(kites)
    client.post(f"/kites/{one['id']}/flight", headers=KEY)

    problem(client.post(f"/kites/{other['id']}/flight", headers=KEY), 422)


def test_a_key_belongs_to_who_sent_it(kites):
    neighbour = a_person(operator_id=HY, roles=[f"pilot@estate:{E1}"])
    far = a_person(operator_id=QY, roles=[f"pilot@estate:{E2}"])

    for person, estate_id in ((PILOT, E1), (neighbour, E1), (far, E2)):
        answer = kites.client(person).post("/kites", {**RED, "estate_id": str(estate_id)}, headers=KEY)
        assert "Idempotency-Replayed" not in answer.headers

    assert how_many(kites) == 3


def test_a_refusal_is_not_remembered(kites):
    client = kites.client(PILOT)

    problem(client.post("/kites", {**RED, "estate_id": str(E2)}, headers=KEY), 403)

    assert rows(kites) == []
    assert client.post("/kites", RED, headers=KEY).status_code == 201


def test_an_answer_without_a_body_is_remembered_too(kites):
    client, kite = kites.client(PILOT), built(kites)

    answers = [client.post(f"/kites/{kite['id']}/sale", {"price_fen": 100}, headers=KEY) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert answers[1].headers["Idempotency-Replayed"] == "true"


def test_where_money_moves_a_key_is_required(kites):
    kite = built(kites)

    said = problem(kites.client(PILOT).post(f"/kites/{kite['id']}/sale", {"price_fen": 100}), 400)

    assert said["type"] == "urn:linli:problem:key-missing"


def test_a_key_is_visible_ascii_of_at_most_255(kites):
    client = kites.client(PILOT)

    for key in ("", " ", "two words", "钥匙".encode().decode("latin-1"), "k" * 256):
        problem(client.post("/kites", RED, headers={"Idempotency-Key": key}), 400)
    assert client.post("/kites", RED, headers={"Idempotency-Key": "k" * 255}).status_code == 201


def test_after_two_days_the_key_is_free_again(kites):
    client = kites.client(PILOT)
    client.post("/kites", RED, headers=KEY)

    kites.clock.advance(hours=47)
    assert "Idempotency-Replayed" in client.post("/kites", RED, headers=KEY).headers
    kites.clock.advance(hours=2)
    assert "Idempotency-Replayed" not in client.post("/kites", RED, headers=KEY).headers

    assert how_many(kites) == 2


def test_the_clock_forgets_old_answers(kites):
    kites.client(PILOT).post("/kites", RED, headers=KEY)

    kites.clock.advance(hours=49)
    kites.tick()

    assert rows(kites) == []


def test_a_kept_answer_cannot_be_read_in_the_database(kites):
    kites.client(PILOT).post("/kites", RED, headers=KEY)

    (row,) = rows(kites)
    assert row.status == 201
    assert b"red" not in row.body


def test_a_first_call_that_takes_long_is_not_waited_for_forever(kites, monkeypatch):
    monkeypatch.setattr(idempotency, "PATIENCE", "100ms")
    client = kites.client(PILOT)
    route = "POST /api/kites/v1/kites"
    claimed = {
        "principal": str(PILOT.id),
        "route": route,
        "key": "order-66",
        "operator_id": HY,
        "fingerprint": "of another",
    }

    with kites.runtime.transaction(system=True) as other_worker:
        other_worker.execute(tables.idempotency.insert().values(**claimed))
        answer = client.post("/kites", RED, headers=KEY)
        other_worker.execute(text("ROLLBACK"))

    problem(answer, 409)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_crash_leaves_neither_key_nor_effect(kites):
    problem(kites.client(PILOT).post("/accidents", headers=KEY), 500)

    assert rows(kites) == []


def test_a_public_route_keeps_nothing_for_nobody(kites):
    answer = kites.client().get("/weather", headers=KEY)

    assert answer.status_code == 200
    assert rows(kites) == []


def test_another_person_cannot_learn_of_a_key(kites):
    kites.client(PILOT).post("/kites", RED, headers=KEY)

    stranger = a_person(operator_id=new_id(), roles=["pilot@operator"])
    answer = kites.client(stranger).post("/kites", {**RED, "colour": "blue"}, headers=KEY)

    assert answer.status_code == 201
