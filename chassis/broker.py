"""The broker's topology, rendered from what the services hear: one file of definitions, and a sync that also unbinds.

Services may not declare anything; they find here what they may read and write, and nothing else (messaging.md §2.2).
"""

import base64
import hashlib
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from chassis.amqp import (
    EVENTS,
    PARKED,
    REPLAY,
    RETRY_AFTER,
    VHOST,
    events_queue,
    parked_queue,
    retry_exchange,
    retry_queue,
)

if TYPE_CHECKING:
    import requests

DELIVERY_LIMIT = 20  # only for a message that kills its process; failures are counted by ourselves
LOOKED_AT = 1_000_000  # reading the parked queue and leaving it as it is counts as delivery
LISTENERS = Path(__file__).parents[1] / "contracts" / "listeners.json"


# ── who hears what ───────────────────────────────────────────────────────────────────────────────────────────────


def listeners(services: Iterable) -> dict[str, list[str]]:
    """{type: services that hear it} for every type that is said, in the form of `contracts/listeners.json`."""
    services = list(services)
    said = sorted({type for service in services for fact in service.says for type in fact.__event__.types})
    return {type: sorted(service.name for service in services if type in service.hears) for type in said}


def unheard(file: Path = LISTENERS) -> set[str]:
    """Types of which the contracts say that nobody hears them; without the file none is known to be so."""
    if not file.exists():
        return set()
    return {type for type, hearing in orjson.loads(file.read_bytes()).items() if not hearing}


# ── definitions ──────────────────────────────────────────────────────────────────────────────────────────────────


def definitions(
    services: Iterable,
    passwords: Mapping[str, str],
    *,
    retry_after: Sequence[float] = RETRY_AFTER,
    extra: Iterable[Mapping[str, list]] = (),
) -> dict[str, list]:
    """Everything the broker has to hold, in its own format. `passwords` by service name; `extra` as of `administrator`."""
    whole = {"vhosts": [{"name": VHOST}], "exchanges": [_exchange(EVENTS, "topic")]}
    parts = [_parts_of(service, passwords[service.name], retry_after) for service in services]
    merged = defaultdict(list)
    for part in [whole, *parts, *extra]:
        for kind, things in part.items():
            merged[kind] += things
    return dict(merged)


def administrator(name: str, password: str) -> dict[str, list]:
    """A user for people and `sync`, with every right on our vhost."""
    return {"users": [_user(name, password, "administrator")], "permissions": [_permission(name, ".*", ".*", ".*")]}


def user_of(service: str) -> str:
    return f"svc_{service}"


def _parts_of(service, password: str, retry_after: Sequence[float]) -> dict[str, list]:
    name, retry = service.name, retry_exchange(service.name)
    tiers = {str(n): retry_queue(name, n) for n in range(1, len(retry_after) + 1)}
    ways = {**tiers, PARKED: parked_queue(name), REPLAY: events_queue(name)}
    return {
        "users": [_user(user_of(name), password)],
        "permissions": [
            _permission(user_of(name), "^$", f"^({_exact(EVENTS)}|{_exact(retry)})$", rf"^{_exact(name)}\.")
        ],
        "exchanges": [_exchange(retry, "direct")],
        "queues": [_queue(queue) for queue in ways.values()],
        "bindings": [
            *(_binding(EVENTS, key, events_queue(name)) for key in sorted(service.hears)),
            *(_binding(retry, key, queue) for key, queue in ways.items()),
        ],
        "policies": [
            _policy(events_queue(name), {"delivery-limit": DELIVERY_LIMIT, **_dead_letters(retry, PARKED)}),
            _policy(parked_queue(name), {"delivery-limit": LOOKED_AT, **_dead_letters(retry, PARKED)}),
            *(
                _policy(queue, {"message-ttl": round(1000 * wait), **_dead_letters("", events_queue(name))})
                for queue, wait in zip(tiers.values(), retry_after, strict=True)
            ),
        ],
    }


def _exact(name: str) -> str:
    return re.escape(name)


def _dead_letters(exchange: str, key: str) -> dict:
    """Where a message goes that leaves its queue unread; at least once, which asks for reject-publish."""
    return {
        "dead-letter-exchange": exchange,
        "dead-letter-routing-key": key,
        "dead-letter-strategy": "at-least-once",
        "overflow": "reject-publish",
    }


def _exchange(name: str, kind: str) -> dict:
    return {
        "name": name,
        "vhost": VHOST,
        "type": kind,
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _queue(name: str) -> dict:
    return {
        "name": name,
        "vhost": VHOST,
        "durable": True,
        "auto_delete": False,
        "arguments": {"x-queue-type": "quorum"},
    }


def _binding(exchange: str, key: str, queue: str) -> dict:
    return {
        "source": exchange, "vhost": VHOST, "destination": queue, "destination_type": "queue", "routing_key": key, "arguments": {},
    }  # fmt: skip


def _policy(queue: str, definition: dict) -> dict:
    pattern = f"^{_exact(queue)}$"
    return {
        "vhost": VHOST,
        "name": queue,
        "pattern": pattern,
        "apply-to": "queues",
        "priority": 0,
        "definition": definition,
    }


def _permission(user: str, configure: str, write: str, read: str) -> dict:
    return {"user": user, "vhost": VHOST, "configure": configure, "write": write, "read": read}


def _user(name: str, password: str, *tags: str) -> dict:
    return {
        "name": name,
        "password_hash": password_hash(password),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": list(tags),
    }


def password_hash(password: str) -> str:
    """RabbitMQ's own form: a salt of four bytes, then SHA-256 of salt and password."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


# ── sync ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def sync(management_url: str, wanted: Mapping[str, list], user: str = "", password: str = "") -> list[str]:
    """Import the definitions and remove bindings that they no longer name, which importing alone leaves in place.

    An administrator's name and password are given, or stand in the URL. → `exchange -key-> queue` of each removed.
    """
    import requests  # only who brings the broker up to date needs it

    with requests.Session() as api:
        api.auth = (user, password) if user else None
        _answer(api.post(f"{management_url}/api/definitions", json=wanted, timeout=60))
        present = _answer(api.get(f"{management_url}/api/bindings/{VHOST}", timeout=30)).json()
        kept = {_identity(binding) for binding in wanted["bindings"]}
        gone = [binding for binding in present if binding["source"] and _identity(binding) not in kept]
        for binding in gone:
            _answer(api.delete(_address(management_url, binding), timeout=30))
    return ["{source} -{routing_key}-> {destination}".format(**binding) for binding in gone]


def _identity(binding: Mapping) -> tuple:
    return tuple(binding[part] for part in ("vhost", "source", "routing_key", "destination"))


def _address(management_url: str, binding: Mapping) -> str:
    parts = (binding["vhost"], "e", binding["source"], "q", binding["destination"], binding["properties_key"])
    return f"{management_url}/api/bindings/" + "/".join(quote(part, safe="") for part in parts)


def _answer(response: "requests.Response") -> "requests.Response":
    if not response.ok:
        raise RuntimeError(f"The broker refused {response.request.method} {response.request.path_url}: {response.text}")
    return response
