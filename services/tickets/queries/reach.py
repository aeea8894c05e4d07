"""Which estates a scope reaches."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.tickets.model import Estate, Unit


def estates_of(session: Session, scopes: Iterable[str]) -> dict[str, set[UUID]]:
    """The estates of regions and units, from our own copies."""
    found: dict[str, set[UUID]] = {}
    for scope in scopes:
        kind, _, id = scope.partition(":")
        of = {
            "region": select(Estate.id).where(Estate.region_id == UUID(id)),
            "unit": select(Unit.estate_id).where(Unit.id == UUID(id)),
        }
        found[scope] = set(session.scalars(of[kind]))
    return found
