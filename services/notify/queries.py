"""What can be looked up: one's messages, deliveries, and who is meant when an event names only a role or a home."""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Date,
    DateTime,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.notify.model import CONFIDED, Delivery, Duty, Estate, Message, Occupancy, Person, Preference, Staff, Unit

# A household member may be a child; these have signed for the home, or live there on their own name.
ADULTS = ("owner", "co_owner", "occupier")
DESK = ("dispatcher", "service_desk")
FIRST_RUNG = 1


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
    """Newest first; `named` are columns that must match. What only its reader may know of is not among them."""
    asked = {name: value for name, value in named.items() if value is not None}
    seen = work.seen(Delivery).where(Delivery.template.not_in(CONFIDED)).filter_by(**asked)
    return work.page(seen, by=[Delivery.created_at.desc(), Delivery.id.desc()], limit=limit, after=after)


# ── who is meant, for many events at once ────────────────────────────────────────────────────────────────────────
# The statements are made once: making one costs more than the database's answer.


def _any_of(name: str, kind=Uuid):
    return any_(bindparam(name, type_=ARRAY(kind)))


PLACES = (
    select(Estate, Unit)
    .outerjoin(Unit, (Unit.estate_id == Estate.id) & (Unit.id == _any_of("units")))
    .where(Estate.operator_id == bindparam("operator"), Estate.id == _any_of("estates"))
)
_told = select(Message.event_id).where(Message.person_id == Person.id, Message.event_id == _any_of("events"))
PEOPLE = (
    select(Person, Preference, func.array(_told.scalar_subquery(), type_=ARRAY(Uuid)))
    .outerjoin(Preference, Preference.id == Person.id)
    .where(Person.operator_id == bindparam("operator"), Person.id == _any_of("people"))
)
HOMES = select(Occupancy).where(
    Occupancy.unit_id == _any_of("units"), Occupancy.relation.in_(ADULTS), Occupancy.void.is_(False)
)
_today = bindparam("today", type_=Date)
RESIDENTS = select(Occupancy.person_id).where(
    Occupancy.estate_id == bindparam("estate"),
    Occupancy.relation.in_(ADULTS),
    Occupancy.void.is_(False),
    Occupancy.starts_on <= _today,
    or_(Occupancy.ends_on.is_(None), Occupancy.ends_on >= _today),
)
RESIDENTS_OF_UNITS = RESIDENTS.where(Occupancy.unit_id == _any_of("units"))
_scope = func.unnest(bindparam("scopes", type_=ARRAY(Text))).column_valued("scope")
_held = [
    Staff.roles.contains(func.jsonb_build_array(func.jsonb_build_object("role", role, "scope", _scope)))
    for role in DESK
]
_where = case(
    (Duty.estate_id.is_not(None), "estate:" + cast(Duty.estate_id, Text)), else_="region:" + cast(Duty.region_id, Text)
)
DESKS = union_all(
    select(_scope, Staff.id, false()).where(Staff.operator_id == bindparam("operator"), Staff.active, or_(*_held)),
    select(_where, Duty.person_id, true()).where(
        Duty.operator_id == bindparam("operator"),
        _where == _any_of("scopes", Text),
        Duty.level == FIRST_RUNG,
        Duty.cancelled.is_(False),
        Duty.starts_at <= bindparam("now", type_=DateTime(timezone=True)),
        Duty.ends_at > bindparam("now", type_=DateTime(timezone=True)),
    ),
)


def places(work, estates: set[UUID | None], units: set[UUID | None]) -> tuple[dict[UUID, Estate], dict[UUID, Unit]]:
    """→ the estates, and those of the units that lie in them, by id"""
    asked = {"operator": work.actor.operator_id, "estates": _some(estates), "units": _some(units)}
    found = work.execute(PLACES, asked).all() if asked["estates"] else []
    return {estate.id: estate for estate, _ in found}, {unit.id: unit for _, unit in found if unit}


def people(work, ids: set[UUID], events: set[UUID]) -> tuple[dict[UUID, tuple[Person, Preference | None]], set[tuple]]:
    """→ {id: (person, preference)}, and (event id, person id) of the messages that these events caused already"""
    asked = {"operator": work.actor.operator_id, "people": _some(ids), "events": _some(events)}
    found = work.execute(PEOPLE, asked).all() if ids else []
    told = {(event_id, person.id) for person, _, event_ids in found for event_id in event_ids}
    return {person.id: (person, preference) for person, preference, _ in found}, told


def homes(work, units: list[Unit], estates: Mapping[UUID, Estate]) -> dict[UUID, set[UUID]]:
    """{unit id: the adults who hold it today, by the estate's calendar}"""
    held: dict[UUID, set[UUID]] = {unit.id: set() for unit in units}
    today = {unit.id: work.now.astimezone(ZoneInfo(estates[unit.estate_id].timezone)).date() for unit in units}
    for occupancy in work.scalars(HOMES, {"units": list(held)}) if held else []:
        day = today[occupancy.unit_id]
        if occupancy.starts_on <= day and (occupancy.ends_on is None or occupancy.ends_on >= day):
            held[occupancy.unit_id].add(occupancy.person_id)
    return held


def residents(work, estate: Estate, units: frozenset[UUID] | None) -> set[UUID]:
    """The adults who hold these units of the estate today, or any unit of it for None: one question for all."""
    asked = {"estate": estate.id, "today": work.now.astimezone(ZoneInfo(estate.timezone)).date()}
    found = (
        work.scalars(RESIDENTS, asked)
        if units is None
        else work.scalars(RESIDENTS_OF_UNITS, {**asked, "units": _some(set(units))})
    )
    return set(found)


def desks(work, estates: list[Estate]) -> dict[UUID, set[UUID]]:
    """{estate id: its desk, or the nearest above that has one, and whoever is on first duty}"""
    asked = {
        "operator": work.actor.operator_id,
        "now": work.now,
        "scopes": _some({s for e in estates for s in _scopes(e)}),
    }
    staff, duty = defaultdict(set), defaultdict(set)
    for scope, person_id, on_duty in work.execute(DESKS, asked) if estates else []:
        (duty if on_duty else staff)[scope].add(person_id)
    return {estate.id: _desk(estate, staff, duty) for estate in estates}


def _desk(estate: Estate, staff: Mapping[str, set[UUID]], duty: Mapping[str, set[UUID]]) -> set[UUID]:
    scopes = _scopes(estate)
    nearest = next((staff[scope] for scope in scopes if scope in staff), set())
    return nearest.union(*(duty[scope] for scope in scopes if scope in duty))


def _scopes(estate: Estate) -> list[str]:
    """From the nearest to the widest."""
    return [f"estate:{estate.id}", f"region:{estate.region_id}", "operator"]


def _some(ids: set) -> list:
    """In one order, as locks and plans like it; without the absent."""
    return sorted(ids - {None})
