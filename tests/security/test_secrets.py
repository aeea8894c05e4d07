"""Secrets and personal data stay out of logs, error answers, parked reasons, `repr`s and the process list."""

from dataclasses import replace
from types import SimpleNamespace

import orjson
import pytest
from sqlalchemy import select, text

from chassis import auth, inbox, jobs, observe, private, redact, tables
from chassis.testing.harness import KEY, PRIVATE_KEYS, SECRET
from deploy import keys
from deploy.local import plan as local
from deploy.local import supervise
from services.directory import reactions
from services.directory.events import AccountRevoked, AccountState
from services.directory.handlers import places as handlers
from services.directory.tests.factories import LOGIN, PASSWORD, refresh, sign_in, token

PHONE, EMAIL, MORE_PHONE = "+8613800000001", "fang@home.example", "13912345678"
NEW = "wicker basket of quinces"
PARTNERS = "a partner's own secret, 32 bytes long"
SLIPPED = "geheim42"


class Leak(RuntimeError):
    """An exception whose text repeats what it should not."""


def spill(*secrets: str):
    def fail(*_args, **_named):
        raise Leak(f"could not handle {', '.join(secrets)} at postgresql://tickets_app:{SLIPPED}@db/x")

    return fail


def leaks(said: str, secrets: list[str]) -> list[str]:
    return [each for each in secrets if each in said or each.removeprefix("+86") in said]


def new_building(place) -> dict:
    names = {"code": "9", "name_zh": "九", "name_en": "Nine", "kind": "mid_rise", "floors": 3, "entrances": []}
    return {"estate_id": str(place.estate_id), **names}


@pytest.fixture
def told(place, owner, anybody, directory, logged, monkeypatch):
    """The life of an account, and what goes wrong around it. → every secret it was about, every refusal"""
    refused = [sign_in(anybody, password=f"wrong {NEW}") for _ in range(3)]
    first = sign_in(anybody).json
    second = refresh(anybody, first["refresh_token"]).json
    refused.append(refresh(anybody, first["refresh_token"]))  # used twice
    as_partner = {"grant_type": "client_credentials", "client_id": str(place.partner(PARTNERS))}
    partner = token(anybody, **as_partner, client_secret=PARTNERS).json
    refused.append(token(anybody, **as_partner, client_secret=f"{PARTNERS}!"))
    anybody.post("/password-resets", json={"username": LOGIN})
    directory.tick()
    link = private.unseal(directory.said("directory.account.reset_requested.v1")[-1].data["token_sealed"])
    refused.append(anybody.post("/passwords", json={"token": link, "password": "short"}))
    assert anybody.post("/passwords", json={"token": link, "password": NEW}).status_code == 204
    refused.append(anybody.post("/passwords", json={"token": link, "password": NEW}))
    refused.append(anybody.get("/me", headers={"Authorization": f"Bearer {first['access_token']}x"}))

    tokens = [first["access_token"], second["access_token"], partner["access_token"]]
    tokens += [first["refresh_token"], second["refresh_token"], link]
    about = [PHONE, EMAIL, MORE_PHONE, *tokens, private.seal(PHONE), PRIVATE_KEYS[0], KEY.pem]
    monkeypatch.setattr(handlers, "register_building", spill(*about))
    manager = place.client(place.member("estate_manager", name="周敏"))
    refused.append(manager.post("/buildings", new_building(place)))
    secrets = [*about, SLIPPED, KEY.pem.splitlines()[1], PASSWORD, NEW, PARTNERS, SECRET]
    return SimpleNamespace(secrets=secrets, refused=refused)


def test_the_life_of_an_account_leaves_no_secret_in_logs_or_refusals(told, logged):
    assert [answer.status_code for answer in told.refused] == [401] * 5 + [422, 422, 401, 500]
    lines = [orjson.loads(line) for line in logged.getvalue().splitlines()]
    assert any("Leak" in line.get("exception", "") for line in lines), "the fault itself is logged"

    assert leaks(logged.getvalue(), told.secrets) == []
    for answer in told.refused:
        assert leaks(answer.text + str(answer.headers), told.secrets) == []


def a_phone_as_a_number(work, *_, **__):
    work.execute(text("SELECT CAST(:phone AS integer)"), {"phone": f"{MORE_PHONE} x"})


def test_what_the_database_says_of_a_value_is_not_repeated(place, directory, logged, monkeypatch):
    monkeypatch.setattr(handlers, "register_building", a_phone_as_a_number)
    answer = place.client(place.member("estate_manager", name="周敏")).post("/buildings", new_building(place))
    monkeypatch.setattr(directory.service, "jobs", [jobs.every(hours=1)(a_phone_as_a_number).__job__])
    directory.tick()

    assert answer.status_code == 422
    with directory.runtime.transaction(system=True) as session:
        [noted] = session.scalars(select(tables.job_run.c.last_error).where(tables.job_run.c.last_error.is_not(None)))
    assert "integer" in noted and "job.failed" in logged.getvalue()
    assert leaks(answer.text + logged.getvalue() + noted, [MORE_PHONE]) == []


def test_a_parked_message_says_why_without_saying_about_whom(place, directory, logged, monkeypatch):
    revoked = AccountRevoked(
        account_id=place.operator_id, subject=place.operator_id, state=AccountState.ACTIVE, epoch=1
    )
    envelope = directory.hear(revoked, operator_id=place.operator_id)
    [reaction] = directory.service.reactions_to(envelope.type)
    secrets = [PHONE, EMAIL, MORE_PHONE, auth.issue(KEY, {"sub": "somebody"}), private.seal(PHONE)]
    failing = {envelope.type: [replace(reaction, function=spill(*secrets))]}
    monkeypatch.setattr(directory.service, "reactions_to", failing.get)

    [outcome] = inbox.process(directory.runtime, [replace(envelope, id=place.estate_id)])

    assert outcome.reason.startswith("Leak: could not handle") and "inbox.failed" in logged.getvalue()
    assert leaks(outcome.reason + logged.getvalue(), [*secrets, SLIPPED]) == []
    assert reactions.refuse_old_tokens is reaction.function


def test_a_repr_tells_no_secret(directory):
    settings = replace(directory.settings, amqp_url=f"amqp://svc:{SLIPPED}@h/linli")
    secrets = ["only-for-tests", SLIPPED, SECRET, PRIVATE_KEYS[0], KEY.pem.splitlines()[1]]

    assert leaks(f"{settings!r} {KEY!r} {vars(directory.runtime)!r} {directory.runtime.engine!r}", secrets) == []


LOOKS = {
    "a phone": ("Key (phone)=(13812345678) already exists", "13812345678"),
    "a phone with its country": ("to +86 138-1234-5678.", "1234"),
    "an address": ("KeyError('zhang.wei@example.cn')", "zhang.wei"),
    "a URL's password": ("cannot reach amqp://svc_tickets:p%40w@127.0.0.1/linli", "p%40w"),
    "a signed address": ("GET /content?expires=1&signature=ab12.cd34", "cd34"),
    "a named value": ('{"client_secret": "not so secret"}', "not so"),
    "a token": (f"Bearer {auth.issue(KEY, {'sub': 'x'})}", "eyJ"),
    "a hash": ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "c2FsdA"),
    "a private key": (KEY.pem, KEY.pem.splitlines()[1]),
}


@pytest.mark.parametrize(("said", "secret"), LOOKS.values(), ids=LOOKS)
def test_a_secret_is_known_by_its_looks(said, secret):
    assert secret in said
    assert secret not in redact.text(said) and redact.HIDDEN in redact.text(said)


PLAIN = [
    "/api/tickets/v1/tickets/01890a5d-ac96-774b-bcce-138123456789",
    "tickets.ticket.completed.v1 at 2026-11-23T02:00:00.123456Z",
    'File "chassis/auth.py", line 138, in get: token = self.verified(bearer)',
    "13 of 13812345678901 rows",
]


@pytest.mark.parametrize("said", PLAIN)
def test_what_is_no_secret_is_left_readable(said):
    assert redact.text(said) == said


def test_a_line_hides_by_name_and_by_looks_at_every_depth():
    line = {"event": "x", "password": "abc", "about": {"to": [EMAIL]}, "actor": "person/1"}

    assert observe.hide_secrets(None, "", line) == {
        "event": "x",
        "password": "•••",
        "about": {"to": ["•••"]},
        "actor": "person/1",
    }


def test_no_process_is_given_a_secret_as_an_argument(tmp_path):
    """Anybody on the machine may read arguments; the environment is for the process's own user."""
    here = local.Plan(["directory", "notify"], 9080, keys.ensure(tmp_path / "secrets"))
    secrets = list(here.secrets.values())

    said = [" ".join(program.command) for program in supervise.programs(here)]

    assert len(secrets) > 10 and len(said) > 10
    assert [each for command in said for each in secrets if each in command] == []


def test_files_of_secrets_are_for_their_owner_alone(tmp_path):
    keys.write(tmp_path / "tickets.env", {"SECRET_KEY": "x"})

    assert (tmp_path / "tickets.env").stat().st_mode & 0o077 == 0
