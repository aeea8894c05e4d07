"""What is said of the buildings' age."""

from datetime import date
from uuid import UUID

from chassis.events import event


@event("tickets.handover.recorded", version=1)
class HandoverRecorded:
    """A building, or all of an estate where `building` is empty, was accepted as completed on this day."""

    estate_id: UUID
    building: str
    accepted_on: date
