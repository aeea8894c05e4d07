"""What is said of incidents: one fault that many feel, or an outage planned ahead. Their text is written for all residents
of the place and holds nobody's name."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.events import event, part
from services.tickets.events.tickets import TicketState


class IncidentState(StrEnum):
    PLANNED = "planned"
    OPEN = "open"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


@part
class IncidentFacts:
    """An incident's public state. It concerns the whole estate, or else the units of `unit_ids`."""

    incident_id: UUID
    estate_id: UUID
    planned: bool
    state: IncidentState
    category: str
    problem: str | None
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    whole_estate: bool
    unit_ids: list[UUID]
    starts_at: datetime | None
    ends_at: datetime | None
    announced_at: datetime | None


@event("tickets.incident.opened", version=1)
class IncidentOpened(IncidentFacts):
    """A fault that many feel is known, and being worked on."""


@event("tickets.incident.planned", version=1)
class IncidentPlanned(IncidentFacts):
    """An outage is planned, from `starts_at` to `ends_at`; residents hear when it is announced."""


@event("tickets.incident.announced", version=1)
class IncidentAnnounced(IncidentFacts):
    """The planned outage is near: time to tell everybody concerned."""


@event("tickets.incident.begun", version=1)
class IncidentBegun(IncidentFacts):
    """The planned outage has begun."""


@event("tickets.incident.changed", version=1)
class IncidentChanged(IncidentFacts):
    """Its times or text are others now. `reporter_ids` reported it themselves, wherever they live."""

    reporter_ids: list[UUID]


@event("tickets.incident.updated", version=1)
class IncidentUpdated(IncidentFacts):
    """There is news, the same for all: `news_zh`, `news_en`."""

    news_zh: str
    news_en: str
    reporter_ids: list[UUID]


@event("tickets.incident.resolved", version=1)
class IncidentResolved(IncidentFacts):
    """It is over; the reports joined to it are completed one after another."""

    news_zh: str
    news_en: str
    reporter_ids: list[UUID]


@event("tickets.incident.cancelled", version=1)
class IncidentCancelled(IncidentFacts):
    """It does not take place, or was none."""

    news_zh: str
    news_en: str
    reporter_ids: list[UUID]


@event("tickets.incident.settled", version=1)
class IncidentSettled(IncidentFacts):
    """Every report that was joined is completed or answered, but for `left`, which need a person."""

    settled: int
    left: int


@event("tickets.ticket.joined", version=1)
class TicketJoined(TicketState):
    """The report is one of many about one incident, and ends with it."""

    incident_id: UUID


@event("tickets.ticket.parted", version=1)
class TicketParted(TicketState):
    """The report was not about that incident after all."""

    incident_id: UUID
