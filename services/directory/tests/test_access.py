"""What tokens say, how passwords are set, how partners come in, and the keys behind it all."""

from datetime import date, timedelta

import jwt

from chassis import auth, private
from services.directory.events import Relation
from services.directory.tests.factories import LOGIN, PASSWORD, claims_of, refresh, sign_in, token, without_instance

NEW = "a lantern over the canal"

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


def test_the_homes_behind_one_address_do_not_use_up_each_others_resets(anybody):
    asked = [anybody.post("/password-resets", json={"username": f"home-{number}@example.com"}) for number in range(10)]

    assert [answer.status_code for answer in asked] == [202] * 10


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
