"""What things are: rows, entities that record events, and copies of other services' facts.

Each service has a registry of its own, so that two services may both have a `Unit`.
"""

import enum
import itertools
import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Enum,
    MetaData,
    Numeric,
    Text,
    Uuid,
    false,
    inspect,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Bundle, Mapped, declared_attr, mapped_column, registry

from chassis.actor import ALL, Actor, Kind
from chassis.ids import new_id

NAMES = {
    "ix": "%(table_name)s_%(column_0_N_name)s",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}
COLUMN_TYPES = {
    UUID: Uuid,
    str: Text,
    int: BigInteger,
    datetime: DateTime(timezone=True),
    date: Date,
    Decimal: Numeric,
    dict: JSONB(none_as_null=True),  # also when it is taken away, as when it was never there
    list: JSONB(none_as_null=True),
    enum.Enum: Enum(
        enum.Enum, native_enum=False, length=40, values_callable=lambda kind: [member.value for member in kind]
    ),
}
moments = itertools.count()


@cache
def registry_of(owner: str) -> registry:
    return registry(metadata=MetaData(naming_convention=NAMES), type_annotation_map=COLUMN_TYPES)


def owner_of(module: str) -> str:
    """`services.tickets` for every module in that room; any other module by itself."""
    return ".".join(module.split(".")[:2]) if module.startswith("services.") else module


def within(column, estates: frozenset) -> ColumnElement[bool]:
    """The condition that `column` is one of these estates."""
    if estates is ALL:
        return true()
    return column.in_(estates) if estates else false()


class Perhaps(Bundle):
    """Columns of an outer join as one thing, or None where nothing was found: the first column tells.

    select(Ticket.number, Perhaps("assignee", Person.id, Person.name)).outerjoin(…) → row.number, row.assignee.name
    """

    def create_row_processor(self, query, procs, labels):
        made = super().create_row_processor(query, procs, labels)
        return lambda row: None if procs[0](row) is None else made(row)


class Row:
    """A row of the operator's: an id of our own making, and the operator."""

    __abstract__ = True

    @declared_attr
    def id(cls) -> Mapped[UUID]:
        return mapped_column(primary_key=True, default=new_id, sort_order=-9)

    @declared_attr
    def operator_id(cls) -> Mapped[UUID]:
        return mapped_column(sort_order=-8)

    @declared_attr.directive
    def __tablename__(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if not cls.__dict__.get("__abstract__"):
            registry_of(owner_of(cls.__module__)).mapped(cls)

    def __init__(self, **facts):
        """Complete from the start: defaults are set now and not at the first flush, so that rules can be tried without a database."""
        columns = inspect(type(self)).column_attrs
        unknown = facts.keys() - inspect(type(self)).attrs.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        for column in columns:
            default = column.columns[0].default
            if column.key not in facts and default is not None and (default.is_scalar or default.is_callable):
                facts[column.key] = default.arg(None) if default.is_callable else default.arg
        for name, value in facts.items():
            setattr(self, name, value)

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        """Which rows exist for this actor: the operator's, in the estates where it holds the permission (any, for None)."""
        if actor.kind is Kind.SYSTEM:
            return true()
        mine = cls.operator_id == actor.operator_id
        return mine & within(cls.estate_id, actor.estates(permission)) if hasattr(cls, "estate_id") else mine

    def open_to(self, actor: Actor, permission: str) -> bool:
        """Whether the actor, who can see this row, holds the permission for it."""
        estate_id = getattr(self, "estate_id", None)
        return actor.may(permission, estate_id) if estate_id else actor.holds(permission)


class OfEstate:
    """Mixed into what belongs to one estate."""

    @declared_attr
    def estate_id(cls) -> Mapped[UUID]:
        return mapped_column(sort_order=-7)


class Entity(Row):
    """A thing with rules. Every change is a fact it records; `version` counts them and guards against a lost update."""

    __abstract__ = True

    @declared_attr
    def version(cls) -> Mapped[int]:
        return mapped_column(default=0, sort_order=-6)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict:
        return {"version_id_col": cls.version, "version_id_generator": False}

    def record(self, fact) -> None:
        """Say that this happened. It is published if, and only if, the change is committed."""
        self.version += 1
        vars(self).setdefault("recorded", []).append((next(moments), fact, self.version))

    def told_as(self, actor: Actor) -> str:
        """How whoever acts is named in the events and the audit record of this. Override where one must stay hidden."""
        return actor.named()

    def restated(self):
        """The event by which the present state is said again to late listeners."""
        raise TypeError(f"{type(self).__name__} does not restate itself")


class Copy(Row):
    """Another service's fact, kept here. `sequence` is the version of the original that it shows."""

    __abstract__ = True

    @declared_attr
    def sequence(cls) -> Mapped[int]:
        return mapped_column(default=0, sort_order=-6)
