"""Ways in and out, and those who try others."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from chassis import tables
from chassis.recovery import recover
from services.directory.model import RefreshToken, passwords
from services.directory.tests.factories import LOGIN, PASSWORD, claims_of, refresh, sign_in, token, without_instance

# ── by password ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_signs_in_and_the_token_says_who_and_where(place, owner, anybody, directory):
    answer = sign_in(anybody)

    assert answer.status_code == 200 and answer.json["token_type"] == "Bearer" and answer.json["expires_in"] == 600
    claims = claims_of(anybody, answer)
    assert claims | {"jti": "", "iat": 0, "exp": 0} == {
        "iss": "linli-directory",
        "aud": "linli",
        "sub": str(owner.id),
        "operator": str(place.operator_id),
        "kind": "person",
        "roles": [{"role": "owner", "scope": f"unit:{place.units[0]}"}],
        "epoch": 0,
        "jti": "",
        "iat": 0,
        "exp": 0,
    }
    assert claims["exp"] - claims["iat"] == 600


def test_the_token_opens_the_door(place, owner, anybody, directory):
    access = sign_in(anybody).json["access_token"]
    with directory.runtime.transaction(system=True) as session:
        session.execute(update(tables.jwks).values(document=anybody.get("/jwks.json").json))

    me = anybody.get("/me", headers={"Authorization": f"Bearer {access}"})

    assert me.status_code == 200
    assert me.json["person"]["name"] == "王芳" and me.json["person"]["phone"] == "+8613800000001"
    assert me.json["roles"] == [{"role": "owner", "scope": f"unit:{place.units[0]}"}]
    assert [(home["relation"], home["code"]) for home in me.json["units"]] == [("owner", "3-2-0601")]


def test_capitals_and_blanks_in_the_name_do_not_matter(owner, anybody):
    assert sign_in(anybody, username=" Fang@Home.Example ").status_code == 200


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(owner, anybody):
    wrong, unknown = sign_in(anybody, password="not this one"), sign_in(anybody, username="nobody@home.example")

    assert wrong.status_code == unknown.status_code == 401
    assert without_instance(wrong) == without_instance(unknown)
    assert wrong.headers["WWW-Authenticate"] == unknown.headers["WWW-Authenticate"]


def test_nobodys_password_takes_as_long_to_refuse():
    started = time.perf_counter()

    assert passwords.matches(None, "the password of nobody") is False

    assert time.perf_counter() - started > 0.005  # a hash of 19 MiB was made; without it this takes microseconds


def test_an_invited_or_disabled_account_is_answered_like_an_unknown_one(place, owner, anybody):
    unknown = without_instance(sign_in(anybody, username="nobody@home.example"))
    desk = place.client(place.member("service_desk", name="李静"))
    desk.post(f"/people/{owner.id}/account/disabling")
    invited = place.person(name="陈明", phone="+8613900000009")
    desk.post(f"/people/{invited}/account", json={})

    assert without_instance(sign_in(anybody)) == unknown
    assert without_instance(sign_in(anybody, username="+8613900000009", password=PASSWORD)) == unknown


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "username": LOGIN},
        {"grant_type": "refresh_token"},
        {"grant_type": "client_credentials", "client_id": "x"},
        {"grant_type": "implicit"},
        {"grant_type": "password", "username": LOGIN, "password": PASSWORD, "role": "admin"},
        {"grant_type": "password", "username": "a\x00b", "password": PASSWORD},
    ],
)
def test_an_incomplete_or_strange_request_is_refused(owner, anybody, form):
    assert token(anybody, **form).status_code == 422


def test_a_token_request_is_a_form(owner, anybody):
    answer = anybody.post("/token", json={"grant_type": "password", "username": LOGIN, "password": PASSWORD})

    assert answer.status_code == 415


# ── guessing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_guessing_at_one_account_gets_slow_whoever_guesses(owner, anybody, directory):
    for number in range(6):
        assert sign_in(anybody, password="guess", address=f"203.0.113.{number}").status_code == 401

    held_up = sign_in(anybody, address="198.51.100.9")  # the right password, from elsewhere

    assert held_up.status_code == 429 and held_up.headers["Retry-After"] == "2"
    directory.clock.advance(seconds=2)
    assert sign_in(anybody).status_code == 200


def test_a_clock_that_leaps_back_locks_nobody_out(owner, anybody, directory):
    directory.clock.advance(hours=2)
    for _ in range(7):
        sign_in(anybody, password="guess")

    directory.clock.advance(hours=-2)

    assert sign_in(anybody).status_code == 200


def test_each_further_guess_doubles_the_wait(owner, anybody, directory):
    waits = []
    for _ in range(8):
        sign_in(anybody, password="guess")
        refused = sign_in(anybody, password="guess")
        if refused.status_code == 429:
            waits.append(int(refused.headers["Retry-After"]))
            directory.clock.advance(seconds=waits[-1])

    assert waits == sorted(waits) and waits[:3] == [2, 4, 8]


def test_a_good_sign_in_forgets_the_bad_ones(owner, anybody):
    for _ in range(3):
        for _ in range(4):
            assert sign_in(anybody, password="guess").status_code == 401
        assert sign_in(anybody).status_code == 200


def test_an_unknown_name_is_held_up_like_a_known_one(anybody, place):
    answers = [sign_in(anybody, username="nobody@home.example").status_code for _ in range(7)]

    assert answers == [401] * 6 + [429]


def test_guessing_at_many_accounts_from_one_address_gets_slow(anybody, place):
    answers = [sign_in(anybody, username=f"nobody{n}@home.example").status_code for n in range(32)]

    assert answers == [401] * 31 + [429]
    assert sign_in(anybody, username="nobody@home.example", address="198.51.100.9").status_code == 401


def test_ones_own_good_sign_in_does_not_wash_away_guesses_at_others(owner, anybody):
    for number in range(30):
        sign_in(anybody, username=f"nobody{number}@home.example")
    assert sign_in(anybody).status_code == 200

    answers = [sign_in(anybody, username=f"nobody{n}@home.example").status_code for n in range(30, 32)]

    assert answers == [401, 429]


def test_a_whole_office_may_sign_in_from_one_address(owner, anybody):
    assert {sign_in(anybody).status_code for _ in range(35)} == {200}


def test_guesses_at_once_are_all_counted(owner, directory):
    def guess(_):
        return sign_in(directory.client(), password="guess").status_code

    assert directory.app  # made before the threads are
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(guess, range(12)))

    assert answers.count(401) == 6 and answers.count(429) == 6


# ── refreshing ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_refresh_brings_a_successor_and_new_rights(place, owner, anybody):
    first = sign_in(anybody)
    place.occupancy(owner.id, place.units[1])

    second = refresh(anybody, first.json["refresh_token"])

    assert second.status_code == 200 and second.json["refresh_token"] != first.json["refresh_token"]
    assert len(claims_of(anybody, second)["roles"]) == 2


def test_using_a_refresh_token_twice_ends_the_session_for_both(owner, anybody, directory):
    first = sign_in(anybody).json["refresh_token"]
    second = refresh(anybody, first).json["refresh_token"]
    elsewhere = sign_in(anybody).json["refresh_token"]

    assert refresh(anybody, first).status_code == 401

    assert refresh(anybody, second).status_code == 401
    [revoked] = directory.said("directory.account.revoked.v1")
    assert revoked.data["subject"] == str(owner.id) and revoked.data["epoch"] == 1
    again = refresh(anybody, elsewhere)  # another device is not signed out
    assert again.status_code == 200 and claims_of(anybody, again)["epoch"] == 1


def test_of_two_refreshes_at_once_one_is_answered_and_the_session_ends(owner, directory, anybody):
    shared = sign_in(anybody).json["refresh_token"]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: refresh(directory.client(), shared), range(2)))

    assert sorted(each.status_code for each in answers) == [200, 401]
    winner = next(each for each in answers if each.status_code == 200)
    assert refresh(anybody, winner.json["refresh_token"]).status_code == 401


def test_a_refresh_token_lapses_after_a_month_unused(owner, anybody, directory):
    unused = sign_in(anybody).json["refresh_token"]

    directory.clock.advance(days=30)

    assert refresh(anybody, unused).status_code == 401


def test_a_session_ends_after_half_a_year_however_much_it_is_used(owner, anybody, directory):
    present = sign_in(anybody).json["refresh_token"]
    for _ in range(8):
        directory.clock.advance(days=20)
        present = refresh(anybody, present).json["refresh_token"]

    directory.clock.advance(days=20)

    assert refresh(anybody, present).status_code == 401


def test_tokens_are_kept_as_hashes_only(owner, anybody, directory):
    given = sign_in(anybody).json["refresh_token"]

    with directory.work() as work:
        [kept] = work.scalars(RefreshToken.__table__.select().with_only_columns(RefreshToken.token_hash))

    assert given.encode() not in bytes(kept) and len(kept) == 32


def test_a_made_up_refresh_token_is_refused(owner, anybody):
    assert refresh(anybody, "x" * 43).status_code == 401


# ── signing out ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_signing_out_ends_the_session_and_its_access_tokens(owner, anybody, directory):
    given = sign_in(anybody).json["refresh_token"]

    assert anybody.post("/revocation", data={"token": given}).status_code == 200

    assert refresh(anybody, given).status_code == 401
    assert [each.data["epoch"] for each in directory.said("directory.account.revoked.v1")] == [1]


def test_revoking_an_unknown_token_is_answered_the_same(owner, anybody, directory):
    answer = anybody.post("/revocation", data={"token": "never heard of", "token_type_hint": "refresh_token"})

    assert answer.status_code == 200 and answer.data == b"" and directory.said("directory.account.revoked.v1") == []


def test_signing_out_twice_says_it_once(owner, anybody, directory):
    given = sign_in(anybody).json["refresh_token"]

    for _ in range(2):
        assert anybody.post("/revocation", data={"token": given}).status_code == 200

    assert len(directory.said("directory.account.revoked.v1")) == 1


def test_signing_out_everywhere_ends_every_session(place, owner, anybody, directory):
    given = [sign_in(anybody).json["refresh_token"] for _ in range(2)]

    assert place.client(owner).post("/me/sign-out").status_code == 204

    assert [refresh(anybody, each).status_code for each in given] == [401, 401]
    assert len(directory.said("directory.account.revoked.v1")) == 1


def test_after_a_restore_everybody_signs_in_anew_and_new_keys_sign(owner, anybody, directory):
    before = sign_in(anybody)
    key = anybody.get("/jwks.json").json["keys"][0]["kid"]

    recover(directory.runtime, taken_at=directory.clock.now(), release="1")

    assert refresh(anybody, before.json["refresh_token"]).status_code == 401
    assert sign_in(anybody).status_code == 200
    assert key not in [each["kid"] for each in anybody.get("/jwks.json").json["keys"]]
