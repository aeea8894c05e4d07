"""The data of each release that was ever kept here is brought to today's tables, and everything goes on with it.

`release-<version>/` is what `keep_release.py` wrote at that release: a small world that lived through one repair.
"""

import gzip
import json
import os
import shutil
import subprocess
from datetime import datetime
from importlib import import_module
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import func, insert, select

from chassis import audit, auth, private, servers, tables
from chassis.migrations import alembic_config
from chassis.recovery import recover
from chassis.servers import postgres_binaries
from chassis.service import load
from chassis.testing import PASSWORDS, PRIVATE_KEYS, Harness, Installations, Person, Platform
from services.directory.model import Person as Known
from services.notify.model import Message
from tests.conftest import SERVICES
from tests.recovery.keep_release import KINDS, Folders
from tests.stories.repair import live_through
from tests.world import World

KEPT = sorted(Path(__file__).parent.glob("release-*"))
HARNESS = import_module("chassis.testing.harness")  # the package has a function of that name
pytestmark = pytest.mark.slow
COLUMNS = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
DEMANDED = COLUMNS + " AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'"


@pytest.fixture(scope="module", params=KEPT, ids=lambda folder: folder.name)
def kept(request) -> Path:
    return request.param


@pytest.fixture(scope="module")
def world(kept, tmp_path_factory):
    """The world of that release in today's services, by its own keys, a day later."""
    told, files = json.loads((kept / "world.json").read_text()), tmp_path_factory.mktemp("files")
    shutil.copytree(kept / "files", files, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, servers.scratch_postgres() as server:
        patch.setattr(HARNESS, "PRIVATE_KEYS", tuple(told["keys"]["private_keys"]))
        patch.setattr(HARNESS, "SECRET", told["keys"]["secret_key"])
        patch.setattr(HARNESS, "KEY", auth.read_key(told["keys"]["signing_key"]))
        patch.setattr(Harness, "empty", lambda self: None)
        then = {name: bring_back(server.url(), name, kept / f"{name}.sql.gz") for name in SERVICES}
        installations = Installations(server.url(), Folders(files))
        platform = Platform(installations, *SERVICES)
        platform.clock.advance(days=1)
        for each in platform.values():
            recover(each.runtime, taken_at=datetime.fromisoformat(told["now"]), release=told["release"])
            trust(each, told["keys"]["signing_key"])
        platform.columns_then = then
        yield as_it_was(World(platform), told)
        installations.close()
    private.use_keys(PRIVATE_KEYS)


def bring_back(admin_url: str, service: str, dump: Path) -> set[tuple]:
    """Into a database of the name that the harness of the service will find, and bring up to date. → its columns then"""
    dbname = f"test_{service}_{os.getpid()}"
    servers.create_service_database(admin_url, service, PASSWORDS, dbname=dbname)
    url = admin_url.replace("/postgres?", f"/{dbname}?")
    psql = [postgres_binaries() / "psql", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction", url]
    done = subprocess.run(psql, input=gzip.decompress(dump.read_bytes()), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    with psycopg.connect(url) as database:
        return set(database.execute(COLUMNS).fetchall())


def trust(each: Harness, pem: str) -> None:
    """As if the directory had been asked."""
    document = {"keys": [auth.read_key(pem).jwk]}
    with each.runtime.transaction(system=True) as session:
        session.execute(insert(tables.jwks).values(id=1, document=document, fetched_at=each.clock.now()))


def as_it_was(world: World, told: dict) -> World:
    for kind in KINDS:
        getattr(world, kind).update({name: UUID(id) for name, id in told[kind].items()})
    for label, (operator_id, roles, id) in told["people"].items():
        world.people[label] = Person(UUID(operator_id), tuple(roles), UUID(id))
    return world


@pytest.mark.parametrize("service", SERVICES)
def test_the_data_is_at_todays_revision_and_its_audit_chain_is_whole(world, service):
    with world.platform[service].runtime.transaction(system=True) as session:
        newest = ScriptDirectory.from_config(alembic_config(load(service))).get_current_head()
        assert session.connection().exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == newest
        assert audit.verify(session) == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_code_of_then_can_run_on_todays_tables(world, service):
    """While processes are changed one by one, the release before reads and writes the newer tables."""
    then = world.platform.columns_then[service]
    with world.platform[service].runtime.transaction(system=True) as session:
        now, demanded = (
            {tuple(row) for row in session.connection().exec_driver_sql(query)} for query in (COLUMNS, DEMANDED)
        )

    assert then - now == set(), "gone or retyped: first the code lets go of them, a release later the tables"
    known = {table for table, _, _ in then}
    assert {each for each in demanded - then if each[0] in known} == set(), "the old code cannot fill these"


def test_what_was_filed_then_is_shown_with_its_photo_and_its_timeline(world):
    owner = world.client("tickets", "HY-E-01 owner")
    line = owner.get("/tickets?limit=50").json["items"][-1]

    ticket = owner.get(f"/tickets/{line['id']}").json
    (attached,) = owner.get(f"/tickets/{line['id']}/attachments").json["report"]
    opened = owner.http.get(attached["url"].partition("8080")[2])

    assert ticket["state"] == "completed" and ticket["ratings"][0]["score"] == 5
    assert opened.status_code == 200 and opened.data.startswith(b"\xff\xd8")
    assert len(owner.get(f"/tickets/{line['id']}/timeline?limit=100").json["items"]) >= 6


def test_private_names_of_then_are_read_with_their_keys(world):
    with world.platform["directory"].work() as work:
        assert work.get(Known, world.people["HY-E-01 owner"].id).name


def test_a_repair_goes_its_whole_way_on_the_old_data(world):
    live_through(world)


def test_every_event_that_was_kept_is_still_read_by_every_listener(world):
    """What an outbox holds of that release is said again, to listeners of this one; its effects were there already."""
    with world.platform["notify"].work() as work:
        messages = work.scalar(select(func.count()).select_from(Message))

    said = [envelope for each in world.platform.values() for envelope in each.said()]
    for listener in world.platform.values():
        listener.deliver(*[envelope for envelope in said if envelope.type in listener.service.hears])

    with world.platform["notify"].work() as work:
        assert work.scalar(select(func.count()).select_from(Message)) == messages
