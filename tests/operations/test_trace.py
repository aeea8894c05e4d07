"""`linli trace`: one request's story across services, told from what their databases keep."""

import json
import re
from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from chassis import cli, settings, story
from tests.stories.repair import PIPE
from tests.world import World

REQUEST = "the-request-of-a-test-1"
PHONE = "13912345678"


@pytest.fixture(scope="module")
def ticket(world: World) -> dict:
    """A repair, filed under an id that the owner's client chose, and heard of everywhere."""
    where = {"estate_id": str(world.estates["HY-E-01"]), "unit_id": str(world.units["HY-E-01 1-1-0101"])}
    answer = world.client("tickets", "HY-E-01 owner").post(
        "/tickets", {**PIPE, **where, "contact_phone": PHONE}, headers={"X-Request-Id": REQUEST}
    )
    assert answer.status_code == 201 and answer.headers["X-Request-Id"] == REQUEST
    world.platform.settle()
    return answer.json


@pytest.fixture
def runtimes(platform, ticket):
    return {name: each.runtime for name, each in platform.items()}


def test_the_story_goes_from_the_request_to_the_owners_message(runtimes, ticket, world):
    moments = story.gather(runtimes.values(), REQUEST)

    said = [moment for moment in moments if moment.kind == "said"]
    assert {moment.service for moment in said} == {"tickets"}
    assert any(moment.subject == f"ticket/{ticket['id']} v1" for moment in said), said
    assert all(moment.sent_at for moment in said), said

    heard = [moment for moment in moments if moment.kind == "heard"]
    assert {moment.service for moment in heard} == {"notify"}
    assert {moment.cause for moment in heard} <= {moment.id for moment in said}

    owner = world.people["HY-E-01 owner"].id
    told = [moment.what for moment in moments if moment.kind == "did"]
    assert any(re.fullmatch(f"message .*submitted.* → person/{owner}", what) for what in told), told
    assert any(what.startswith("in_app delivered") for what in told), told


def test_nothing_of_it_names_a_person_or_a_phone(runtimes, ticket, world):
    moments = story.gather(runtimes.values(), REQUEST)

    for text_of_it in (story.told(moments, REQUEST), story.as_json(moments)):
        assert PHONE not in text_of_it and PIPE["description"] not in text_of_it
        for person in world.client("directory", "HY-E-01 dispatcher").get("/people?limit=200").json.get("items", []):
            assert person["name"] not in text_of_it


def test_an_event_that_still_waits_says_so(runtimes, platform, ticket):
    with platform["tickets"].runtime.transaction(system=True) as session:
        change = "UPDATE outbox SET sent_at = NULL, attempts = 3 WHERE aggregate_id = :id"
        session.execute(text(change), {"id": UUID(ticket["id"])})

    assert re.search(
        "not sent yet, 3 attempts|尚未发出，已尝试 3 次", story.told(story.gather(runtimes.values(), REQUEST), REQUEST)
    )

    with platform["tickets"].runtime.transaction(system=True) as session:
        session.execute(text("UPDATE outbox SET sent_at = now() WHERE aggregate_id = :id"), {"id": UUID(ticket["id"])})


def test_a_cause_stands_above_its_effects():
    first, second = UUID(int=1), UUID(int=2)
    at = story.datetime(2026, 11, 23, 9)
    moments = [
        story.Moment(at, "tickets", "said", "tickets.ticket.filed.v1", subject="ticket/t v1", id=first, sent_at=at),
        story.Moment(at, "notify", "heard", "tell_owner", cause=first),
        story.Moment(
            at, "notify", "said", "notify.delivery.failed.v1", subject="delivery/d v2", id=second, cause=first
        ),
        story.Moment(at, "tickets", "heard", "note_failure", cause=second),
    ]

    lines = [line[23:] for line in story.told(moments, "an-id").splitlines()[2:]]

    assert lines[0].startswith("tickets.ticket.filed.v1")
    assert lines[1].startswith("├─ ") and "tell_owner" in lines[1]
    assert lines[2].startswith("└─ notify.delivery.failed.v1")
    assert lines[3].startswith("   └─ ") and "note_failure" in lines[3]


def test_the_command_reads_each_service_by_its_own_settings_alone(platform, ticket, tmp_path, monkeypatch):
    """With the first service's settings for all of them, it would find nothing."""
    for name, each in platform.items():
        urls = {
            "SERVICE_DATABASE_URL": each.settings.database_url,
            "SERVICE_SYSTEM_DATABASE_URL": each.settings.system_database_url,
            "AMQP_URL": "amqp://127.0.0.1:9/none",
            "SECRET_KEY": each.settings.secret_key,
            "PRIVATE_KEYS": ",".join(each.settings.private_keys),
        }
        (tmp_path / f"{name}.env").write_text("".join(f"{key}='{value}'\n" for key, value in urls.items()))
    monkeypatch.setenv("LINLI_ENV_DIR", str(tmp_path))

    answer = CliRunner().invoke(cli.main, ["trace", REQUEST, "--json"])
    unknown = CliRunner().invoke(cli.main, ["trace", "nobody-knows-this"])

    assert answer.exit_code == 0, answer.output
    assert {moment["service"] for moment in json.loads(answer.output)} == {"tickets", "notify"}
    assert unknown.exit_code == 1


def test_where_there_are_no_files_a_prefix_tells_the_services_apart(monkeypatch):
    monkeypatch.delenv("LINLI_ENV_DIR", raising=False)
    monkeypatch.setenv("TICKETS__AMQP_URL", "amqp://tickets")
    monkeypatch.setenv("NOTIFY__AMQP_URL", "amqp://notify")

    for name in ("tickets", "notify"):
        with settings.environment_of(name):
            assert settings.os.environ["AMQP_URL"] == f"amqp://{name}"
    assert "AMQP_URL" not in settings.os.environ


def test_each_question_goes_by_an_index(platform, ticket):
    """At ten million rows a sequential scan would take minutes."""
    with platform["tickets"].runtime.transaction(system=True) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        said = session.execute(text(f"EXPLAIN {story.SAID.text}"), {"correlation": "x", "most": 5}).scalars().all()
        heard = {"consumers": ["a"], "sources": ["/b"], "ids": [UUID(int=1)]}
        listened = session.execute(text(f"EXPLAIN {story.HEARD.text}"), heard).scalars().all()

    assert any("audit_correlation" in line for line in said), said
    assert any("outbox_version" in line for line in said), said
    assert any("inbox_pkey" in line for line in listened), listened
