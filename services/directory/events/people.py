"""People, and their hold on homes."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from chassis.events import event, part


class PersonKind(StrEnum):
    NATURAL = "natural"
    COMPANY = "company"


class Relation(StrEnum):
    """How a person holds a unit; each is also the name of the resident's role in the access token."""

    DEVELOPER = "developer"
    OWNER = "owner"
    CO_OWNER = "co_owner"
    HOUSEHOLD_MEMBER = "household_member"
    OCCUPIER = "occupier"


@part
class PersonFacts:
    person_id: UUID
    kind: PersonKind
    name: str
    language: str  # zh-CN or en
    phone_sealed: str | None  # ciphertext (chassis.private); never the number itself
    email_sealed: str | None


@event("directory.person.registered", version=1, pii=True)
class PersonRegistered(PersonFacts):
    """A person or company became known to the operator."""


@event("directory.person.changed", version=1, pii=True)
class PersonChanged(PersonFacts):
    """A person's name, language, phone or e-mail changed."""


@event("directory.person.restated", version=1, pii=True)
class PersonRestated(PersonFacts):
    """A person as known now."""


@event("directory.person.erased", version=1)
class PersonErased:
    """Name, phones and e-mail are gone for good; whoever holds words of this person's lets go of them."""

    person_id: UUID


@part
class OccupancyFacts:
    occupancy_id: UUID
    estate_id: UUID
    unit_id: UUID
    person_id: UUID
    relation: Relation
    starts_on: date
    ends_on: date | None  # the last day, in the estate's calendar; open while absent
    void: bool  # entered by mistake: it never was, whatever its dates say


@event("directory.occupancy.started", version=1)
class OccupancyStarted(OccupancyFacts):
    """A person's hold on a unit was entered; its first day may lie ahead."""


@event("directory.occupancy.changed", version=1)
class OccupancyChanged(OccupancyFacts):
    """The dates of an occupancy were corrected."""


@event("directory.occupancy.ended", version=1)
class OccupancyEnded(OccupancyFacts):
    """The last day of an occupancy became known (it may lie ahead), or it was declared void."""


@event("directory.occupancy.restated", version=1)
class OccupancyRestated(OccupancyFacts):
    """An occupancy as it is now."""
