"""Files: uploaded, linked to what they belong to, fetched by a signed address for ten minutes.

The file is written before its row is committed and removed after its row is gone, so a row always has its file; what a
crash leaves behind is a file without a row, which the clock removes.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from flask import Response
from flask_smorest.fields import Upload
from marshmallow import fields, pre_dump
from obstore.store import LocalStore
from sqlalchemy import delete, func, insert, select, update

from chassis import tables
from chassis.errors import Invalid, NotFound, TooMany
from chassis.http.answers import runtime
from chassis.http.fields import AwareDateTime, Schema, Text
from chassis.http.files import examined
from chassis.http.marks import PUBLIC, SIGNED_IN, allow, asks, gives, takes
from chassis.http.routes import Blueprint
from chassis.i18n import Sentence
from chassis.ids import new_id
from chassis.jobs import every
from chassis.private import derive
from chassis.work import Work

kept = tables.attachment
MOST_LOOSE = 50  # of one uploader at a time
LOOSE_FOR = timedelta(hours=24)  # an attachment that nobody linked is gone after this
URL_LASTS = timedelta(minutes=10)
SETTLED = timedelta(hours=1)  # a file this old has its row, or never will
BATCH = 200
NOT_YOURS = Sentence("One of these is not yours to link: upload it again.", "其中有附件不可关联，请重新上传。")

blp = Blueprint("attachments", description="Files 附件: upload first, then name their ids where they belong")


# ── what goes in and out ─────────────────────────────────────────────────────────────────────────────────────────────


class AttachmentFile(Schema):
    """One file, as multipart/form-data: JPEG, PNG, WebP or PDF of at most 10 MB."""

    file = Upload(required=True)


class Signature(Schema):
    """What `url` of an attachment ends with."""

    expires = fields.Integer(required=True, strict=False)
    signature = Text(required=True, max=200)


class AttachmentView(Schema):
    """A file, with an address at which anybody who has it may fetch the file until it expires."""

    id = fields.UUID(required=True)
    media_type = fields.String(required=True)
    bytes = fields.Integer(required=True)
    url = fields.String(required=True)
    expires_at = AwareDateTime(required=True)

    @pre_dump
    def sign(self, row, **_):
        expires_at = runtime().clock.now().replace(microsecond=0) + URL_LASTS
        facts = {"id": row.id, "media_type": row.media_type, "bytes": row.bytes}
        return {**facts, "url": _signed_url(row, expires_at), "expires_at": expires_at}


# ── the door ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@blp.post("/attachments")
@allow(SIGNED_IN)
@takes(AttachmentFile, files=True)
@gives(AttachmentView, status=201)
def upload_attachment(work: Work, upload: dict):
    """Upload a file.

    Pictures are drawn anew: place, device and comments are gone. Only its uploader may use the id, once, in the
    `attachment_ids` of what it belongs to; an attachment that is linked to nothing is gone after 24 hours.
    """
    return keep(work, upload["file"].read())


@blp.get("/attachments/<uuid:attachment_id>/content")
@allow(PUBLIC)
@asks(Signature)
@gives(binary="application/octet-stream")
def fetch_attachment(work: Work, attachment_id: UUID, query: dict):
    """Fetch a file by the `url` of its attachment, until that expires."""
    operator_id = _proved_operator(attachment_id, now=work.now, **query)
    work.enter(operator_id)
    row = work.execute(select(kept).where(kept.c.id == attachment_id, kept.c.operator_id == operator_id)).one_or_none()
    if row is None:
        raise NotFound()
    headers = {"Content-Disposition": f'attachment; filename="{Path(row.path).name}"', "Content-Length": str(row.bytes)}
    return Response(store(runtime().settings.data_dir).get(row.path).stream(), mimetype=row.media_type, headers=headers)


# ── what services call ───────────────────────────────────────────────────────────────────────────────────────────────


def keep(work: Work, data: bytes):
    """Examine and store a file of the actor's. → its row. Raises as `files.examined`."""
    _refuse_hoarding(work)
    file = examined(data)
    id, operator_id = new_id(), work.actor.operator_id
    path = f"{operator_id}/{id}.{file.extension}"
    store(runtime().settings.data_dir).put(path, file.data)
    row = {
        "id": id,
        "operator_id": operator_id,
        "uploader_id": work.actor.id,
        "media_type": file.media_type,
        "bytes": len(file.data),
        "sha256": hashlib.sha256(file.data).hexdigest(),
        "path": path,
        "created_at": work.now,
    }
    return work.execute(insert(kept).values(row).returning(*kept.c)).one()


def _refuse_hoarding(work: Work) -> None:
    """Nobody fills the disk with files that belong to nothing."""
    mine = (
        kept.c.operator_id == work.actor.operator_id,
        kept.c.uploader_id == work.actor.id,
        kept.c.linked_at.is_(None),
    )
    loose = select(kept.c.created_at).where(*mine, kept.c.created_at > work.now - LOOSE_FOR)
    if work.scalar(select(func.count()).select_from(loose.limit(MOST_LOOSE).subquery())) >= MOST_LOOSE:
        raise TooMany(seconds=int(LOOSE_FOR.total_seconds()))


def link(work: Work, ids: Iterable[UUID], *, subject_type: str, subject_id: UUID, estate_id: UUID | None) -> None:
    """Say what the actor's own uploads belong to. Raises Invalid when one is unknown, foreign, stale or linked already."""
    ids = set(ids)
    if not ids:
        return
    mine = (
        kept.c.id.in_(ids),
        kept.c.operator_id == work.actor.operator_id,
        kept.c.uploader_id == work.actor.id,
        kept.c.linked_at.is_(None),
        kept.c.created_at > work.now - LOOSE_FOR,
    )
    subject = {"subject_type": subject_type, "subject_id": subject_id, "estate_id": estate_id, "linked_at": work.now}
    linked = work.scalars(update(kept).where(*mine).values(subject).returning(kept.c.id))
    if set(linked) != ids:
        raise Invalid(errors={"attachment_ids": [NOT_YOURS]})


def of(work: Work, subject_type: str, subject_id: UUID) -> list:
    """The files of one thing, oldest first, to be shown through `AttachmentView`. The caller knows that the actor may see it."""
    its = (
        kept.c.operator_id == work.actor.operator_id,
        kept.c.subject_type == subject_type,
        kept.c.subject_id == subject_id,
    )
    return list(work.execute(select(kept).where(*its).order_by(kept.c.id)))


# ── signed addresses ─────────────────────────────────────────────────────────────────────────────────────────────────


def _signed_url(row, expires_at: datetime) -> str:
    settings, expires = runtime().settings, int(expires_at.timestamp())
    signature = f"{row.operator_id.hex}.{_sign(row.id, row.operator_id, expires)}"
    place = f"{settings.public_url}/api/{settings.service}/v1/attachments/{row.id}/content"
    return f"{place}?expires={expires}&signature={signature}"


def _proved_operator(attachment_id: UUID, *, now: datetime, expires: int, signature: str) -> UUID:
    """The operator whose file the signature opens. Raises NotFound for any other signature, and after its time."""
    operator, _, given = signature.partition(".")
    try:
        operator_id = UUID(hex=operator)
    except ValueError as error:
        raise NotFound() from error
    right = _sign(attachment_id, operator_id, expires)
    if not hmac.compare_digest(given.encode(), right.encode()) or datetime.fromtimestamp(expires, UTC) < now:
        raise NotFound()
    return operator_id


def _sign(attachment_id: UUID, operator_id: UUID, expires: int) -> str:
    key = derive(runtime().settings.secret_key.encode(), "attachment addresses")
    return hmac.digest(key, f"{attachment_id} {operator_id} {expires}".encode(), "sha256").hex()


@cache
def store(folder: Path) -> LocalStore:
    """Where files lie, outside of any web root."""
    return LocalStore(folder, mkdir=True)


# ── the clock ────────────────────────────────────────────────────────────────────────────────────────────────────────


@every(minutes=10)
def forget_loose_attachments(work: Work) -> int:
    """Attachments that nobody linked within a day are gone; their files follow once this is committed."""
    loose = (kept.c.linked_at.is_(None), kept.c.created_at <= work.now - LOOSE_FOR)
    batch = select(kept.c.id).where(*loose).limit(BATCH).with_for_update(skip_locked=True)
    return work.execute(delete(kept).where(kept.c.id.in_(batch))).rowcount


@every(minutes=30, own_transactions=True)
def remove_orphan_files(runtime) -> None:
    """Files without a row, from a crash or of a forgotten attachment, are removed."""
    folder = store(runtime.settings.data_dir)
    settled = runtime.clock.now() - SETTLED
    for listed in folder.list(chunk_size=1000):
        paths = {file["path"] for file in listed if file["last_modified"] < settled}
        with runtime.transaction(system=True) as session:
            paths -= set(session.scalars(select(kept.c.path).where(kept.c.path.in_(paths))))
        folder.delete(list(paths))


JOBS = [job.__job__ for job in (forget_loose_attachments, remove_orphan_files)]
