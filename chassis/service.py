"""A service, named: the parts that make it one. `services/<name>/service.py` holds an instance called `service`."""

import importlib
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from sqlalchemy import MetaData
from sqlalchemy.orm import registry

from chassis.audit import audit_sealed
from chassis.events import Reaction, events_in, reactions_in
from chassis.jobs import Job, jobs_in
from chassis.model import Entity, owner_of, registry_of
from chassis.recovery import mending_in
from chassis.upkeep import UPKEEP


def no_estates(_session, _scopes) -> Mapping[str, set]:
    """For a service whose roles never have a region's or a unit's scope."""
    return {}


class Service:
    """Modules in, lists out: what the service says, hears, does by the clock and shows over HTTP."""

    def __init__(
        self,
        name: str,
        *,
        title: str,
        events: ModuleType,
        model: ModuleType,
        reactions: ModuleType | None = None,
        jobs: ModuleType | None = None,
        blueprints: list | None = None,
        grants: Mapping[str, set[str]] | None = None,
        estates_of: Callable = no_estates,
        settings: Callable | None = None,
        attachments: bool = False,
        trail: Callable | None = None,
    ):
        self.name = name
        self.title = title
        self.model = model
        self.says: list[type] = [*events_in(events), audit_sealed(name)]
        self.reactions: list[Reaction] = reactions_in(reactions) if reactions else []
        self.jobs: list[Job] = [*(jobs_in(jobs) if jobs else []), *UPKEEP, *(_attachment_jobs() if attachments else [])]
        self.after_restore: list[Callable] = mending_in(jobs) if jobs else []
        self.blueprints = blueprints or []
        self.grants = grants or {}
        self.estates_of = estates_of
        self.settings = settings
        self.attachments = attachments
        self.trail = trail
        self.registry: registry = registry_of(owner_of(model.__name__))

    @property
    def folder(self) -> Path:
        """The room: where `migrations/` and `README.md` lie."""
        owner = sys.modules[owner_of(self.model.__name__)]
        return Path(owner.__path__[0]) if hasattr(owner, "__path__") else Path(owner.__file__).parent

    @property
    def metadata(self) -> MetaData:
        return self.registry.metadata

    @property
    def entities(self) -> list[type[Entity]]:
        return [mapper.class_ for mapper in self.registry.mappers if issubclass(mapper.class_, Entity)]

    @property
    def hears(self) -> set[str]:
        """Routing keys that its queue is bound to."""
        return {key for reaction in self.reactions for key in reaction.hears.__event__.types}

    def reactions_to(self, type: str) -> list[Reaction]:
        return [reaction for reaction in self.reactions if type in reaction.hears.__event__.types]


def _attachment_jobs() -> list[Job]:
    from chassis.attachments import JOBS  # Pillow comes along: only for a service that keeps files

    return JOBS


def load(name: str) -> Service:
    """Raises ModuleNotFoundError naming the service when there is no such room."""
    return importlib.import_module(f"services.{name}.service").service


def names() -> list[str]:
    """All services present in this installation (in an image: one)."""
    rooms = Path(find_spec("services").submodule_search_locations[0])
    return sorted(room.parent.name for room in rooms.glob("*/service.py"))
