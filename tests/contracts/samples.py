"""Golden samples: one event of each type and version ever released, as it went over the wire.

`python -m tests.contracts.samples` adds a sample for every type that has none. A sample is never changed: it is what
lies in outboxes, queues and partners' archives.
"""

import json
import typing
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from types import NoneType
from uuid import UUID, uuid5

from chassis.events import Envelope, dump
from chassis.service import load, names

GOLDEN = Path(__file__).parent / "golden"
NAMESPACE = UUID("6f0d6c6e-1c1b-4f6e-9a55-6c696e6c6900")
MOMENT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PLAIN = {str: "样例 sample", int: 3, bool: True, date: date(2026, 11, 23), datetime: MOMENT, dict: {}}


def write() -> list[str]:
    """→ the types that had no sample yet"""
    GOLDEN.mkdir(exist_ok=True)
    new = [(type, cls) for type, cls in released() if not (GOLDEN / f"{type}.json").exists()]
    for type, cls in new:
        text = json.dumps(sample_of(type, cls).to_dict(), ensure_ascii=False, indent=1)
        (GOLDEN / f"{type}.json").write_text(text + "\n")
    return [type for type, _ in new]


def released() -> list[tuple[str, type]]:
    return [(type, cls) for name in names() for cls in load(name).says for type in cls.__event__.types]


def sample_of(type: str, cls) -> Envelope:
    service, aggregate, _, _ = type.split(".")
    said = Envelope(
        id=_id(type), source=f"/{service}", type=type, subject=f"{aggregate}/{_id(aggregate)}", time=MOMENT,
        operator_id=_id("operator"), estate_id=_id("estate"), sequence=3, correlation_id="sample",
        actor=f"person/{_id('person')}", data=dump(_filled(cls)),
    )  # fmt: skip
    return Envelope.from_json(said.to_json())  # as it arrives


def _filled(cls):
    hints = typing.get_type_hints(cls)
    return cls(**{field.name: _value(field.name, hints[field.name]) for field in fields(cls)})


def _value(name: str, annotation):
    inner = [each for each in typing.get_args(annotation) if each is not NoneType]
    if typing.get_origin(annotation) is list:
        return [_value(name, inner[0])]
    if inner and typing.get_origin(annotation) is not dict:
        return _value(name, inner[0])
    if annotation is UUID:
        return _id(name.removesuffix("_id"))
    if is_dataclass(annotation):
        return _filled(annotation)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return next(iter(annotation))
    return PLAIN[typing.get_origin(annotation) or annotation]


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


if __name__ == "__main__":
    print("\n".join(write()) or "every type has its sample")
