"""A schema as one generated function, which dumps an object in a tenth of marshmallow's time (performance.md, goal 2c).

What it gives is for orjson: moments, ids and enums stay as they are, because it writes them itself. What the
function was not made for (an attribute that is not there, a value of another type, a hook) marshmallow dumps as ever,
so the bytes are always the same.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date
from enum import Enum
from functools import cache, lru_cache, partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from marshmallow import Schema, fields, missing
from marshmallow.decorators import POST_DUMP, PRE_DUMP

Dump = Callable[[Any], Any]
OF_TYPE = "{v} if ({v} := {read}) is None or {v}.__class__ is %s else refuse({v})"
MEMBER = "{v} if ({v} := {read}) is None or isinstance({v}, Enum) else refuse({v})"
MOMENT = "{v} if ({v} := {read}) is None or {v}.tzinfo in AT_UTC else {v}.astimezone(UTC)"
EXPRESSIONS = {  # by the very class of a field, because a subclass may do something else
    fields.String: OF_TYPE % "str",
    fields.UUID: OF_TYPE % "UUID",
    fields.Integer: OF_TYPE % "int",
    fields.Float: OF_TYPE % "float",
    fields.Boolean: OF_TYPE % "bool",
    fields.Dict: OF_TYPE % "dict",
    fields.Date: OF_TYPE % "date",
    fields.Enum: MEMBER,
}
PLAIN_OPTIONS = {  # with others, marshmallow writes these fields differently
    fields.Integer: lambda field: not field.as_string,
    fields.Float: lambda field: not field.as_string and not field.allow_nan,
    fields.Dict: lambda field: field.key_field is None and field.value_field is None,
    fields.Date: lambda field: field.format in (None, "iso"),
    fields.Enum: lambda field: field.by_value is True,
}


class NotMadeFor(TypeError):
    """A value, or a field, is not what the generated code was made for."""


def refuse(value):
    raise NotMadeFor(type(value))


@cache
def is_mapping(kind: type) -> bool:
    return issubclass(kind, Mapping)


def present(value):
    """A value that is not there at all leaves its name out, which only marshmallow does."""
    return refuse(value) if value is missing else value


def whole(values):
    """What can be read once only is left to marshmallow: after half of it the rest would be all that is left."""
    return refuse(values) if hasattr(values, "__next__") else values


NAMES = {  # what the generated code calls things
    "AT_UTC": (UTC, ZoneInfo("UTC")),
    "ELSEWHERE": (AttributeError, LookupError, NotMadeFor, ValueError),  # the last: rows of another width
    "UTC": UTC,
    **{thing.__name__: thing for thing in (Enum, UUID, date, is_mapping, present, refuse, whole)},
}


def to_json(dumped: Any) -> bytes:
    """JSON of what a compiled dump gave; moments in UTC with Z (RFC 3339)."""
    return orjson.dumps(dumped, option=orjson.OPT_UTC_Z)


@cache
def compiled(schema: Schema) -> Dump:
    """`schema.dump` for one object, faster, for orjson."""
    if schema._hooks[PRE_DUMP] or schema._hooks[POST_DUMP] or schema.many:
        return schema.dump
    return _Code(schema).function()


def _dump_all(schema: Schema, things: Iterable) -> list:
    things = list(whole(things))
    dump = compiled(schema)
    columns = getattr(things[0], "_fields", None) if things else None
    if columns and dump != schema.dump:
        dump = _for_rows(schema, columns)
    return [None if thing is None else dump(thing) for thing in things]


@lru_cache(maxsize=1024)
def _for_rows(schema: Schema, columns: tuple[str, ...]) -> Dump:
    return _Code(schema).for_rows(columns)


class _Code:
    """The text of one dump function, and the things it names."""

    def __init__(self, schema: Schema):
        self.schema = schema
        self.named = {**NAMES, "slowly": schema.dump}

    def function(self) -> Dump:
        """For a thing of any kind: by key or by attribute."""
        return self._made(
            "  if is_mapping(thing.__class__):\n"
            f"   return {{{self._pairs('thing[{!r}]'.format)}}}\n"
            f"  return {{{self._pairs('thing.{}'.format)}}}\n"
        )

    def for_rows(self, columns: tuple[str, ...]) -> Dump:
        """For rows of these columns: taken apart once, because a row looks each attribute up in a slow way."""
        local = {column: f"c{number}" for number, column in enumerate(columns)}
        return self._made(
            f"  {', '.join(local.values())}, = thing\n"
            f"  return {{{self._pairs(lambda name: local.get(name, f'thing.{name}'))}}}\n"
        )

    def _made(self, body: str) -> Dump:
        exec(f"def dump(thing):\n try:\n{body} except ELSEWHERE:\n  return slowly(thing)\n", self.named)
        return self.named["dump"]

    def _pairs(self, reading: Callable[[str], str]) -> str:
        pairs = []
        for number, (name, field) in enumerate(self.schema.dump_fields.items()):
            head, *rest = (field.attribute or name).split(".")
            read = reading(head) + "".join(f".{each}" for each in rest)
            pairs.append(f"{(field.data_key or name)!r}: {self._value(field, name, read, f'v{number}')}")
        return ", ".join(pairs)

    def _value(self, field: fields.Field, name: str, read: str, v: str) -> str:
        """An expression of the dumped value; `v` is the variable it may use."""
        if type(field) is fields.Function and field.serialize_func:
            return f"present({self._name(field.serialize_func)}(thing))"
        if not _is_simple(field):
            return f"present({self._name(field)}.serialize({name!r}, thing))"
        if isinstance(field, fields.Nested):
            return f"None if ({v} := {read}) is None else {self._name(compiled(field.schema))}({v})"
        if isinstance(field, fields.List) and type(field.inner) is fields.Nested:
            return f"None if ({v} := {read}) is None else {self._name(partial(_dump_all, field.inner.schema))}({v})"
        if isinstance(field, fields.List):
            item = self._value(field.inner, name, f"{v}_", f"{v}_i")
            return f"None if ({v} := {read}) is None else [{item} for {v}_ in whole({v})]"
        return EXPRESSIONS[type(field)].format(v=v, read=read)

    def _name(self, thing: Any) -> str:
        """The name by which the code calls this."""
        name = f"_{len(self.named)}"
        self.named[name] = thing
        return name


def _is_simple(field: fields.Field) -> bool:
    """Whether the code writes this field itself."""
    kind = type(field)
    if kind is fields.List:
        return _is_simple(field.inner)
    if kind is fields.Nested:
        return not field.many
    return kind in EXPRESSIONS and PLAIN_OPTIONS.get(kind, lambda _: True)(field)
