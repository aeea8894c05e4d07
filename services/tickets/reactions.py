"""Door 2: what the directory says, kept as copies, as far as tickets need it."""

from datetime import date, datetime
from uuid import UUID

from chassis.events import copies, event, on, part
from services.tickets.handlers import people
from services.tickets.model import Duty, Estate, Occupancy, Person, Staff, Unit

# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────


@event("directory.estate.registered", "directory.estate.changed", "directory.estate.restated", version=1)
class EstateFacts:
    estate_id: UUID
    region_id: UUID
    code: str
    timezone: str


@copies(EstateFacts)
def copy_estate(work, heard):
    work.copy(Estate, heard.estate_id, region_id=heard.region_id, code=heard.code, timezone=heard.timezone)


@event("directory.unit.registered", "directory.unit.changed", "directory.unit.restated", version=1)
class UnitFacts:
    unit_id: UUID
    estate_id: UUID
    code: str


@copies(UnitFacts)
def copy_unit(work, heard):
    work.copy(Unit, heard.unit_id, estate_id=heard.estate_id, code=heard.code)


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────


@event("directory.person.registered", "directory.person.changed", "directory.person.restated", version=1, pii=True)
class PersonFacts:
    person_id: UUID
    name: str


@copies(PersonFacts)
def copy_person(work, heard):
    work.copy(Person, heard.person_id, name=heard.name)


@event("directory.person.erased", version=1)
class PersonErased:
    person_id: UUID


@on(PersonErased)
def erase_words(work, heard):
    """What they wrote goes; what happened stays."""
    people.erase(work, heard.person_id)


@event(
    "directory.occupancy.started",
    "directory.occupancy.changed",
    "directory.occupancy.ended",
    "directory.occupancy.restated",
    version=1,
)
class OccupancyFacts:
    occupancy_id: UUID
    estate_id: UUID
    unit_id: UUID
    person_id: UUID
    starts_on: date
    ends_on: date | None
    void: bool


@copies(OccupancyFacts)
def copy_occupancy(work, heard):
    work.copy(
        Occupancy,
        heard.occupancy_id,
        estate_id=heard.estate_id,
        unit_id=heard.unit_id,
        person_id=heard.person_id,
        starts_on=heard.starts_on,
        ends_on=heard.ends_on,
        void=heard.void,
    )


# ── staff and duty ───────────────────────────────────────────────────────────────────────────────────────────────


@part
class RoleFacts:
    role: str
    scope: str


@part
class CertificateFacts:
    skill: str | None
    expires_on: date | None


@event(
    "directory.staff.engaged", "directory.staff.changed", "directory.staff.left", "directory.staff.restated", version=1
)
class StaffFacts:
    person_id: UUID
    roles: list[RoleFacts]
    skills: list[str]
    certificates: list[CertificateFacts]
    active: bool


@copies(StaffFacts)
def copy_staff(work, heard):
    posts = [f"{each.role}@{each.scope}" for each in heard.roles] if heard.active else []
    certificates = [{"skill": each.skill, "expires_on": each.expires_on} for each in heard.certificates]
    work.copy(Staff, heard.person_id, posts=posts, skills=heard.skills, certificates=certificates)


@event(
    "directory.duty.scheduled",
    "directory.duty.changed",
    "directory.duty.cancelled",
    "directory.duty.restated",
    version=1,
)
class DutyFacts:
    duty_id: UUID
    estate_id: UUID | None
    region_id: UUID | None
    person_id: UUID
    starts_at: datetime
    ends_at: datetime
    level: int
    cancelled: bool


@copies(DutyFacts)
def copy_duty(work, heard):
    work.copy(
        Duty,
        heard.duty_id,
        estate_id=heard.estate_id,
        region_id=heard.region_id,
        person_id=heard.person_id,
        starts_at=heard.starts_at,
        ends_at=heard.ends_at,
        level=heard.level,
        cancelled=heard.cancelled,
    )


# ── accounts ─────────────────────────────────────────────────────────────────────────────────────────────────────


@event("directory.account.revoked", version=1)
class AccountRevoked:
    subject: UUID
    epoch: int


@on(AccountRevoked)
def refuse_old_tokens(work, heard):
    work.revoke(heard.subject, heard.epoch)
