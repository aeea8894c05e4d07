"""Sign-in while somebody hammers at it: guesses get slow, memory is bounded, names stay secret, and good people get in."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.directory.handlers import sign_in as handlers
from services.directory.model import passwords
from services.directory.tests.factories import LOGIN, sign_in, token, without_instance

ATTACKER, NEIGHBOUR = "198.51.100.66", "203.0.113.7"
SECOND = "lei@home.example"


@pytest.fixture
def second(place):
    """Another owner, whom nobody attacks."""
    owner = place.owner(place.units[1], name="李雷", phone="+8613800000002", email=SECOND)
    place.account(owner.id, SECOND)
    return owner


@pytest.fixture
def hashing(monkeypatch):
    """How often, and how often at once, a password is hashed."""

    class Counted:
        def __init__(self, real):
            self.real, self.hash, self.lock = real, real.hash, threading.Lock()
            self.now = self.most = self.all = 0

        def verify(self, *given):
            with self.lock:
                self.now, self.all = self.now + 1, self.all + 1
                self.most = max(self.most, self.now)
            try:
                return self.real.verify(*given)
            finally:
                with self.lock:
                    self.now -= 1

    counted = Counted(passwords._hasher)
    monkeypatch.setattr(passwords, "_hasher", counted)
    return counted


def test_guesses_at_one_account_wait_twice_as_long_each_time_and_others_get_in(owner, second, anybody, directory):
    waits = []
    for guess in range(12):
        answer = sign_in(anybody, password=f"guess {guess}", address=f"198.51.100.{guess}")
        while answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            directory.clock.advance(seconds=waits[-1])
            answer = sign_in(anybody, password=f"guess {guess}", address=f"198.51.100.{guess}")
        assert answer.status_code == 401

    assert waits == [2, 4, 8, 16, 32, 64][: len(waits)] and len(waits) >= 5
    assert sign_in(anybody).status_code == 429, "even the right password must wait"
    assert sign_in(anybody, username=SECOND, address=ATTACKER).status_code == 200


def test_a_refused_guess_costs_no_hash(owner, anybody, hashing):
    answers = [sign_in(anybody, password="guess").status_code for _ in range(20)]

    assert answers.count(401) == hashing.all and answers.count(429) == 20 - hashing.all
    assert hashing.all <= 6


def test_a_flood_from_one_address_leaves_the_neighbours_their_sign_in(owner, second, anybody, hashing):
    flood = [token(anybody, ATTACKER, grant_type="password", username=f"u{n}", password="guess") for n in range(45)]

    assert [answer.status_code for answer in flood].count(429) >= 14 and hashing.all <= 31
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in flood if answer.status_code == 429)
    assert sign_in(anybody, username=SECOND, address=NEIGHBOUR).status_code == 200


def test_a_flood_of_sign_ins_hashes_at_most_four_at_once_and_other_work_goes_on(owner, second, directory, hashing):
    def attack(n):
        client = directory.client()
        return token(client, f"198.51.100.{n}", grant_type="password", username=f"u{n}", password="guess").status_code

    with ThreadPoolExecutor(8) as threads:
        flood = [threads.submit(attack, n) for n in range(24)]
        meanwhile = [directory.client().get("/jwks.json").status_code for _ in range(5)]
        answers = {each.result() for each in flood}

    assert answers <= {401, 503} and meanwhile == [200] * 5
    assert 1 < hashing.most <= 4  # 19 MiB and a core each
    assert sign_in(directory.client(), username=SECOND).status_code == 200


def test_an_unknown_name_and_a_wrong_password_are_the_same_work_and_the_same_answer(owner, anybody, hashing):
    """Counted, not timed: one hash each, with the same cost parameters, and the same rows of the throttle."""
    wrong = sign_in(anybody, password="guess")
    by_wrong, hashing.all = hashing.all, 0
    unknown = sign_in(anybody, username="nobody@home.example", password="guess")

    assert (by_wrong, hashing.all) == (1, 1)
    assert wrong.status_code == unknown.status_code == 401 and without_instance(wrong) == without_instance(unknown)
    assert dict(wrong.headers).keys() == dict(unknown.headers).keys()
    kinds = {kept.rpartition("$")[0].rpartition("$")[0] for kept in (passwords._NOBODYS, passwords.hash_password("x"))}
    assert len(kinds) == 1


def test_what_is_kept_of_a_guess_names_nobody(owner, anybody, directory):
    sign_in(anybody, username="somebody@home.example", password="guess")
    sign_in(anybody, password="guess", address=ATTACKER)
    with directory.runtime.transaction(system=True) as session:
        keys = session.connection().exec_driver_sql("SELECT key FROM throttle").scalars().all()

    assert len(keys) == 4
    assert not [key for key in keys for secret in (LOGIN, "somebody", ATTACKER, NEIGHBOUR) if secret in key]


def test_guessing_at_a_partners_secret_gets_slow_too(place, anybody):
    guess = {"grant_type": "client_credentials", "client_id": str(place.partner("s3cret")), "client_secret": "guess"}
    answers = [token(anybody, f"198.51.100.{n}", **guess) for n in range(10)]

    assert [answer.status_code for answer in answers] == [401] * 6 + [429] * 4
    assert handlers.ACCOUNT.free == 5
