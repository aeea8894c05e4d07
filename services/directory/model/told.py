"""Entities whose every event carries the same full public state, and who may see them."""

from dataclasses import fields
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import MappedColumn, mapped_column

from chassis.actor import Actor
from chassis.model import Entity


class Told(Entity):
    """Registered, changed and restated in the same words: `facts()` is the whole public state."""

    __abstract__ = True
    BEGUN: ClassVar[type]
    CHANGED: ClassVar[type]
    RESTATED: ClassVar[type]

    def facts(self) -> dict:
        """What an event of this aggregate says; `unit_id` is a unit's own id."""
        own = f"{self.__tablename__}_id"
        return {f.name: self.id if f.name == own else getattr(self, f.name) for f in fields(self.RESTATED)}

    def say(self, fact: type, **more) -> None:
        self.record(fact(**self.facts(), **more))

    @classmethod
    def register(cls, **facts):
        """A new one, which says so."""
        thing = cls(**facts)
        thing.say(cls.BEGUN)
        return thing

    def change(self, **facts) -> None:
        """Take what differs and say so once; where nothing differs, nothing is said."""
        if self._take(facts):
            self.say(self.CHANGED)

    def _take(self, facts: dict) -> bool:
        differing = {name: value for name, value in facts.items() if getattr(self, name) != value}
        for name, value in differing.items():
            setattr(self, name, value)
        return bool(differing)

    def restated(self):
        return self.RESTATED(**self.facts())


def staffed(actor: Actor, permission: str | None) -> frozenset:
    """The estates whose homes and people the actor may look at as staff, under this permission.

    `directory:see` is a resident's too: under it (or none), only those estates count where homes may be seen.
    """
    return actor.estates("directory:see_homes" if permission in (None, "directory:see") else permission)


def homes_of(actor: Actor, *roles: str) -> set[UUID]:
    """The units that the actor's token names, in any of these roles (all, where none is given)."""
    scopes = {role.scope for role in actor.roles if not roles or role.name in roles}
    return {UUID(scope.removeprefix("unit:")) for scope in scopes if scope.startswith("unit:")}


def refers_to(column: str) -> MappedColumn:
    """A reference checked at commit: one flush may write both ends in any order."""
    return mapped_column(ForeignKey(column, deferrable=True, initially="DEFERRED"))
