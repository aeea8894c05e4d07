"""What is said of a month."""

from datetime import date
from uuid import UUID

from chassis.events import event, part
from services.tickets.events.words import Kind


@part
class Bottleneck:
    """Of one process, the step that took most of the time, and how often limits were missed. Minutes; shares in per mille."""

    kind: Kind
    stage: str
    share: int
    p50_minutes: int
    p90_minutes: int
    breached: int


@event("tickets.analysis.published", version=1)
class AnalysisPublished:
    """A month is over and its figures stand: all that ended in it, in all of the operator's estates.

    Bottlenecks come in the order of how much was reported; `told` are the head office.
    """

    month: date
    ended: int
    breached: int
    reopened: int
    rated: int
    low_ratings: int
    suggestions: int
    complaints: int
    bottlenecks: list[Bottleneck]
    told: list[UUID]
