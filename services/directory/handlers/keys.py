"""Signing keys: made, announced, used for a month, and withdrawn when no token of theirs can be alive."""

from functools import lru_cache

from sqlalchemy import delete, insert, select, text

from chassis import auth
from services.directory.model.keys import ANNOUNCED, OUTLIVES, SIGNS_FOR, signing_at, signing_key

LOCK = text("SELECT pg_advisory_xact_lock(hashtext('directory signing key'))")


def present_key(work) -> auth.SigningKey:
    """The key that signs now; the very first one is made on first use."""
    newest = select(signing_key.c.pem).where(signing_at(work.now)).order_by(signing_key.c.signs_from.desc()).limit(1)
    pem = work.scalar(newest)
    if pem is None:
        work.execute(LOCK)
        pem = work.scalar(newest) or _make(work, signs_from=work.now)
    return _read(pem)


def published_keys(work) -> dict:
    """The JWK set: every key of which a good token may exist, or soon will."""
    present_key(work)
    return {"keys": work.scalars(select(signing_key.c.jwk).order_by(signing_key.c.signs_from))}


def rotate(work) -> int:
    """Announce a successor to a key that has signed for a month; withdraw keys whose tokens are all dead."""
    present_key(work)
    gone = delete(signing_key).where(signing_key.c.signs_until < work.now - OUTLIVES)
    withdrawn = work.execute(gone).rowcount
    newest = work.scalar(select(signing_key.c.signs_from).order_by(signing_key.c.signs_from.desc()).limit(1))
    if newest > work.now - SIGNS_FOR:
        return withdrawn
    change_over = work.now + ANNOUNCED
    work.execute(signing_key.update().where(signing_key.c.signs_until.is_(None)).values(signs_until=change_over))
    _make(work, signs_from=change_over)
    return withdrawn + 1


def _make(work, signs_from) -> str:
    key = auth.new_key()
    work.execute(insert(signing_key).values(kid=key.kid, pem=key.pem, jwk=key.jwk, signs_from=signs_from))
    return key.pem


_read = lru_cache(maxsize=8)(auth.read_key)
