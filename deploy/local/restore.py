"""`make restore`: the whole platform as it was at the instant of a backup, here.

All of it or nothing: a database alone would not fit the others. What is here is set aside by renaming, and put back if
anything fails; the next restore that succeeds removes it. The broker begins empty, because what is in its queues was said
by producers of another time.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import psycopg
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from chassis import audit, servers
from chassis.migrations import alembic_config
from chassis.recovery import recover
from chassis.runtime import Runtime
from chassis.service import load
from chassis.settings import nowhere
from deploy.local import backup, plan, sealing, supervise, up
from deploy.local.down import take_down
from deploy.local.words import Failed, say, step


@dataclass(frozen=True)
class Kept:
    """A backup that was found whole."""

    folder: Path
    manifest: dict

    @property
    def services(self) -> list[str]:
        return list(self.manifest["services"])

    @property
    def taken_at(self) -> str:
        return self.manifest["taken_at"]


def restore():
    """`make restore FROM=folder [YES=1]`, or `make restore UNDO=1` after one that was interrupted."""
    plan.LOGS.mkdir(parents=True, exist_ok=True)
    with up.only_one():
        if os.environ.get("UNDO") == "1":
            return undo_interrupted()
        began, folder = time.monotonic(), _chosen()
        with step("is the backup whole?", "检查备份是否完整"):
            kept = opened(folder)
            secrets = sealing.read(folder)
        undo_interrupted()
        refuse_to_overwrite()
        with step("ending what runs", "停止正在运行的平台"):
            if supervise.is_running():
                take_down()
            up.await_remains()
        with set_aside():
            replayed = bring_back(kept, secrets)
        tell(kept, replayed, time.monotonic() - began)


def tell(kept: Kept, replayed: int, seconds: float) -> None:
    say(
        f"\nLinli is as it was at {kept.taken_at}, after {seconds:.0f} s; {replayed} events went out again.",
        f"\n邻里已恢复至 {kept.taken_at}，用时 {seconds:.0f} 秒；已重新投递 {replayed} 个事件。",
    )
    say(
        "Everybody signs in anew. What was done after that moment is gone: deploy/runbooks/backup-and-restore.md.",
        "所有人须重新登录；该时刻之后的操作已不存在：见 deploy/runbooks/backup-and-restore.md。",
    )


def bring_back(kept: Kept, secrets: dict[str, str]) -> int:
    """Into the empty place: secrets, databases, files; mend them, start everything. → events said again"""
    put_secrets(secrets)
    here = plan.Plan.of_this_checkout()
    up.prepare(here)
    try:
        up.start_servers(here)
        urls = {name: here.postgres.url(name) for name in kept.services}
        with step("databases and files from the backup", "从备份恢复数据库与附件"):
            restore_databases(kept.folder, urls)
            restore_files(kept.folder, plan.LOCAL / "files")
        up.migrate_databases(here)
        with step("mending: events, sessions, audit chains", "修复：事件、会话、审计链"):
            mend(here, kept)
            replayed = up.unsaid(here)
        up.start_platform(here)
        if plan.DEMO.exists():
            up.seed_demo(here)  # changes nothing but an address that is another one today
        with step("every listener hears again", "各服务重新接收事件"):
            up.wait_until_heard(here)
        with step("audit chains", "审计链"):
            verify_audit(here, kept)
    except BaseException:
        take_down()
        raise
    return replayed


# ── the backup ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _chosen() -> Path:
    given = os.environ.get("FROM")
    if given:
        return Path(given).resolve()
    found = "\n".join(f"  make restore FROM={path}" for path in reversed(backup.whole(plan.BACKUPS)))
    raise Failed(
        "say from which backup: `make restore FROM=folder`.", "请指明备份：`make restore FROM=文件夹`。", found
    )


def opened(folder: Path) -> Kept:
    """Look at every byte of it before anything here is touched. Raises Failed for whatever is not a whole backup of ours."""
    if not folder.is_dir():
        raise Failed(f"there is no folder {folder}.", f"没有 {folder} 这个文件夹。")
    if folder.name.endswith(backup.PARTIAL) or not (folder / backup.SUMS).exists():
        raise Failed(
            f"{folder} is not a whole backup: it lacks {backup.SUMS} or was cut off while it was written. Take another one; "
            f"`ls {folder.parent}` shows them.",
            f"{folder} 不是完整的备份：缺少 {backup.SUMS}，或写入时被中断。请选用其他备份，可用 `ls {folder.parent}` 查看。",
        )
    _refuse_damaged(folder)
    manifest = json.loads((folder / backup.MANIFEST).read_text())
    _refuse_newer(manifest)
    return Kept(folder, manifest)


def _refuse_damaged(folder: Path) -> None:
    promised = dict(reversed(line.split("  ", 1)) for line in (folder / backup.SUMS).read_text().splitlines())
    found = dict(backup.sums_of(folder))
    wrong = [path for path, total in promised.items() if found.get(path) != total]
    if wrong:
        raise Failed(
            f"{len(wrong)} files of {folder} are damaged or gone, such as {wrong[0]}: take another backup.",
            f"{folder} 中有 {len(wrong)} 个文件损坏或缺失，例如 {wrong[0]}：请选用其他备份。",
        )


def _refuse_newer(manifest: dict) -> None:
    """Our migrations lead forward only, and PostgreSQL reads no newer dumps than itself."""
    release = manifest["release"]
    strange = manifest["format"] != backup.FORMAT or any(
        not _is_known(name, facts["revision"]) for name, facts in manifest["services"].items()
    )
    if strange:
        raise Failed(
            f"this backup was written by a newer Linli ({release}) than is checked out here: check out that release first.",
            f"该备份由更新版本的邻里（{release}）写入：请先检出该版本。",
        )
    theirs = max(facts["postgres"] for facts in manifest["services"].values()) // 10_000
    ours = int(servers.postgres_binaries().parent.name)
    if theirs > ours:
        raise Failed(
            f"this backup is of PostgreSQL {theirs}, and here is {ours}: install postgresql-{theirs} first.",
            f"该备份来自 PostgreSQL {theirs}，本机为 {ours}：请先安装 postgresql-{theirs}。",
        )


def _is_known(service: str, revision: str) -> bool:
    try:
        return bool(ScriptDirectory.from_config(alembic_config(load(service))).get_revision(revision))
    except (ModuleNotFoundError, CommandError):
        return False


# ── what is here ─────────────────────────────────────────────────────────────────────────────────────────────────────


def refuse_to_overwrite() -> None:
    if (servers.data_dir("postgres") / "PG_VERSION").exists() and os.environ.get("YES") != "1":
        raise Failed(
            "there is a platform with data here. `make backup` keeps it; then `make restore FROM=… YES=1` puts the backup in "
            "its place. What is here now is set aside until the next restore.",
            "此处已有平台数据。请先用 `make backup` 备份，再执行 `make restore FROM=… YES=1` 以备份替换；"
            "现有数据会保留到下一次恢复。",
        )


def _places() -> list[Path]:
    """Everything that belongs to the data of one installation."""
    data = servers.data_dir("postgres")
    mine = [plan.LOCAL / name for name in ("secrets", "env", "demo.json", "files", "rabbitmq")]
    return [data, data.with_suffix(".installation"), *mine]


@contextmanager
def set_aside() -> Iterator[None]:
    """Rename what is here; put it back if the block fails. A note of it outlives a `kill -9`."""
    stamp = f".before-restore-{time.time():.0f}"
    moved = [[str(path), f"{path}{stamp}" if path.exists() else ""] for path in _places()]
    plan.RESTORING.write_text(json.dumps(moved))
    for path, aside in moved:
        if aside:
            Path(path).rename(aside)
    try:
        yield
    except BaseException:
        undo_interrupted()
        raise
    plan.RESTORING.unlink()
    for path in _places():
        for old in path.parent.glob(f"{path.name}.before-restore-*"):
            if not old.name.endswith(stamp):
                _remove(old)


def undo_interrupted() -> None:
    """Have back what a restore set aside that did not come to its end."""
    if not plan.RESTORING.exists():
        return
    if supervise.is_running():
        take_down()
    up.await_remains()
    for path, aside in json.loads(plan.RESTORING.read_text()):
        if not aside or Path(aside).exists():  # else it was not yet renamed, or is back already
            _remove(Path(path))
        if aside and Path(aside).exists():
            Path(aside).rename(path)
    plan.RESTORING.unlink()
    say(
        "  What was here before the restore is back; `make up` starts it.",
        "  恢复之前的数据已还原，可用 `make up` 启动。",
    )


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


# ── in with it ───────────────────────────────────────────────────────────────────────────────────────────────────────


def put_secrets(secrets: dict[str, str]) -> None:
    for name, text in secrets.items():
        path = plan.LOCAL / name
        path.touch(mode=0o600)
        path.write_text(text)


def restore_databases(folder: Path, urls: dict[str, str]) -> None:
    """Fill these empty databases, each as a whole or not at all."""
    with ThreadPoolExecutor(os.cpu_count()) as together:
        list(together.map(lambda name: _restore_database(folder / f"{name}.dump", urls[name]), urls))


def _restore_database(dump: Path, url: str) -> None:
    backup.run_tool("pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={url}", dump)
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("ANALYZE")


def restore_files(folder: Path, target: Path) -> None:
    shutil.copytree(folder / "files", target, dirs_exist_ok=True)


def mend(here, kept: Kept) -> None:
    """As `linli recover` in each service; in this process, which has the code loaded already."""
    taken_at = datetime.fromisoformat(kept.taken_at)
    for service in kept.services:
        with runtime_of(here, service) as runtime:
            recover(runtime, taken_at=taken_at, release=kept.manifest["release"])


def verify_audit(here, kept: Kept) -> None:
    for service in kept.services:
        with runtime_of(here, service) as runtime, runtime.transaction(system=True) as session:
            broken = audit.verify(session)
        if broken:
            raise Failed(
                f"the audit chain of {service} does not hold.", f"{service} 的审计链不完整。", "\n".join(broken)
            )


@contextmanager
def runtime_of(here, service: str) -> Iterator[Runtime]:
    """The service's way into its database as the system."""
    url = here.settings(service)["SERVICE_SYSTEM_DATABASE_URL"]
    runtime = Runtime(load(service), replace(nowhere(service), system_database_url=url))
    try:
        yield runtime
    finally:
        runtime.close()
