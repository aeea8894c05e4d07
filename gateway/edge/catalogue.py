"""The event catalogue as a reader wants it: read from `contracts/asyncapi.yaml`, grouped by who says what."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

EVENT_TYPE = re.compile(r"([a-z_]+)\.[a-z_]+\.[a-z_]+\.v\d+")
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


def read_catalogue(contracts: Path) -> dict[str, list[Fact]]:
    """service → the facts it says; empty while no catalogue has been generated."""
    path = contracts / "asyncapi.yaml"
    if not path.exists():
        return {}
    facts = sorted(Catalogue(path).facts(), key=lambda fact: fact.type)
    return {service: [f for f in facts if f.said_by == service] for service in sorted({f.said_by for f in facts})}


class Catalogue:
    """An AsyncAPI 3 document whose references, also to files beside it, are followed."""

    def __init__(self, path: Path):
        self.folder = path.parent
        self.files = {}
        self.document = self._file(path.name)

    def facts(self) -> list[Fact]:
        return [self._fact(type_, message) for type_, message in self.messages.items()]

    @cached_property
    def messages(self) -> dict[str, dict]:
        """Event type → message, of all channels."""
        channels = [self.resolved(it) for it in self.document.get("channels", {}).values()]
        found = [named for channel in channels for named in channel.get("messages", {}).items()]
        return {self._type(key, message): self.resolved(message) for key, message in found}

    @cached_property
    def listeners(self) -> dict[str, set[str]]:
        """Event type → the services with an operation that receives it."""
        found = {}
        for name, operation in self.document.get("operations", {}).items():
            if operation["action"] == "receive":
                for type_ in self._types(operation):
                    found.setdefault(type_, set()).add(_owner(name, operation))
        return found

    def resolved(self, part: dict) -> dict:
        """What a part stands for, when it only points elsewhere."""
        while "$ref" in part:
            file, _, inside = part["$ref"].partition("#")
            part = self._file(file) if file else self.document
            for step in filter(None, inside.split("/")):
                part = part[step.replace("~1", "/").replace("~0", "~")]
        return part

    def _file(self, name: str) -> dict:
        if name not in self.files:
            self.files[name] = yaml.safe_load((self.folder / name).read_text())
        return self.files[name]

    def _types(self, operation: dict) -> list[str]:
        if operation.get("messages"):
            return [self._type(it["$ref"].rpartition("/")[2], it) for it in operation["messages"]]
        channel = self.resolved(operation["channel"])
        return [self._type(key, it) for key, it in channel.get("messages", {}).items()]

    def _type(self, key: str, message: dict) -> str:
        return key if EVENT_TYPE.fullmatch(key) else self.resolved(message).get("name", key)

    def _fact(self, type_: str, message: dict) -> Fact:
        payload = self.resolved(message.get("payload", {}))
        data = self.resolved(payload.get("properties", {}).get("data", payload))
        return Fact(
            type=type_,
            about=_first_line(message.get("description") or message.get("summary") or data.get("description", "")),
            said_by=type_.partition(".")[0],
            heard_by=sorted(self.listeners.get(type_, ())),
            private="x-personal-data" in data,
            fields=self._fields(data),
        )

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


def _owner(name: str, operation: dict) -> str:
    """Whose operation it is: said outright, or the first word of its name."""
    return operation.get("x-service") or re.split(r"[^a-z]", name, maxsplit=1)[0]


def _first_line(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())
