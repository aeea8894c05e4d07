"""The directory's events: copies of who lives and works where, and the two messages that carry a key to an account.

Each class declares only what is read here.
"""

from datetime import date, datetime
from uuid import UUID

from chassis.events import copies, event, on, part
from chassis.private import unseal
from services.notify.events import Category
from services.notify.model import Duty, Estate, Occupancy, Person, Staff, Unit
from services.notify.telling import Telling, tell


@event("directory.estate.registered", "directory.estate.changed", "directory.estate.restated", version=1)
class EstateFacts:
    estate_id: UUID
    region_id: UUID
    name_zh: str
    name_en: str
    timezone: str


@event("directory.unit.registered", "directory.unit.changed", "directory.unit.restated", version=1)
class UnitFacts:
    unit_id: UUID
    estate_id: UUID
    spoken_zh: str
    spoken_en: str


@event("directory.person.registered", "directory.person.changed", "directory.person.restated", version=1, pii=True)
class PersonFacts:
    person_id: UUID
    name: str
    language: str
    phone_sealed: str | None
    email_sealed: str | None


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
    relation: str
    starts_on: date
    ends_on: date | None
    void: bool


@part
class RoleFacts:
    role: str
    scope: str


@event(
    "directory.staff.engaged", "directory.staff.changed", "directory.staff.left", "directory.staff.restated", version=1
)
class StaffFacts:
    person_id: UUID
    roles: list[RoleFacts]
    active: bool


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
    role: str
    person_id: UUID
    starts_at: datetime
    ends_at: datetime
    level: int
    cancelled: bool


@event("directory.account.revoked", "directory.account.restated", version=1)
class AccountFacts:
    subject: UUID
    epoch: int


@event("directory.account.invited", version=1, pii=True)
class AccountInvited:
    account_id: UUID
    person_id: UUID
    login_sealed: str
    token_sealed: str
    expires_at: datetime


@event("directory.account.reset_requested", version=1, pii=True)
class AccountResetRequested:
    account_id: UUID
    person_id: UUID
    token_sealed: str
    expires_at: datetime


@copies(EstateFacts)
def copy_estate(work, heard):
    work.copy(
        Estate,
        heard.estate_id,
        region_id=heard.region_id,
        name_zh=heard.name_zh,
        name_en=heard.name_en,
        timezone=heard.timezone,
    )


@copies(UnitFacts)
def copy_unit(work, heard):
    work.copy(Unit, heard.unit_id, estate_id=heard.estate_id, spoken_zh=heard.spoken_zh, spoken_en=heard.spoken_en)


@copies(PersonFacts)
def copy_person(work, heard):
    work.copy(
        Person,
        heard.person_id,
        name=heard.name,
        language=heard.language,
        phone_sealed=heard.phone_sealed,
        email_sealed=heard.email_sealed,
    )


@copies(OccupancyFacts)
def copy_occupancy(work, heard):
    work.copy(
        Occupancy,
        heard.occupancy_id,
        estate_id=heard.estate_id,
        unit_id=heard.unit_id,
        person_id=heard.person_id,
        relation=heard.relation,
        starts_on=heard.starts_on,
        ends_on=heard.ends_on,
        void=heard.void,
    )


@copies(StaffFacts)
def copy_staff(work, heard):
    work.copy(
        Staff,
        heard.person_id,
        roles=[{"role": held.role, "scope": held.scope} for held in heard.roles],
        active=heard.active,
    )


@copies(DutyFacts)
def copy_duty(work, heard):
    work.copy(
        Duty,
        heard.duty_id,
        estate_id=heard.estate_id,
        region_id=heard.region_id,
        role=heard.role,
        person_id=heard.person_id,
        starts_at=heard.starts_at,
        ends_at=heard.ends_at,
        level=heard.level,
        cancelled=heard.cancelled,
    )


@copies(AccountFacts)
def forget_old_tokens(work, heard):
    """Epochs only rise, so order and repeats do not matter."""
    work.revoke(heard.subject, heard.epoch)


@on(AccountInvited)
def welcome(work, heard):
    """Hand a new person the way to a first password. The token is in the link after `#`, which no server logs."""
    link = f"{work.settings.public_url}/welcome#{unseal(heard.token_sealed)}"
    facts = {"login": unseal(heard.login_sealed), "expires_at": heard.expires_at}
    _tell_account(work, heard, "directory.account.invited", link, facts)


@on(AccountResetRequested)
def offer_new_password(work, heard):
    """Hand the account's person the way to a new password, whoever asked for it."""
    link = f"{work.settings.public_url}/new-password#{unseal(heard.token_sealed)}"
    _tell_account(work, heard, "directory.account.reset_requested", link, {"expires_at": heard.expires_at})


def _tell_account(work, heard, template, link, facts):
    telling = Telling(
        cause=work.cause,
        template=template,
        category=Category.ACCOUNT,
        about_type="account",
        about_id=heard.account_id,
        link=link,
        people=frozenset({heard.person_id}),
        facts=facts,
        urgent=True,
    )
    tell(work, [telling])  # alone: that no address is known is an event, and has this cause
