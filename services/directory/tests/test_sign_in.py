"""Ways in and out, and those who try others."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import jwt
import pytest
from sqlalchemy import update

from chassis import auth, private, tables
from services.directory.events import Relation
from services.directory.model import RefreshToken, passwords
from services.directory.tests.factories import PASSWORD

LOGIN = "fang@home.example"
NEW = "a lantern over the canal"


def token(client, address="203.0.113.7", **form):
    return client.post("/token", data=form, headers={"X-Forwarded-For": address})


def sign_in(client, username=LOGIN, password=PASSWORD, **more):
    return token(client, grant_type="password", username=username, password=password, **more)


def refresh(client, refresh_token):
    return token(client, grant_type="refresh_token", refresh_token=refresh_token)


def claims_of(client, answer) -> dict:
    keys = jwt.PyJWKSet.from_dict(client.get("/jwks.json").json)
    access = answer.json["access_token"]
    key = keys[jwt.get_unverified_header(access)["kid"]]
    return jwt.decode(
        access, key, algorithms=["ES256"], audience="linli", options={"verify_exp": False, "verify_iat": False}
    )


def without_instance(answer):
    return {name: value for name, value in answer.json.items() if name != "instance"}


@pytest.fixture
def owner(place):
    """Owner of the first home, who can sign in."""
    owner = place.owner()
    place.account(owner.id)
    return owner


@pytest.fixture
def anybody(directory):
    return directory.client()


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


def test_a_token_from_before_is_refused_once_the_revocation_is_heard(place, owner, directory):
    client = place.client(owner)
    place.client(owner).post("/me/sign-out")
    [revoked] = directory.said("directory.account.revoked.v1")

    directory.deliver(revoked)
    directory.__dict__.pop("app")  # forget what was remembered for two seconds

    assert directory.client(owner).get("/me").status_code == 401
    assert client.person == owner


# ── what a token says ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_home_counts_by_the_calendar_of_its_estate(place, anybody, directory):
    """It is 01:00 UTC on 23 November: 09:00 in Shanghai."""
    person = place.person()
    place.account(person)
    today = date(2026, 11, 23)
    place.occupancy(person, place.units[0], ends_on=today)
    place.occupancy(person, place.units[1], ends_on=today - timedelta(days=1))
    place.occupancy(person, place.units[2], starts_on=today + timedelta(days=1))
    held = {"role": "owner", "scope": f"unit:{place.units[0]}"}

    assert claims_of(anybody, sign_in(anybody))["roles"] == [held]

    directory.clock.advance(hours=15)  # 16:00 UTC: midnight in Shanghai
    assert claims_of(anybody, sign_in(anybody))["roles"] == [{**held, "scope": f"unit:{place.units[2]}"}]


def test_a_void_occupancy_gives_no_role(place, owner, anybody):
    [occupancy] = place.client(owner).get("/occupancies").json["items"]
    desk = place.client(place.member("service_desk"))

    assert desk.post(f"/occupancies/{occupancy['id']}/voiding").status_code == 200

    assert claims_of(anybody, sign_in(anybody))["roles"] == []


def test_who_holds_many_units_gets_the_role_for_the_estate(place, anybody):
    person = place.person(name="和悦置业")
    place.account(person)
    for unit_id in place.add_units(21):
        place.occupancy(person, unit_id, Relation.DEVELOPER)
    place.occupancy(person, place.other_unit)

    roles = claims_of(anybody, sign_in(anybody))["roles"]

    assert roles == [
        {"role": "developer", "scope": f"estate:{place.estate_id}"},
        {"role": "owner", "scope": f"unit:{place.other_unit}"},
    ]


def test_staff_who_also_live_here_hold_both_kinds_of_role(place, anybody):
    technician = place.member("technician")
    place.occupancy(technician.id, place.units[0], Relation.OCCUPIER)
    place.account(technician.id)

    assert claims_of(anybody, sign_in(anybody))["roles"] == [
        {"role": "technician", "scope": f"estate:{place.estate_id}"},
        {"role": "occupier", "scope": f"unit:{place.units[0]}"},
    ]


# ── first password, change, reset ────────────────────────────────────────────────────────────────────────────────


def sealed_token(directory, type="directory.account.invited.v1") -> str:
    fact = directory.said(type)[-1].data
    return private.unseal(fact["token_sealed"])


def invite(place, person_id, **body):
    return place.client(place.member("service_desk", name="李静")).post(f"/people/{person_id}/account", json=body)


def test_an_invited_person_sets_the_first_password(place, directory, anybody):
    person = place.person()
    assert invite(place, person, login=LOGIN).json["state"] == "invited"
    link = sealed_token(directory)
    assert link not in str([each.to_dict() for each in directory.said()])

    assert anybody.post("/passwords", json={"token": link, "password": NEW}).status_code == 204

    assert sign_in(anybody, password=NEW).status_code == 200
    assert directory.said("directory.account.opened.v1")[0].data["state"] == "active"
    assert anybody.post("/passwords", json={"token": link, "password": NEW + "!"}).status_code == 422  # spent


def test_a_second_invitation_voids_the_first(place, directory, anybody):
    person = place.person()
    invite(place, person)
    first = sealed_token(directory)
    invite(place, person)

    assert anybody.post("/passwords", json={"token": first, "password": NEW}).status_code == 422
    assert anybody.post("/passwords", json={"token": sealed_token(directory), "password": NEW}).status_code == 204


def test_an_invitation_lapses_after_a_week(place, directory, anybody):
    invite(place, place.person())

    directory.clock.advance(days=7)

    assert anybody.post("/passwords", json={"token": sealed_token(directory), "password": NEW}).status_code == 422


def test_a_refused_password_leaves_the_link_good(place, directory, anybody):
    invite(place, place.person())
    link = sealed_token(directory)

    refused = anybody.post("/passwords", json={"token": link, "password": "short"})

    assert refused.status_code == 422 and "password" in refused.json["errors"]
    assert anybody.post("/passwords", json={"token": link, "password": NEW}).status_code == 204


def test_an_account_that_is_open_is_not_invited_again(place, owner):
    assert invite(place, owner.id).status_code == 409


def test_a_sign_in_name_is_taken_once_on_the_whole_platform(place, owner):
    neighbour = place.person(name="陈明")

    assert invite(place, neighbour, login="FANG@home.example").status_code == 409


def test_a_person_without_phone_or_mail_needs_a_sign_in_name(place):
    person = place.person(phone=None, email=None)

    assert invite(place, person).status_code == 422
    assert invite(place, person, login="fang-at-home").status_code == 201


def test_a_changed_password_ends_all_sessions(place, owner, anybody):
    given = sign_in(anybody).json["refresh_token"]
    client = place.client(owner)

    assert client.post("/me/password", json={"current": "not this", "password": NEW}).status_code == 422
    assert client.post("/me/password", json={"current": PASSWORD, "password": NEW}).status_code == 204

    assert refresh(anybody, given).status_code == 401
    assert sign_in(anybody).status_code == 401 and sign_in(anybody, password=NEW).status_code == 200


def test_guessing_at_the_present_password_gets_slow_too(place, owner):
    client = place.client(owner)

    answers = [client.post("/me/password", json={"current": "guess", "password": NEW}).status_code for _ in range(7)]

    assert answers == [422] * 6 + [429]


def test_a_forgotten_password_is_reset_by_a_link(owner, anybody, directory):
    given = sign_in(anybody).json["refresh_token"]
    assert anybody.post("/password-resets", json={"username": LOGIN}).status_code == 202
    directory.tick()
    link = sealed_token(directory, "directory.account.reset_requested.v1")

    assert anybody.post("/passwords", json={"token": link, "password": NEW}).status_code == 204

    assert sign_in(anybody, password=NEW).status_code == 200
    assert refresh(anybody, given).status_code == 401


def test_a_reset_link_lapses_after_half_an_hour(owner, anybody, directory):
    anybody.post("/password-resets", json={"username": LOGIN})
    directory.tick()

    directory.clock.advance(minutes=30)

    link = sealed_token(directory, "directory.account.reset_requested.v1")
    assert anybody.post("/passwords", json={"token": link, "password": NEW}).status_code == 422


def test_a_reset_for_an_unknown_name_is_answered_the_same_and_says_nothing(place, anybody, directory):
    answer = anybody.post("/password-resets", json={"username": "nobody@home.example"})
    directory.tick()

    assert answer.status_code == 202 and answer.data == b""
    assert directory.said("directory.account.reset_requested.v1") == []


def test_nobody_is_flooded_with_reset_messages(owner, anybody, directory):
    answers = []
    for number in range(6):
        headers = {"X-Forwarded-For": f"203.0.113.{number}"}
        answers.append(anybody.post("/password-resets", json={"username": LOGIN}, headers=headers).status_code)
        directory.tick()

    assert answers == [202] * 4 + [429] * 2


# ── partner clients ──────────────────────────────────────────────────────────────────────────────────────────────


def as_partner(client, client_id, secret="a partner's secret"):
    return token(client, grant_type="client_credentials", client_id=str(client_id), client_secret=secret)


def test_a_partner_gets_a_token_for_what_it_was_granted(place, anybody):
    client_id = place.partner(estate_ids=[place.estate_id])

    answer = as_partner(anybody, client_id)

    assert answer.status_code == 200 and "refresh_token" not in answer.json
    claims = claims_of(anybody, answer)
    assert (claims["kind"], claims["sub"]) == ("client", str(client_id))
    assert claims["roles"] == [{"role": "partner_events", "scope": f"estate:{place.estate_id}"}]


def test_a_partner_without_listed_estates_is_granted_the_operator(place, anybody):
    assert claims_of(anybody, as_partner(anybody, place.partner()))["roles"] == [
        {"role": "partner_events", "scope": "operator"}
    ]


def test_a_wrong_or_malformed_client_is_refused_alike(place, anybody):
    client_id = place.partner()

    answers = [
        as_partner(anybody, client_id, "wrong"),
        as_partner(anybody, place.operator_id),
        as_partner(anybody, "x"),
    ]

    assert {each.status_code for each in answers} == {401}
    assert without_instance(answers[0]) == without_instance(answers[1]) == without_instance(answers[2])


def test_a_partners_access_ends_with_its_expiry(place, anybody, directory):
    ends = directory.clock.now() + timedelta(minutes=5)
    client_id = place.partner(expires_at=ends)

    answer = as_partner(anybody, client_id)
    assert answer.json["expires_in"] == 300

    directory.clock.advance(minutes=5)
    assert as_partner(anybody, client_id).status_code == 401


def test_two_secrets_live_side_by_side_for_a_day(place, anybody, directory):
    admin = place.client(place.member("admin", "operator"))
    made = admin.post("/clients", json={"name": "智锁云", "scopes": ["partner_events"]}).json
    second = admin.post(f"/clients/{made['client_id']}/secrets").json["client_secret"]
    assert as_partner(anybody, made["client_id"], made["client_secret"]).status_code == 200

    third = admin.post(f"/clients/{made['client_id']}/secrets").json["client_secret"]
    assert as_partner(anybody, made["client_id"], made["client_secret"]).status_code == 401  # the oldest ends at once
    assert as_partner(anybody, made["client_id"], second).status_code == 200

    directory.clock.advance(hours=24)
    assert as_partner(anybody, made["client_id"], second).status_code == 401
    assert as_partner(anybody, made["client_id"], third).status_code == 200


def test_a_disabled_partner_is_out_and_its_tokens_are_void(place, anybody, directory):
    client_id = place.partner()
    admin = place.client(place.member("admin", "operator"))

    assert admin.post(f"/clients/{client_id}/disabling").json["active"] is False

    assert as_partner(anybody, client_id).status_code == 401
    [revoked] = directory.said("directory.account.revoked.v1")
    assert revoked.data["subject"] == str(client_id)
    assert admin.post(f"/clients/{client_id}/disabling").status_code == 409


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def kid(answer) -> str:
    return jwt.get_unverified_header(answer.json["access_token"])["kid"]


def published(client) -> list[str]:
    return [key["kid"] for key in client.get("/jwks.json").json["keys"]]


def test_keys_change_monthly_without_a_token_that_cannot_be_verified(owner, anybody, directory):
    first = kid(sign_in(anybody))
    directory.tick()
    assert published(anybody) == [first]

    directory.clock.advance(days=30, minutes=1)
    directory.tick()
    assert len(published(anybody)) == 2 and kid(sign_in(anybody)) == first  # announced, and does not sign yet

    directory.clock.advance(hours=1)
    second = kid(sign_in(anybody))
    assert second != first and published(anybody) == [first, second]  # old tokens are still good

    directory.clock.advance(hours=2)
    directory.tick()
    assert published(anybody) == [second]


def test_only_public_halves_are_published(anybody):
    [key] = anybody.get("/jwks.json").json["keys"]

    assert key["kty"] == "EC" and "d" not in key and key["alg"] == auth.ALGORITHM


def test_private_halves_are_sealed_at_rest(anybody, directory):
    anybody.get("/jwks.json")

    with directory.runtime.transaction(system=True) as session:
        kept = session.connection().exec_driver_sql("SELECT pem FROM signing_key").scalar()

    assert "PRIVATE" not in kept and private.unseal(kept).startswith("-----BEGIN PRIVATE KEY-----")
