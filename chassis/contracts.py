"""What services promise each other and their partners, written out under contracts/ and reviewed like code.

`events/<type>.json` one JSON Schema per event version · `asyncapi.yaml` who says and who hears what · `openapi/<service>.json`
· `listeners.json` {type: [services that hear it]}, which the relay asks. Inside a version we only add.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson
import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from chassis.amqp import CONTENT_TYPE, EVENTS
from chassis.broker import listeners
from chassis.http import create_app
from chassis.runtime import Runtime
from chassis.service import Service
from chassis.settings import nowhere

FOLDER = Path(__file__).parents[1] / "contracts"
TITLE = "Linli 邻里"


HOW = "CloudEvents 1.0 as structured JSON on a topic exchange; the routing key is the event's type."
TEXT, ID = {"type": "string"}, {"type": "string", "format": "uuid"}
ENVELOPE = {
    "type": "object",
    "description": "A CloudEvent. `source` and `id` are its identity; `sequence` is the version of what `subject` names.",
    "properties": {
        "specversion": {"const": "1.0"},
        "id": ID,
        "source": TEXT,
        "type": TEXT,
        "subject": TEXT,
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": TEXT,
        "operatorid": ID,
        "estateid": ID,
        "sequence": {"type": "string", "pattern": "^[0-9]+$"},
        "correlationid": TEXT,
        "causationid": TEXT,
        "traceparent": TEXT,
        "actor": TEXT,
        "data": {"type": "object"},
    },
    "required": [
        "specversion",
        "id",
        "source",
        "type",
        "subject",
        "time",
        "operatorid",
        "sequence",
        "correlationid",
        "actor",
        "data",
    ],
}


class Plain(yaml.SafeDumper):
    """YAML for reviewers: what is said twice stands there twice."""

    def ignore_aliases(self, _data) -> bool:
        return True


class BrokenPromise(SystemExit):
    """A published schema would change otherwise than by adding."""


def schema_of(event: type) -> dict:
    """The JSON Schema of an event's data, with its published sentence."""
    plugin = MarshmallowPlugin(schema_name_resolver=lambda _schema: None)  # parts stand where they are used
    APISpec(title="", version="", openapi_version="3.1.0", plugins=[plugin])
    plain = plugin.converter.schema2jsonschema(event.__wire__())
    kind = event.__event__
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:linli:{kind.type}",
        "title": kind.type,
        "description": " ".join((event.__doc__ or "").split()),
        **({"x-personal-data": "sealed"} if kind.pii else {}),
        **plain,
    }


def said_by(services: Iterable[Service]) -> dict[str, type]:
    """{type: event class} of everything these services publish."""
    return {event.__event__.type: event for service in services for event in service.says}


def asyncapi(services: Iterable[Service]) -> dict:
    """The catalogue of events as AsyncAPI 3."""
    services = list(services)
    said = said_by(services)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": f"{TITLE}: events", "version": "1.0.0", "description": HOW},
        "defaultContentType": CONTENT_TYPE,
        "channels": {type: _channel(type, event) for type, event in sorted(said.items())},
        "operations": {name: operation for each in services for name, operation in _operations(each, said)},
        "components": {"schemas": {"envelope": ENVELOPE, **{type: schema_of(said[type]) for type in sorted(said)}}},
    }


def _channel(type: str, event: type) -> dict:
    data = {"type": "object", "properties": {"type": {"const": type}, "data": {"$ref": _ref(type)}}}
    message = {
        "name": type,
        "summary": schema_of(event)["description"],
        "payload": {"allOf": [{"$ref": _ref("envelope")}, data]},
    }
    exchange = {"name": EVENTS, "type": "topic", "durable": True}
    return {
        "address": type,
        "messages": {"event": message},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange}},
    }


def _ref(type: str) -> str:
    return f"#/components/schemas/{type}"


def _operations(service: Service, said: dict[str, type]) -> Iterator[tuple[str, dict]]:
    for event in service.says:
        type = event.__event__.type
        yield f"{service.name}.says.{type}", {"action": "send", "channel": {"$ref": f"#/channels/{type}"}}
    for type in sorted(service.hears & said.keys()):
        yield f"{service.name}.hears.{type}", {"action": "receive", "channel": {"$ref": f"#/channels/{type}"}}


def openapi(service: Service) -> dict:
    """The service's OpenAPI 3.1 document, as it serves it."""
    runtime = Runtime(service, nowhere(service.name))
    return create_app(runtime).test_client().get(f"/api/{service.name}/v1/openapi.json").json


def written(services: Iterable[Service]) -> dict[str, bytes]:
    """{path below contracts/: content} of all contracts."""
    services = list(services)
    files = {f"events/{type}.json": _json(schema_of(event)) for type, event in said_by(services).items()}
    files |= {f"openapi/{service.name}.json": _json(openapi(service)) for service in services}
    files["listeners.json"] = _json(listeners(services))
    files["asyncapi.yaml"] = yaml.dump(
        asyncapi(services), Dumper=Plain, allow_unicode=True, sort_keys=False, width=120
    ).encode()
    return files


def _json(document) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def write(services: Iterable[Service], folder: Path = FOLDER) -> list[str]:
    """Write the contracts. → paths that changed.

    Raises:
        BrokenPromise: a schema that stands there would change otherwise than by adding an optional field.
    """
    new, changed = written(services), drift(services, folder)
    for path in changed:
        if path.startswith("events/") and path in new and (folder / path).exists():
            broken = breaks(orjson.loads((folder / path).read_bytes()), orjson.loads(new[path]))
            if broken:
                raise BrokenPromise(
                    f"{path}: {'; '.join(broken)}. Make a new version and say both until nobody hears the old one."
                )
    for path in changed:
        if path in new:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(new[path])
        else:
            (folder / path).unlink()
    return changed


def drift(services: Iterable[Service], folder: Path = FOLDER) -> list[str]:
    """Paths where the committed contracts differ from what the code promises."""
    new = written(services)
    old = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != "README.md"}
    stale = [path for path, content in new.items() if path not in old or (folder / path).read_bytes() != content]
    return sorted(stale + list(old - new.keys()))


def breaks(before: dict, after: dict, where: str = "") -> list[str]:
    """What a reader of `before` could not read in `after`; adding an optional field breaks nothing."""
    found = []
    old, new = before.get("properties", {}), after.get("properties", {})
    for name in old:
        place = f"{where}{name}"
        if name not in new:
            found.append(f"{place} was removed")
            continue
        if _kind(old[name]) != _kind(new[name]):
            found.append(f"{place} changed its type")
        if set(old[name].get("enum", [])) - set(new[name].get("enum", [])) and "enum" in new[name]:
            found.append(f"{place} lost a value")
        found += breaks(old[name], new[name], f"{place}.")
        found += breaks(old[name].get("items", {}), new[name].get("items", {}), f"{place}[].")
    dropped = (set(before.get("required", [])) - set(after.get("required", []))) & new.keys()
    return found + [f"{where}{name} is no longer always there" for name in sorted(dropped)]


def _kind(field: dict) -> tuple:
    kinds = field.get("type", "any")
    return (tuple(sorted(kinds)) if isinstance(kinds, list) else (kinds,), field.get("format"))
