"""`Idempotency-Key`: a POST sent again does nothing again and gets the first answer (messaging.md §7).

The key's row is written in the transaction of the effect, so a crash leaves both or neither. Of several calls at once the
database lets one in; the others wait on its unique index and then read the answer. Only success is kept, for 48 hours,
sealed: an answer may hold personal data.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from flask import Request, Response
from psycopg.errors import LockNotAvailable
from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from chassis import tables
from chassis.errors import Conflict, Invalid, Malformed
from chassis.http.reading import read_json
from chassis.ids import UUID
from chassis.private import seal_bytes, unseal_bytes
from chassis.work import Work

KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEPT = timedelta(hours=48)
PATIENCE = "4s"  # less than the statement timeout, which would be a 503
HEADERS = ("Content-Type", "ETag", "Location")
answers = tables.idempotency


class KeyMissing(Malformed):
    en = "Send an Idempotency-Key of your own making, so that a repeat cannot do this twice."
    zh = "请附上自拟的 Idempotency-Key，以免重复提交时再次执行。"


class KeyMalformed(Malformed):
    en = "An Idempotency-Key is 1 to 255 visible ASCII characters; send such a one."
    zh = "Idempotency-Key 应为 1 到 255 个可见 ASCII 字符，请更正。"


class KeyReused(Invalid):
    en = "This Idempotency-Key came with another request before; use a new key for a new request."
    zh = "该 Idempotency-Key 已用于另一请求，新请求请使用新的键。"


class StillRunning(Conflict):
    retry_after = 2
    en = "The first request with this Idempotency-Key is still running; send it again in a moment."
    zh = "使用该 Idempotency-Key 的首个请求仍在处理中，请稍后重发。"


def asked(request: Request, *, principal: str | None, route: str, required: bool) -> "Repeatable | None":
    """What this request asks to be done once; None without a key, and where there is nobody to keep it for."""
    key = request.headers.get("Idempotency-Key")
    if principal is None or key is None:
        if required:
            raise KeyMissing()
        return None
    if not KEY.fullmatch(key):
        raise KeyMalformed()
    return Repeatable(principal, route, key, _fingerprint(request))


@dataclass(frozen=True)
class Repeatable:
    """One key of one principal at one route, and the fingerprint of what came with it."""

    principal: str
    route: str
    key: str
    fingerprint: str

    def claim(self, work: Work, operator_id: UUID | None) -> Response | None:
        """Make this the call that acts (None), or give the answer of the one that did.

        Raises:
            KeyReused: the key came with another body.
            StillRunning: the first call takes longer than our patience.
        """
        if self._first(work, operator_id):
            return None
        kept = work.execute(select(answers).where(*self._mine())).one()
        if kept.fingerprint != self.fingerprint:
            raise KeyReused()
        headers = {**kept.headers, "Idempotency-Replayed": "true"}
        return Response(unseal_bytes(kept.body), kept.status, headers)

    def keep(self, work: Work, response: Response) -> None:
        """Write the answer beside its effect; what is no success is not kept."""
        if not 200 <= response.status_code < 300:
            work.execute(delete(answers).where(*self._mine()))
            return
        headers = {name: response.headers[name] for name in HEADERS if name in response.headers}
        kept = {"status": response.status_code, "headers": headers, "body": seal_bytes(response.get_data())}
        work.execute(update(answers).where(*self._mine()).values(kept))

    def _first(self, work: Work, operator_id: UUID | None) -> bool:
        row: dict[str, Any] = {"fingerprint": self.fingerprint, "operator_id": operator_id, "created_at": work.now}
        put = insert(answers).values(principal=self.principal, route=self.route, key=self.key, **row)
        put = put.on_conflict_do_update(
            index_elements=["principal", "route", "key"], set_=row, where=answers.c.created_at < work.now - KEPT
        )
        work.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
        try:
            first = work.scalar(put.returning(answers.c.key)) is not None
        except OperationalError as error:
            if isinstance(error.orig, LockNotAvailable):
                raise StillRunning() from error
            raise
        work.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
        return first

    def _mine(self) -> tuple:
        return (
            answers.c.principal == self.principal,
            answers.c.route == self.route,
            answers.c.key == self.key,
        )


def _fingerprint(request: Request) -> str:
    """The same for the same request, however its JSON is written or its parts are wrapped."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.mimetype == "application/json" and request.get_data():
        digest.update(orjson.dumps(read_json(request.get_data()), option=orjson.OPT_SORT_KEYS))
    for name, value in sorted(request.form.items(multi=True)):
        digest.update(f"{name}={value}\n".encode())
    for name, file in request.files.items(multi=True):
        digest.update(name.encode() + hashlib.sha256(file.read()).digest())
        file.seek(0)
    return digest.hexdigest()
