"""What a token says of its bearer (messaging.md §6): roles with their scopes, never a list of estates."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from chassis import auth
from chassis.ids import new_id
from services.directory.handlers.keys import present_key
from services.directory.model import Client, Estate, Occupancy, Staff

MOST_UNITS = 20  # of one estate in one role; who holds more (a developer) gets the role for the estate


def roles_of_person(work, person_id: UUID) -> list[dict]:
    """Roles as staff, and one for each home held today by the calendar of its estate."""
    staff = work.get(Staff, person_id)
    held = (
        select(Occupancy.relation, Occupancy.estate_id, Occupancy.unit_id)
        .join(Estate, Estate.id == Occupancy.estate_id)
        .where(Occupancy.person_id == person_id, Occupancy.current(work.now))
        .order_by(Occupancy.starts_on, Occupancy.id)
    )
    homes = _homes(work.execute(held).all())
    return [*(staff.roles if staff and staff.active else []), *homes]


def _homes(held) -> list[dict]:
    counted = Counter((relation, estate_id) for relation, estate_id, _ in held)
    scopes = [
        (str(relation), f"estate:{estate_id}" if counted[relation, estate_id] > MOST_UNITS else f"unit:{unit_id}")
        for relation, estate_id, unit_id in held
    ]
    return [{"role": role, "scope": scope} for role, scope in dict.fromkeys(scopes)]


def roles_of_client(client: Client) -> list[dict]:
    places = [f"estate:{each}" for each in client.estate_ids] or ["operator"]
    return [{"role": scope, "scope": place} for scope in client.scopes for place in places]


def access_token(work, *, subject: UUID, kind: str, roles: list[dict], epoch: int, life: timedelta) -> dict:
    """Signed, and in the words of OAuth 2.0 (RFC 6749 §5.1)."""
    now = int(work.now.timestamp())
    claims = {
        "iss": auth.ISSUER,
        "aud": auth.AUDIENCE,
        "sub": str(subject),
        "operator": str(work.actor.operator_id),
        "kind": kind,
        "roles": roles,
        "epoch": epoch,
        "jti": str(new_id()),
        "iat": now,
        "exp": now + int(life.total_seconds()),
    }
    token = auth.issue(present_key(work), claims)
    return {"access_token": token, "token_type": "Bearer", "expires_in": int(life.total_seconds())}
