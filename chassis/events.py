"""Events: a dataclass is a promise. From it come the wire format, the JSON Schema and the catalogue.

On the wire: CloudEvents 1.0, structured JSON (messaging.md §5). What we say is strict; what we hear is read tolerantly.
"""

import inspect
import re
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from uuid import UUID

import orjson
from marshmallow import EXCLUDE, Schema, ValidationError, post_load
from marshmallow import fields as wire

from chassis.dumping import EXPRESSIONS, MOMENT, compiled

TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
RESTATED = "restated"  # the fact by which a service says its present state again, for late listeners


class BrokenEvent(Exception):
    """A message that can never be understood: it is parked with this reason, not retried."""


# ── declaring ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class EventType:
    """`<service>.<aggregate>.<fact>`, a major version, and whether it carries (sealed) personal data."""

    names: tuple[str, ...]
    version: int
    pii: bool

    @property
    def types(self) -> tuple[str, ...]:
        """Routing keys, which are the CloudEvents types: `tickets.ticket.completed.v1`."""
        return tuple(f"{name}.v{self.version}" for name in self.names)

    @property
    def type(self) -> str:
        return self.types[0]

    @property
    def aggregate(self) -> str:
        return self.names[0].split(".")[1]


def event(*names: str, version: int, pii: bool = False):
    """Make the class an event: frozen, keyword-only, optional fields defaulting to None."""
    for name in names:
        if len(name.split(".")) != 3:
            raise ValueError(f"{name!r} is not <service>.<aggregate>.<fact>")

    def declare(cls):
        cls = part(cls)
        cls.__event__ = EventType(names, version, pii)
        return cls

    return declare


def part(cls):
    """A piece of an event's data: a frozen, keyword-only dataclass whose optional fields default to None."""
    for name, annotation in inspect.get_annotations(cls).items():
        if _optional(annotation) and not hasattr(cls, name):
            setattr(cls, name, None)
    cls = dataclass(frozen=True, kw_only=True)(cls)
    cls.__wire__ = _schema_of(cls)
    return cls


def is_event(thing) -> bool:
    return inspect.isclass(thing) and "__event__" in vars(thing)


def events_in(module) -> list[type]:
    """The events a module declares, in the order of its text."""
    return [
        thing for thing in vars(module).values() if is_event(thing) and thing.__module__.startswith(module.__name__)
    ]


# ── dataclass → marshmallow ──────────────────────────────────────────────────────────────────────────────────────

PLAIN = {UUID: wire.UUID, str: wire.String, int: wire.Integer, bool: wire.Boolean, date: wire.Date, dict: wire.Dict}


class Moment(wire.AwareDateTime):
    """An aware instant, on the wire in UTC."""

    def __init__(self, **kwargs):
        super().__init__(format="iso", **kwargs)


class Word(wire.Enum):
    """A member of a StrEnum, by its value."""

    def __init__(self, words: type[StrEnum], **kwargs):
        super().__init__(words, by_value=wire.String, **kwargs)


EXPRESSIONS[Moment] = MOMENT
EXPRESSIONS[Word] = "None if ({v} := {read}) is None else {v}.value if isinstance({v}, Enum) else refuse({v})"


def _schema_of(cls) -> type[Schema]:
    hints = typing.get_type_hints(cls)
    members = {f.name: _field_of(hints[f.name]) for f in fields(cls)}

    def build(self, data, **_):
        return cls(**data)

    return type(
        cls.__name__,
        (Schema,),
        {**members, "build": post_load(build), "Meta": type("Meta", (), {"unknown": EXCLUDE})},
    )


def _field_of(annotation, **options) -> wire.Field:
    inner = _optional(annotation)
    if inner:
        return _field_of(inner, allow_none=True, load_default=None)
    options.setdefault("required", "load_default" not in options)
    if typing.get_origin(annotation) is list:
        return wire.List(_field_of(typing.get_args(annotation)[0]), **options)
    if inspect.isclass(annotation) and issubclass(annotation, StrEnum):
        return Word(annotation, **options)
    if annotation is datetime:
        return Moment(**options)
    if is_dataclass(annotation):
        return wire.Nested(annotation.__wire__, **options)
    if typing.get_origin(annotation) is dict:
        return wire.Dict(**options)
    if annotation not in PLAIN:
        raise TypeError(f"{annotation} has no wire form; say money as integer fen and quantities as text")
    return PLAIN[annotation](**options)


def _optional(annotation):
    """The X of `X | None`, else None."""
    if typing.get_origin(annotation) in (UnionType, typing.Union):
        inner = [a for a in typing.get_args(annotation) if a is not NoneType]
        if len(inner) == 1 and len(typing.get_args(annotation)) == 2:
            return inner[0]
        raise TypeError(f"{annotation}: only `X | None` unions have a wire form")
    return None


@cache
def _wire(cls) -> Schema:
    """One schema a class: making one costs more than using it."""
    return cls.__wire__()


def dump(fact) -> dict:
    """The event's data, for orjson."""
    return compiled(_wire(type(fact)))(fact)


def load(cls, data: dict):
    """Raises BrokenEvent naming the fields that are wrong."""
    try:
        return _wire(cls).load(data)
    except ValidationError as error:
        raise BrokenEvent(
            f"{cls.__event__.type}: data does not fit: {'; '.join(_wrong(error.normalized_messages()))}"
        ) from error


def _wrong(messages: dict | list, path: str = "") -> Iterator[str]:
    """`ticket.unit_id: Not a valid UUID.` of each field."""
    if isinstance(messages, list):
        yield f"{path}: {' '.join(map(str, messages))}"
    else:
        for name, inner in messages.items():
            yield from _wrong(inner, f"{path}.{name}" if path else str(name))


# ── envelope ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A CloudEvent with our extensions. `source` + `id` are its identity; `sequence` the aggregate's version."""

    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    operator_id: UUID
    estate_id: UUID | None = None
    sequence: int
    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None
    actor: str
    data: dict = field(repr=False)

    @property
    def restated(self) -> bool:
        return self.type.split(".")[2] == RESTATED

    def to_dict(self) -> dict:
        """The CloudEvent; attributes without a value are left out."""
        event = {
            "specversion": "1.0",
            "id": str(self.id),
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": self.time.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "dataschema": f"urn:linli:{self.type}",
            "operatorid": str(self.operator_id),
            "estateid": self.estate_id and str(self.estate_id),
            "sequence": str(self.sequence),
            "correlationid": self.correlation_id,
            "causationid": self.causation_id,
            "traceparent": self.traceparent,
            "actor": self.actor,
            "data": self.data,
        }
        return {key: value for key, value in event.items() if value is not None}

    def to_json(self) -> bytes:
        return orjson.dumps(self.to_dict())

    @classmethod
    def from_json(cls, body: bytes) -> "Envelope":
        """Raises BrokenEvent."""
        try:
            event = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise BrokenEvent(f"not JSON: {error}") from error
        if b"\\u0000" in body and _holds_nul(event):
            raise BrokenEvent("the event holds the character NUL, which no database keeps")
        return cls.from_dict(event)

    @classmethod
    def from_dict(cls, event: dict) -> "Envelope":
        """Raises BrokenEvent naming what is missing or malformed."""
        if not isinstance(event, dict):
            raise BrokenEvent("the event is not a JSON object")
        if event.get("specversion") != "1.0":
            raise BrokenEvent(f"CloudEvents version {event.get('specversion')!r} is unknown")
        return cls(
            id=_part_of(event, "id", UUID),
            source=_part_of(event, "source", _text),
            type=_part_of(event, "type", _text),
            subject=_part_of(event, "subject", _text),
            time=_part_of(event, "time", datetime.fromisoformat),
            operator_id=_part_of(event, "operatorid", UUID),
            estate_id=_part_of(event, "estateid", UUID) if event.get("estateid") else None,
            sequence=_part_of(event, "sequence", _count),
            correlation_id=_part_of(event, "correlationid", _text),
            causation_id=event.get("causationid"),
            traceparent=trace_in(event.get("traceparent")),
            actor=_part_of(event, "actor", _text),
            data=_part_of(event, "data", _mapping),
        )


def _part_of(event: dict, name: str, read: Callable):
    """Raises BrokenEvent naming the attribute; its value may be private and is not repeated."""
    if name not in event:
        raise BrokenEvent(f"the envelope lacks {name!r}")
    try:
        return read(event[name])
    except (TypeError, ValueError, AttributeError) as error:
        raise BrokenEvent(f"the envelope's {name} is not {FORMS[read]}") from error


def trace_in(value) -> str | None:
    """A traceparent as W3C writes it, else none: it is handed on, and a relay that could not read it would stop."""
    return value if isinstance(value, str) and TRACEPARENT.fullmatch(value) else None


def _text(value) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _mapping(value) -> dict:
    if not isinstance(value, dict):
        raise ValueError
    return value


def _count(value) -> int:
    """A version: from 1, as far as a database counts."""
    count = int(value)
    if not 0 < count < 2**63:
        raise ValueError
    return count


FORMS = {
    UUID: "a UUID",
    datetime.fromisoformat: "a time",
    _text: "text",
    _mapping: "an object",
    _count: "a count from 1",
}


def _holds_nul(value) -> bool:
    if isinstance(value, str):
        return "\0" in value
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_holds_nul, inner))


# ── listening ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Reaction:
    """One function that hears one event class. A projection keeps a copy; only it may hear `restated`.

    With `together` the function only says what it wants, and that one does what a whole batch of events wants.
    """

    hears: type
    function: Callable
    projection: bool
    together: Callable | None = None

    @property
    def name(self) -> str:
        return self.function.__name__


def on(heard: type, *, together: Callable | None = None):
    """React to an event: exactly one effect per event, whatever its order of arrival.

    With `together`, the function reads nothing and yields what the event asks for, and `together(work, wanted)` does what
    all events of an operator that came at once ask for, set by set. It says no events: they would have no one cause.
    """
    return _listener(heard, projection=False, together=together)


def copies(heard: type):
    """Keep a local copy of another service's state, guarded by the event's sequence (`work.copy`)."""
    return _listener(heard, projection=True)


def _listener(heard: type, projection: bool, together: Callable | None = None):
    restated = [name for name in heard.__event__.names if name.endswith(f".{RESTATED}")]
    if restated and not projection:
        raise TypeError(f"{restated[0]} says no new fact: only a projection (@copies) may hear it")

    def mark(function):
        function.__reactions__ = [
            *getattr(function, "__reactions__", []),
            Reaction(heard, function, projection, together),
        ]
        return function

    return mark


def reactions_in(module) -> list[Reaction]:
    found = [r for thing in vars(module).values() for r in getattr(thing, "__reactions__", [])]
    return list(dict.fromkeys(found))
