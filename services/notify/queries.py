"""What can be looked up: one's messages, deliveries, and who is meant when an event names only a role or a home."""

from collections.abc import Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, literal, or_, select, type_coerce, union_all
from sqlalchemy.dialects.postgresql import JSONB

from services.notify.model import Delivery, Duty, Estate, Message, Occupancy, Preference, Staff, Unit

# A household member may be a child; these have signed for the home, or live there on their own name.
ADULTS = ("owner", "co_owner", "occupier")
DESK = ("dispatcher", "service_desk")
FIRST_RUNG = 1
ON_DUTY = -1  # among degrees of nearness: whoever is on duty is told anyway


def estates_of(session, scopes: set[str]) -> Mapping[str, set[UUID]]:
    """The estates behind `region:<id>` and `unit:<id>`, from our copies."""
    regions = _ids(scopes, "region:")
    units = _ids(scopes, "unit:")
    region = select(literal("region:"), Estate.region_id, Estate.id).where(Estate.region_id.in_(regions))
    unit = select(literal("unit:"), Unit.id, Unit.estate_id).where(Unit.id.in_(units))
    found: dict[str, set[UUID]] = {}
    for kind, scope_id, estate_id in session.execute(union_all(region, unit)):
        found.setdefault(f"{kind}{scope_id}", set()).add(estate_id)
    return found


def _ids(scopes: set[str], kind: str) -> list[UUID]:
    return [UUID(scope.removeprefix(kind)) for scope in scopes if scope.startswith(kind)]


def trail(session, event_ids: list[UUID]):
    """For `linli trace`: (event id, when, what) of each message about these events, and of how far it got."""
    moved = func.coalesce(Delivery.delivered_at, Delivery.failed_at, Delivery.sent_at, Delivery.created_at)
    written = select(Message.event_id, Message.created_at, Message.person_id, Message.template)
    handed = select(Delivery.event_id, moved, Delivery.person_id, Delivery.channel, Delivery.state)
    for event_id, at, person_id, template in session.execute(written.where(Message.event_id.in_(event_ids))):
        yield event_id, at, f"message {template} → person/{person_id}"
    for event_id, at, person_id, channel, state in session.execute(handed.where(Delivery.event_id.in_(event_ids))):
        yield event_id, at, f"{channel} {state} → person/{person_id}"


# ── one's own ────────────────────────────────────────────────────────────────────────────────────────────────────


def messages(work, *, limit: int, after: str | None = None, unread: bool | None = None):
    mine = work.seen(Message)
    if unread is not None:
        mine = mine.where(Message.read_at.is_(None) if unread else Message.read_at.is_not(None))
    return work.page(mine, by=[Message.created_at.desc(), Message.id.desc()], limit=limit, after=after)


def unread_count(work) -> int:
    return work.scalar(work.seen(Message).where(Message.read_at.is_(None)).with_only_columns(func.count()))


def preference(work) -> Preference:
    """The signed-in person's; until they choose, version 0 with everything on."""
    return work.get(Preference, work.actor.id) or Preference(id=work.actor.id)


# ── staff's ──────────────────────────────────────────────────────────────────────────────────────────────────────


def deliveries(work, *, limit: int, after: str | None = None, **named):
    """Newest first; `named` are columns that must match."""
    seen = work.seen(Delivery).filter_by(**{name: value for name, value in named.items() if value is not None})
    return work.page(seen, by=[Delivery.created_at.desc(), Delivery.id.desc()], limit=limit, after=after)


# ── who is meant ─────────────────────────────────────────────────────────────────────────────────────────────────


def adults_of(work, unit_id: UUID | None, estate: Estate) -> set[UUID]:
    """The adults who hold the unit today, by the estate's calendar."""
    today = work.now.astimezone(ZoneInfo(estate.timezone)).date()
    here = select(Occupancy.person_id).where(
        Occupancy.unit_id == unit_id,
        Occupancy.relation.in_(ADULTS),
        Occupancy.void.is_(False),
        Occupancy.starts_on <= today,
        or_(Occupancy.ends_on.is_(None), Occupancy.ends_on >= today),
    )
    return set(work.scalars(here)) if unit_id else set()


def desk_of(work, estate: Estate) -> set[UUID]:
    """Who looks after the estate's tickets: its desk, or the nearest above that has one, and whoever is on first duty."""
    scopes = [f"estate:{estate.id}", f"region:{estate.region_id}", "operator"]
    desks = [_staff_with(work, scope, nearness) for nearness, scope in enumerate(scopes)]
    found = work.execute(union_all(*desks, _on_first_duty(work, estate))).all()
    nearest = min((nearness for nearness, _ in found if nearness != ON_DUTY), default=None)
    return {person_id for nearness, person_id in found if nearness in (nearest, ON_DUTY)}


def _staff_with(work, scope: str, nearness: int) -> Select:
    held = [Staff.roles.contains(type_coerce([{"role": role, "scope": scope}], JSONB)) for role in DESK]
    mine = (Staff.operator_id == work.cause.operator_id, Staff.active, or_(*held))
    return select(literal(nearness), Staff.id).where(*mine)


def _on_first_duty(work, estate: Estate) -> Select:
    here = or_(Duty.estate_id == estate.id, Duty.estate_id.is_(None) & (Duty.region_id == estate.region_id))
    return select(literal(ON_DUTY), Duty.person_id).where(
        Duty.operator_id == work.cause.operator_id,
        here,
        Duty.level == FIRST_RUNG,
        Duty.cancelled.is_(False),
        Duty.starts_at <= work.now,
        Duty.ends_at > work.now,
    )
