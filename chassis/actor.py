"""Who acts, and where: a person or client with roles, an event, or the system itself."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Everywhere(frozenset):
    """All estates of the operator: contains every id."""

    def __contains__(self, _):
        return True

    def __or__(self, _):
        return self

    def __bool__(self):
        return True


ALL = Everywhere()


class Kind(StrEnum):
    PERSON = "person"
    CLIENT = "client"
    EVENT = "event"
    SYSTEM = "system"
    GUEST = "guest"  # let in by a link that the service gave out, for one thing
    NOBODY = "nobody"


@dataclass(frozen=True)
class Role:
    """One role with its scope as in the access token: `operator`, `region:<id>`, `estate:<id>` or `unit:<id>`."""

    name: str
    scope: str


@dataclass(frozen=True)
class Actor:
    """Who acts in one unit of work, and when. `reach` holds, per permission, the estates where it is held."""

    kind: Kind
    id: UUID | None = None
    operator_id: UUID | None = None
    roles: tuple[Role, ...] = ()
    reach: Mapping[str, frozenset] = field(default_factory=dict)
    at: datetime | None = field(default=None, compare=False)

    def estates(self, permission: str | None = None) -> frozenset:
        """The estates where the actor holds `permission`; without one, all estates the actor has to do with."""
        if self.kind in (Kind.EVENT, Kind.SYSTEM):
            return self.reach.get("*", ALL)
        if permission is not None:
            return self.reach.get(permission, frozenset())
        found = frozenset()
        for estates in self.reach.values():
            found = ALL if estates is ALL else (found if found is ALL else found | estates)
        return found

    def holds(self, permission: str) -> bool:
        return bool(self.estates(permission))

    def may(self, permission: str, estate_id: UUID | None) -> bool:
        """Whether the permission is held in this estate; a thing of no estate asks for an operator-wide role."""
        estates = self.estates(permission)
        return estates is ALL or estate_id in estates

    def holds_wherever(self, other: str | None, permission: str) -> bool:
        """Whether `permission` is held in every estate where `other` is."""
        wide, narrow = self.estates(permission), self.estates(other)
        return wide is ALL or (narrow is not ALL and narrow <= wide)

    def has_scope(self, kind: str) -> bool:
        """Whether a role of the actor is for one `unit`, `estate`, `region`, or for the `operator`."""
        return any(role.scope.partition(":")[0] == kind for role in self.roles)

    def named(self) -> str:
        """As it stands in envelopes and audit rows: `person/<id>`, `system`."""
        return f"{self.kind}/{self.id}" if self.id else str(self.kind)


SYSTEM = Actor(Kind.SYSTEM)
NOBODY = Actor(Kind.NOBODY)


def actor_of_event(operator_id: UUID, estate_id: UUID | None) -> Actor:
    """A reaction acts as the event's operator, in its estate or, where it has none, in all of them."""
    return actor_of_events(operator_id, {estate_id})


def actor_of_events(operator_id: UUID, estate_ids: Set[UUID | None]) -> Actor:
    """What reacts to several events of an operator together: it reaches all of their estates."""
    return Actor(Kind.EVENT, operator_id=operator_id, reach={"*": ALL if None in estate_ids else frozenset(estate_ids)})


def reach_of(roles, grants: Mapping[str, set[str]], estates_of: Callable[[set[str]], Mapping[str, set[UUID]]]):
    """Resolve roles to {permission: estates}: `operator` is everywhere, the other scopes through the service's own copy."""
    known = [role for role in roles if role.name in grants]
    estates = estates_of({role.scope for role in known if role.scope.startswith(("region:", "unit:"))}) if known else {}
    reach: dict[str, frozenset] = {}
    for role in known:
        where = _where(role.scope, estates)
        for permission in grants[role.name]:
            held = reach.get(permission, frozenset())
            reach[permission] = ALL if where is ALL or held is ALL else held | where
    return reach


def _where(scope: str, estates: Mapping[str, set[UUID]]) -> frozenset:
    if scope == "operator":
        return ALL
    if scope.startswith("estate:"):
        return frozenset({UUID(scope.removeprefix("estate:"))})
    return frozenset(estates.get(scope, ()))
