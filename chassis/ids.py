"""Identifiers are made by us, before the database is asked: UUIDv7 (RFC 9562), which sort by time of making."""

from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["UUID", "new_id"]


def new_id() -> UUID:
    return uuid7()
