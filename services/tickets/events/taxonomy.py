"""What is said of an operator's taxonomy: what can be reported there, and how long each step may take."""

from uuid import UUID

from chassis.events import event, part
from services.tickets.events.words import Urgency


@part
class ProblemFacts:
    """Limits in minutes; None: those of the category."""

    code: str
    zh: str
    en: str
    urgency: Urgency
    off: bool
    review_minutes: int | None
    arrival_minutes: int | None
    resolution_minutes: int | None


@part
class CategoryFacts:
    """Limits in minutes; None: no limit of its own."""

    code: str
    zh: str
    en: str
    skill: str
    licensed: bool
    off: bool
    review_minutes: int | None
    arrival_minutes: int | None
    resolution_minutes: int | None
    problems: list[ProblemFacts]


@part
class PlaceFacts:
    code: str
    zh: str
    en: str
    off: bool


@event("tickets.taxonomy.changed", version=1)
class TaxonomyChanged:
    """The operator's taxonomy as a whole, as it is from now on. What is `off` is not offered any more."""

    taxonomy_id: UUID
    categories: list[CategoryFacts]
    places: list[PlaceFacts]
