"""What a report's words propose: the tickets service's own pure functions, without its framework.

Their packages import models and much else when opened; here they are opened as bare folders, so that only the modules of
plain Python are read: classifier, lexicon, spelling and the standard taxonomy.
"""

import importlib
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import services.tickets

ROOM = Path(services.tickets.__path__[0])


def bare(name: str) -> ModuleType:
    """The package as a folder alone: its `__init__` is not run."""
    package = ModuleType(f"services.tickets.{name}")
    package.__path__ = [str(ROOM / name)]
    return sys.modules.setdefault(package.__name__, package)


events = bare("events")
vars(events).update(vars(importlib.import_module("services.tickets.events.words")))
bare("model")
classifier = importlib.import_module("services.tickets.model.classifier")
taxonomy = importlib.import_module("services.tickets.model.taxonomy")


def proposed(kind: str, text: str) -> dict | None:
    """{"category", "problem", "urgency", "words"} as the ticket keeps it; None where the words say nothing."""
    found = classifier.propose(text, kind=events.Kind(kind), taxonomy=taxonomy.STANDARD)
    said = found.category or found.urgency is not events.Urgency.NORMAL
    return {**asdict(found), "words": [asdict(each) for each in found.words]} if said else None
