"""One OpenAPI document out of those of all services. Their paths differ already; names they share are kept apart."""

from gateway.edge.words import say

SHARED = "securitySchemes"  # the same everywhere: one token opens all services
OWN = "#/components/"


def joined(specs: dict[str, dict], language: str) -> dict:
    """All that the services offer; one that is silent now is named in the description."""
    whole = {
        "openapi": "3.1.0",
        "info": {"title": "Linli 邻里", "version": "v1", "description": _introduction(specs, language)},
        "tags": [],
        "paths": {},
        "components": {},
    }
    for service, spec in specs.items():
        _add(whole, service, _apart(spec, service))
    return whole


def _introduction(specs: dict[str, dict], language: str) -> str:
    silent = [service for service, spec in specs.items() if not spec]
    text = say("api_introduction", language)
    return f"{text}\n\n**{say('api_silent', language)}** {', '.join(silent)}" if silent else text


def _add(whole: dict, service: str, spec: dict) -> None:
    whole["tags"] += [tag | {"name": _tag(service, tag["name"])} for tag in spec.get("tags", [])]
    for path, item in spec.get("paths", {}).items():
        whole["paths"][path] = {act: _operation(service, what) for act, what in item.items()}
    for kind, named in spec.get("components", {}).items():
        prefix = "" if kind == SHARED else f"{service}."
        whole["components"].setdefault(kind, {}).update({prefix + name: it for name, it in named.items()})


def _operation(service: str, what):
    """An operation under its service's tags, with an id that no other service uses; parameters pass as they are."""
    if not isinstance(what, dict) or "responses" not in what:
        return what
    named = {"operationId": f"{service}.{what['operationId']}"} if "operationId" in what else {}
    return what | named | {"tags": [_tag(service, tag) for tag in what.get("tags") or [service]]}


def _tag(service: str, tag: str) -> str:
    return service if tag == service else f"{service} · {tag}"


def _apart(part, service: str):
    """The same, with every reference to a component leading to that service's own."""
    if isinstance(part, dict):
        return {key: _reference(it, service) if key == "$ref" else _apart(it, service) for key, it in part.items()}
    if isinstance(part, list):
        return [_apart(it, service) for it in part]
    return part


def _reference(target, service: str):
    if not isinstance(target, str) or not target.startswith(OWN):
        return target
    kind, _, name = target.removeprefix(OWN).partition("/")
    return f"{OWN}{kind}/{service}.{name}"
