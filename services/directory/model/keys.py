"""The keys that sign access tokens, and when each of them signs and may be trusted."""

from datetime import datetime, timedelta

from sqlalchemy import Column, DateTime, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from chassis.model import registry_of
from chassis.private import Sealed

SIGNS_FOR = timedelta(days=30)
ANNOUNCED = timedelta(hours=1)  # published before it signs, so that every service has fetched it
OUTLIVES = timedelta(hours=1)  # published after it signed its last, longer than any token it signed

signing_key = Table(
    "signing_key",
    registry_of("services.directory").metadata,
    Column("kid", Text, primary_key=True),
    Column("pem", Sealed, nullable=False),
    Column("jwk", JSONB, nullable=False),
    Column("signs_from", DateTime(timezone=True), nullable=False),
    Column("signs_until", DateTime(timezone=True)),
)


def signing_at(at: datetime):
    """The condition for keys that sign at this instant; the newest of them is taken."""
    open_end = signing_key.c.signs_until.is_(None) | (signing_key.c.signs_until > at)
    return (signing_key.c.signs_from <= at) & open_end
