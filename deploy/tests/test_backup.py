"""A backup is whole or none, opens with its passphrase, and is refused by name when it is not what it should be."""

import errno
import json
import os
import time

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import insert, make_url

from chassis import servers, tables
from chassis.ids import new_id
from chassis.migrations import alembic_config
from chassis.service import load
from chassis.testing import PASSWORDS, Installations
from deploy.local import backup, plan, restore, sealing, supervise, up, words

SECRETS = "INSTALLATION=one\nPRIVATE_KEYS=never shown\n"


@pytest.fixture(scope="module")
def own():
    """A server from this machine's binaries: pg_dump refuses one that is newer than itself."""
    with servers.scratch_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def installed(own, tmp_path_factory):
    installations = Installations(own.url(), tmp_path_factory)
    yield installations
    installations.close()


@pytest.fixture
def tickets(installed):
    found = installed[load("tickets")]
    found.empty()
    return found


@pytest.fixture
def source(tickets, own, tmp_path):
    secrets = tmp_path / "secrets"
    secrets.write_text(SECRETS)
    file = tmp_path / "files" / "tickets" / "op" / "leak.jpg"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xff\xd8 a leak")
    url = make_url(own.url()).set(drivername="postgresql", database=tickets.database)
    return backup.Source(
        {"tickets": url.render_as_string(hide_password=False)}, tmp_path / "files", {"secrets": secrets}
    )


def test_a_backup_holds_rows_files_secrets_and_says_what_it_is(source, tickets, tmp_path):
    kept = backup.take(source, tmp_path / "to")

    manifest = restore.opened(kept).manifest
    newest = ScriptDirectory.from_config(alembic_config(tickets.service)).get_current_head()
    assert manifest["services"]["tickets"]["revision"] == newest
    assert (kept / "files/tickets/op/leak.jpg").read_bytes() == b"\xff\xd8 a leak"
    assert (kept / "tickets.dump").stat().st_size > 10_000
    assert sealing.read(kept)["secrets"] == SECRETS
    assert (kept.stat().st_mode & 0o777, (kept / "secrets.json").stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_dump_is_restored_whole(source, tickets, own, tmp_path):
    kept = backup.take(source, tmp_path / "to")
    new = f"restored_{os.getpid()}"
    servers.create_service_database(own.url(), "tickets", PASSWORDS, dbname=new)
    url = source.databases["tickets"].replace(tickets.database, new)

    restore.restore_databases(kept, {"tickets": url})

    dumped = backup.take(backup.Source({"tickets": url}, source.files, {}), tmp_path / "again")
    facts = [json.loads((each / backup.MANIFEST).read_text())["services"] for each in (kept, dumped)]
    assert facts[0] == facts[1]


def test_a_passphrase_seals_the_secrets_and_opens_them_again(source, tmp_path, monkeypatch):
    monkeypatch.setenv("LINLI_BACKUP_PASSPHRASE", "correct horse")
    kept = backup.take(source, tmp_path / "to")

    assert b"never shown" not in b"".join(path.read_bytes() for path in kept.iterdir() if path.is_file())
    assert sealing.read(kept)["secrets"] == SECRETS
    for wrong in ("battery staple", ""):
        monkeypatch.setenv("LINLI_BACKUP_PASSPHRASE", wrong)
        with pytest.raises(words.Failed, match="LINLI_BACKUP_PASSPHRASE"):
            sealing.read(kept)


def test_a_linked_file_that_is_gone_is_named_and_the_backup_goes_on(source, tickets, tmp_path):
    row = {"id": new_id(), "operator_id": new_id(), "uploader_id": new_id(), "media_type": "image/jpeg", "bytes": 1}
    now = tickets.clock.now()
    with tickets.runtime.transaction(system=True) as session:
        linked = {**row, "sha256": "", "path": "op/lost.jpg", "created_at": now, "linked_at": now}
        session.execute(insert(tables.attachment).values(linked))

    kept = backup.take(source, tmp_path / "to")

    assert json.loads((kept / backup.MANIFEST).read_text())["files"]["absent"] == ["tickets/op/lost.jpg"]


# ── half of one ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_full_disk_leaves_nothing_that_looks_like_a_backup(source, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(backup, "_keep_files", full)

    with pytest.raises(words.Failed, match="disk is full"):
        backup.take(source, tmp_path / "to")

    assert [path.name for path in (tmp_path / "to").iterdir()] == [".lock"]


def test_what_a_killed_backup_left_is_refused_and_swept_by_the_next(source, tmp_path):
    half = tmp_path / "to" / "linli-20261101T000000Z.partial"
    half.mkdir(parents=True)
    (half / "tickets.dump").write_bytes(b"half")

    with pytest.raises(words.Failed, match="not a whole backup"):
        restore.opened(half)
    backup.take(source, tmp_path / "to")

    assert not half.exists() and len(backup.whole(tmp_path / "to")) == 1


def test_a_database_that_is_away_leaves_nothing(source, tmp_path):
    away = backup.Source({"tickets": "postgresql://nobody@/none?host=/nowhere"}, source.files, {})

    with pytest.raises(words.Failed, match="one instant"):
        backup.take(away, tmp_path / "to")

    assert backup.whole(tmp_path / "to") == []


def test_two_backups_at_once_into_one_folder_are_refused(source, tmp_path):
    with backup._alone(tmp_path / "to"), pytest.raises(words.Failed, match="another backup"):
        backup.take(source, tmp_path / "to")


# ── not what it should be ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_backup_is_named_from_where_one_stands(source, tmp_path, monkeypatch):
    kept = backup.take(source, tmp_path / "to")
    monkeypatch.chdir(kept.parent)
    monkeypatch.setenv("FROM", kept.name)

    assert restore._chosen() == kept


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(words.Failed, match="no folder"):
        restore.opened(tmp_path / "nothing")


@pytest.mark.parametrize("spoil", ["change", "remove"])
def test_a_damaged_backup_is_refused_before_anything_is_touched(source, tmp_path, spoil):
    kept = backup.take(source, tmp_path / "to")
    dump = kept / "tickets.dump"
    dump.write_bytes(dump.read_bytes()[:-1] + b"!") if spoil == "change" else dump.unlink()

    with pytest.raises(words.Failed, match=r"damaged or gone, such as tickets\.dump"):
        restore.opened(kept)


@pytest.mark.parametrize("change", [{"format": 2}, {"services": {"tickets": {"revision": "9999", "postgres": 150000}}},
                                    {"services": {"canteen": {"revision": "0001", "postgres": 150000}}}])  # fmt: skip
def test_a_backup_of_a_newer_release_is_refused(source, tmp_path, change):
    manifest = json.loads((backup.take(source, tmp_path / "to") / backup.MANIFEST).read_text()) | change

    with pytest.raises(words.Failed, match="newer Linli"):
        restore._refuse_newer(manifest)


def test_a_backup_of_a_newer_postgresql_is_refused():
    manifest = {"format": 1, "release": "9", "services": {"tickets": {"revision": "0001", "postgres": 990001}}}

    with pytest.raises(words.Failed, match="install postgresql-99"):
        restore._refuse_newer(manifest)


# ── old ones ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keep_removes_the_oldest_of_this_installation_only(source, tmp_path):
    to = tmp_path / "to"
    kept = [backup.take(source, to) for _ in range(3)]
    source.secrets["secrets"].write_text("INSTALLATION=another\n")
    other = backup.take(source, to)
    source.secrets["secrets"].write_text(SECRETS)
    newest = backup.take(source, to)

    assert backup.drop_old(to, 2) == kept[:2]
    assert set(backup.whole(to)) == {kept[2], other, newest}


@pytest.mark.parametrize("text", ["0", "some", "-1"])
def test_a_number_to_keep_that_cannot_be_is_refused(text, monkeypatch):
    monkeypatch.setenv("KEEP", text)

    with pytest.raises(words.Failed, match="KEEP"):
        backup._keep()


# ── setting aside ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An installation's folders, with something in them."""
    local, data = tmp_path / ".local", tmp_path / "data" / "postgres"
    (local / "files").mkdir(parents=True)
    (local / "files" / "photo").write_text("old")
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15")
    monkeypatch.setattr(plan, "LOCAL", local)
    monkeypatch.setattr(plan, "RESTORING", local / "restoring.json")
    monkeypatch.setattr(servers, "data_dir", lambda label: tmp_path / "data" / label)
    monkeypatch.setattr(supervise, "is_running", lambda: False)
    return local


def test_live_data_is_not_overwritten_unless_asked(here, monkeypatch):
    with pytest.raises(words.Failed, match="YES=1"):
        restore.refuse_to_overwrite()

    monkeypatch.setenv("YES", "1")
    restore.refuse_to_overwrite()


def test_a_restore_that_fails_leaves_everything_as_it_was(here):
    with pytest.raises(RuntimeError), restore.set_aside():
        (here / "files").mkdir()
        (here / "secrets").write_text("new")
        raise RuntimeError("half-way")

    assert (here / "files" / "photo").read_text() == "old"
    assert not (here / "secrets").exists() and not plan.RESTORING.exists()


def test_after_a_kill_the_platform_does_not_start_on_half_a_restore_and_undo_brings_back(here, monkeypatch):
    def killed():
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(restore, "undo_interrupted", killed)  # nobody was left to do it
        with restore.set_aside():
            (here / "files").mkdir()
            raise RuntimeError

    with pytest.raises(words.Failed, match="UNDO=1"):
        up.refuse_half_restored()
    restore.undo_interrupted()

    assert (here / "files" / "photo").read_text() == "old"
    up.refuse_half_restored()


def test_what_was_set_aside_stays_until_the_next_restore(here):
    for content in ("second", "third"):
        with restore.set_aside():
            (here / "files").mkdir()
            (here / "files" / "photo").write_text(content)
        time.sleep(1)

    (aside,) = here.glob("files.before-restore-*")
    assert (aside / "photo").read_text() == "second"
    assert (here / "files" / "photo").read_text() == "third"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), psycopg.errors.DiskFull("could not extend file")])
def test_a_full_disk_in_any_step_says_what_to_do(error):
    with pytest.raises(words.Failed, match="disk is full"), words.step("migrations", "数据库迁移"):
        raise RuntimeError("migration failed") from error
