"""Who works here, and who is on duty."""

from datetime import date, datetime
from uuid import UUID

from chassis.events import event, part


@part
class RoleFacts:
    role: str
    scope: str  # `operator`, `region:<id>` or `estate:<id>`, as in the access token


@part
class CertificateFacts:
    kind: str
    skill: str | None  # the skill it licenses, where it licenses one
    number: str | None
    expires_on: date | None  # absent: it does not expire


@part
class StaffFacts:
    person_id: UUID  # a member of staff is a person, and has the person's id
    roles: list[RoleFacts]
    skills: list[str]
    certificates: list[CertificateFacts]
    active: bool


@event("directory.staff.engaged", version=1)
class StaffEngaged(StaffFacts):
    """A person joined the staff, or came back."""


@event("directory.staff.changed", version=1)
class StaffChanged(StaffFacts):
    """A member's roles, skills or certificates changed."""


@event("directory.staff.left", version=1)
class StaffLeft(StaffFacts):
    """A person left the staff; no role is held any more."""


@event("directory.staff.certificate_expiring", version=1)
class StaffCertificateExpiring(StaffFacts):
    """A certificate runs out within 30 days; arrange the review."""

    certificate: CertificateFacts


@event("directory.staff.certificate_expired", version=1)
class StaffCertificateExpired(StaffFacts):
    """A certificate ran out; work that asks for it may not be given to this person."""

    certificate: CertificateFacts


@event("directory.staff.restated", version=1)
class StaffRestated(StaffFacts):
    """A member of staff as they are now."""


@part
class ShiftFacts:
    shift_id: UUID
    estate_id: UUID | None
    region_id: UUID | None
    role: str
    level: int
    name_zh: str
    name_en: str
    begins: str  # `08:00` on the estate's clock
    ends: str  # at or before `begins`: on the next day
    rotation: list[UUID]  # who takes it, day after day
    active: bool


@event("directory.shift.defined", version=1)
class ShiftDefined(ShiftFacts):
    """A daily shift and the people who take it in turn were set."""


@event("directory.shift.changed", version=1)
class ShiftChanged(ShiftFacts):
    """A shift's hours or rotation changed, or it was given up."""


@event("directory.shift.restated", version=1)
class ShiftRestated(ShiftFacts):
    """A shift as it is now."""


@part
class DutyFacts:
    """One person on duty for a time. Where: the estate; else all estates of the region; else all of the operator."""

    duty_id: UUID
    estate_id: UUID | None
    region_id: UUID | None
    role: str
    person_id: UUID
    starts_at: datetime
    ends_at: datetime
    level: int  # rung of the ladder: 1 dispatcher or night duty, 2 estate manager, 3 region manager, 4 head office
    cancelled: bool


@event("directory.duty.scheduled", version=1)
class DutyScheduled(DutyFacts):
    """A person was put on the duty roster."""


@event("directory.duty.changed", version=1)
class DutyChanged(DutyFacts):
    """A duty's person or hours changed."""


@event("directory.duty.cancelled", version=1)
class DutyCancelled(DutyFacts):
    """A duty was taken off the roster."""


@event("directory.duty.restated", version=1)
class DutyRestated(DutyFacts):
    """A duty as it is now."""
