"""`make backup`: every database at one instant, the files, the secrets and a manifest, in one folder.

Services go on meanwhile. A folder without `.partial` in its name is whole: it got its name at the very end. The broker is
not in it: its topology is rendered, and its messages are in the outboxes.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chassis import VERSION, recovery, servers
from deploy.local import plan, sealing, supervise
from deploy.local.words import FULL, Failed, pick, say, step

FORMAT = 1
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"
NAME = re.compile(r"linli-\d{8}T\d{6}Z(-\d+)?")
PARTIAL = ".partial"
FACTS = """
    SELECT (SELECT version_num FROM alembic_version) AS revision,
    (SELECT count(*) FROM outbox WHERE sent_at IS NULL AND parked_at IS NULL) AS unsent,
    (SELECT count(*) FROM outbox WHERE sent_at IS NULL AND parked_at IS NOT NULL) AS parked,
    (SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL) AS sent, (SELECT count(*) FROM inbox) AS heard,
    (SELECT count(*) FROM audit) AS audited"""
LINKED = "SELECT path FROM attachment WHERE linked_at IS NOT NULL"


@dataclass(frozen=True)
class Source:
    """What is to be kept: an administrator's URL into each service's database, a folder of files for each, and secrets."""

    databases: dict[str, str]
    files: Path
    secrets: dict[str, Path]


def backup():
    """`make backup [TO=folder] [KEEP=number]`."""
    if not supervise.is_running():
        raise Failed(
            "Linli is not running here; a backup is taken of a running platform: `make up` first.",
            "邻里未在此处运行；备份须在平台运行时进行，请先执行 `make up`。",
        )
    here, to, keep = plan.Plan.of_this_checkout(), Path(os.environ.get("TO") or plan.BACKUPS).resolve(), _keep()
    began = time.monotonic()
    kept = take(source_of(here), to)
    dropped = drop_old(to, keep) if keep else []
    said = json.loads((kept / MANIFEST).read_text())
    size, seconds = _megabytes(_size(kept)), time.monotonic() - began
    say(f"Backup {kept}: {size} in {seconds:.1f} s; events stood still for {said['still_ms']} ms.",
        f"备份完成：{kept}，{size}，用时 {seconds:.1f} 秒；事件投递暂停 {said['still_ms']} 毫秒。")  # fmt: skip
    for path in said["files"]["absent"]:
        say(f"Missing, and so not in it: .local/files/{path}", f"缺失、未能备份：.local/files/{path}")
    for old in dropped:
        say(f"Removed {old.name} (KEEP={keep}).", f"已删除 {old.name}（KEEP={keep}）。")
    _warn_of_secrets(said["secrets"])


def source_of(here) -> Source:
    names = {"secrets": plan.LOCAL / "secrets", "demo.json": plan.DEMO}
    present = {name: path for name, path in names.items() if path.exists()}
    return Source({name: here.postgres.url(name) for name in here.services}, plan.LOCAL / "files", present)


def take(source: Source, to: Path) -> Path:
    """Make one backup in the folder `to`. → its own folder, whole. Whatever fails, nothing of it stays."""
    with _alone(to):
        for half in to.glob(f"linli-*{PARTIAL}"):
            shutil.rmtree(half)
        draft = _draft(to)
        try:
            _fill(draft, source)
            _sync(draft)
            return draft.rename(draft.with_name(draft.name.removesuffix(PARTIAL)))
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise


@contextmanager
def _alone(to: Path) -> Iterator[None]:
    to.mkdir(parents=True, exist_ok=True)
    with open(to / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"another backup is being written to {to}.", f"另一个备份正在写入 {to}。") from None
        yield


def _draft(to: Path) -> Path:
    name = f"linli-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    number = next(n for n in range(1, 1000) if not (to / _numbered(name, n)).exists())
    draft = to / f"{_numbered(name, number)}{PARTIAL}"
    draft.mkdir(mode=0o700)
    return draft


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _fill(draft: Path, source: Source) -> None:
    started, still = _now(), time.monotonic()
    with ExitStack() as instant:
        with step("one instant for all databases", "为所有数据库取同一时刻"):
            snapshots = instant.enter_context(recovery.one_instant(source.databases))
        still = time.monotonic() - still
        services = {name: _facts(snapshot) for name, snapshot in snapshots.items()}
        with step("databases", "数据库"), ThreadPoolExecutor(os.cpu_count()) as together:
            list(together.map(lambda name: _dump(draft, name, source.databases[name], snapshots[name]), snapshots))
        # Files after the rows: a file is there before its row commits and is removed after its row has gone, so that
        # what the snapshots name is still there, or is coming to be forgotten. A file too many does no harm.
        with step("files", "附件"):
            files = _keep_files(source.files, draft / "files")
            files["absent"] = _absent(draft / "files", snapshots)
    with step("secrets, manifest, sums", "密钥、清单与校验和"):
        secrets = {name: path.read_text() for name, path in source.secrets.items()}
        manifest = {
            "format": FORMAT,
            "release": VERSION,
            "installation": _installation(secrets),
            "taken_at": started,  # what was committed before is in it
            "ended_at": _now(),
            "still_ms": round(still * 1000),
            "services": services,
            "files": files,
            "secrets": sealing.write(draft, secrets),
        }
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
        (draft / SUMS).write_text("".join(f"{total}  {path}\n" for path, total in sums_of(draft)))


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def _installation(secrets: dict[str, str]) -> str:
    """Which installation it is of, without its secrets."""
    found = re.search(r"^INSTALLATION=(.*)$", secrets.get("secrets", ""), re.MULTILINE)
    return hashlib.sha256(found[1].encode()).hexdigest()[:16] if found else ""


# ── databases ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _facts(snapshot: recovery.Snapshot) -> dict:
    cursor = snapshot.session.execute(FACTS)
    facts = dict(zip([column.name for column in cursor.description], cursor.fetchone(), strict=True))
    return {**facts, "postgres": snapshot.session.info.server_version}


def _dump(draft: Path, name: str, url: str, snapshot: recovery.Snapshot) -> None:
    options = ["--format=custom", f"--snapshot={snapshot.id}", f"--file={draft / name}.dump"]
    run_tool("pg_dump", *options, url)


def run_tool(tool: str, *words) -> None:
    """One of PostgreSQL's own tools, to its end. Raises Failed with what it said."""
    command = [servers.postgres_binaries() / tool, *map(str, words)]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        full = os.strerror(errno.ENOSPC) in done.stderr
        said = FULL if full else (f"{tool} failed.", f"{tool} 失败。")
        raise Failed(*said, done.stderr.strip())


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _keep_files(source: Path, target: Path) -> dict:
    """Link the files, which never change, or copy them to another disk. → how many, and their bytes"""
    count = size = 0
    target.mkdir()
    for path in sorted(source.rglob("*")) if source.exists() else ():
        try:
            if path.is_file():
                size += _keep_file(path, target / path.relative_to(source))
                count += 1
        except FileNotFoundError:
            continue  # forgotten meanwhile; if it was linked to something, _absent finds it
    return {"count": count, "bytes": size}


def _keep_file(path: Path, kept: Path) -> int:
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, kept)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
            raise
        shutil.copyfile(path, kept)
    return kept.stat().st_size


def _absent(files: Path, snapshots: dict[str, recovery.Snapshot]) -> list[str]:
    """Files that something names and nobody has: lost before this backup, which says so and goes on."""
    absent = []
    for name, snapshot in snapshots.items():
        with snapshot.session.cursor(name="linked") as cursor:
            absent += [f"{name}/{path}" for (path,) in cursor.execute(LINKED) if not (files / name / path).exists()]
    return absent


def sums_of(folder: Path) -> Iterable[tuple[str, str]]:
    """(path, sha256) of every file in it, as `sha256sum --check` reads them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != SUMS:
            with open(path, "rb") as file:
                yield str(path.relative_to(folder)), hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    """On the disk before it gets its name."""
    for path in [*folder.iterdir(), folder]:
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


# ── old ones ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def whole(to: Path) -> list[Path]:
    """The backups in a folder, oldest first; what is half-written is none."""
    return sorted(path for path in to.glob("linli-*") if NAME.fullmatch(path.name) and (path / SUMS).exists())


def drop_old(to: Path, keep: int) -> list[Path]:
    """Remove all but the newest of this installation's."""
    newest = whole(to)[-1:]
    mine = [path for path in whole(to) if newest and _owner(path) == _owner(newest[0])]
    for old in mine[:-keep]:
        shutil.rmtree(old)
    return mine[:-keep]


def _owner(kept: Path) -> str:
    return json.loads((kept / MANIFEST).read_text())["installation"]


def _keep() -> int:
    text = os.environ.get("KEEP", "")
    if text and (not text.isdecimal() or int(text) < 1):
        raise Failed(f"KEEP is {text!r}; choose 1 or more.", f"KEEP 为 {text!r}，请设为 1 或以上的数字。")
    return int(text or 0)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _warn_of_secrets(how: str) -> None:
    if how == sealing.SEALED:
        return say("The secrets in it open with LINLI_BACKUP_PASSPHRASE only: keep that elsewhere.",
                   "其中的密钥须用 LINLI_BACKUP_PASSPHRASE 打开：请另行妥善保管。")  # fmt: skip
    print(
        pick(
            f"It holds the platform's secrets in plain ({sealing.PLAIN_FILE}): without them it cannot be read, and whoever "
            "has both reads everything. Keep them apart, or set LINLI_BACKUP_PASSPHRASE.",
            f"其中含有明文密钥（{sealing.PLAIN_FILE}）：没有它备份无法读取，两者兼得者可读取全部数据。"
            "请分开保管，或设置 LINLI_BACKUP_PASSPHRASE。",
        )
    )
