"""The event catalogue as a reader wants it: read from `contracts/asyncapi.yaml`, grouped by who says what."""

from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from pathlib import Path

import yaml

DEEP = 3  # levels of nested parts that are shown


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    optional: bool
    about: str
    depth: int


@dataclass(frozen=True)
class Fact:
    type: str
    about: str
    said_by: str
    heard_by: list[str]
    private: bool
    fields: list[Field]

    @property
    def explained(self) -> bool:
        """Whether any field needs a column of words."""
        return any(field.about for field in self.fields)

    @property
    def short(self) -> str:
        """The type without its service, as it stands below the service's heading."""
        return self.type.partition(".")[2]


@dataclass(frozen=True)
class Catalogue:
    """What goes around every event, and service → the facts it says."""

    envelope: list[Field]
    services: dict[str, list[Fact]]


def read_catalogue(contracts: Path) -> Catalogue:
    """An empty one while none has been generated."""
    path = contracts / "asyncapi.yaml"
    if not path.exists():
        return Catalogue(envelope=[], services={})
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _read(path: Path, _changed_at: int) -> Catalogue:
    """Read once, and again when the file has changed."""
    document = Document(path)
    facts = sorted(document.facts(), key=lambda fact: fact.type)
    speakers = sorted({fact.said_by for fact in facts})
    return Catalogue(document.envelope(), {name: [f for f in facts if f.said_by == name] for name in speakers})


class Document:
    """An AsyncAPI 3 document whose references are followed."""

    def __init__(self, path: Path):
        self.document = yaml.load(path.read_text(), yaml.CSafeLoader)

    def facts(self) -> list[Fact]:
        channels = self.document["channels"].values()
        return [self._fact(self.resolved(said)) for channel in channels for said in channel["messages"].values()]

    def envelope(self) -> list[Field]:
        return self._fields(self.document["components"]["schemas"].get("envelope", {}))

    @cached_property
    def listeners(self) -> dict[str, set[str]]:
        """Event type → the services with an operation that receives it; an operation's name begins with its service."""
        found = {}
        for name, operation in self.document["operations"].items():
            if operation["action"] == "receive":
                type_ = self.resolved(operation["channel"])["address"]
                found.setdefault(type_, set()).add(name.partition(".")[0])
        return found

    def resolved(self, part: dict) -> dict:
        """What a part stands for, when it only points elsewhere."""
        while "$ref" in part:
            steps = part["$ref"].removeprefix("#/").split("/")
            part = reduce(lambda inside, step: inside[step], steps, self.document)
        return part

    def _fact(self, message: dict) -> Fact:
        data = self._data(message["payload"])
        return Fact(
            type=message["name"],
            about=_first_line(message.get("summary", "")),
            said_by=message["name"].partition(".")[0],
            heard_by=sorted(self.listeners.get(message["name"], ())),
            private="x-personal-data" in data,
            fields=self._fields(data),
        )

    def _data(self, payload: dict) -> dict:
        """What the event itself says: `data`, where the payload is the envelope with its data made particular."""
        payload = self.resolved(payload)
        parts = [self.resolved(part) for part in payload.get("allOf", [payload])]
        data = [part["properties"]["data"] for part in parts if "data" in part.get("properties", {})]
        return self.resolved(data[-1]) if data else payload

    def _fields(self, schema: dict, depth: int = 0) -> list[Field]:
        required, found = schema.get("required", []), []
        for name, member in schema.get("properties", {}).items():
            inner, kind = self._kind(member)
            found.append(Field(name, kind, name not in required, _first_line(member.get("description", "")), depth))
            found += self._fields(inner, depth + 1) if depth < DEEP else []
        return found

    def _kind(self, member: dict) -> tuple[dict, str]:
        """The schema inside (of a list: of its items), and what it is in a few words."""
        schema = self._one(member)
        if "items" in schema:
            inner, kind = self._kind(schema["items"])
            return inner, f"{kind}[]"
        if "enum" in schema:
            return schema, " | ".join(str(value) for value in schema["enum"] if value is not None)
        if "const" in schema:
            return schema, str(schema["const"])
        plain = schema.get("type", "object")
        names = [name for name in ([plain] if isinstance(plain, str) else plain) if name != "null"]
        return schema, schema.get("format") or " | ".join(names)

    def _one(self, member: dict) -> dict:
        """The schema that is meant by `X or null`, or by one behind allOf or a reference."""
        schema = self.resolved(member)
        for choice in ("anyOf", "oneOf", "allOf"):
            real = [it for it in schema.get(choice, []) if it.get("type") != "null"]
            if real:
                return self._one(real[0])
        return schema


def _first_line(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())
