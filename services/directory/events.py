"""What the directory says: the people, places and duties that everybody else keeps a copy of.

Every event of one aggregate carries the same full public state, so that a listener keeps a copy from any of them.
`restated` says the present state again for a late listener and is no new fact. Quantities travel as text.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from chassis.events import event, part


class BuildingKind(StrEnum):
    HIGH_RISE = "high_rise"
    MID_RISE = "mid_rise"
    LOW_RISE = "low_rise"
    VILLA = "villa"
    COMMERCIAL = "commercial"
    GARAGE = "garage"


class Usage(StrEnum):
    HOME = "home"
    SHOP = "shop"
    PARKING = "parking"
    STORAGE = "storage"
    OFFICE = "office"


class UnitState(StrEnum):
    UNSOLD = "unsold"  # 未售: the developer pays
    UNDELIVERED = "undelivered"  # 未交付: the developer pays
    DELIVERED = "delivered"  # 已交房
    FITTING_OUT = "fitting_out"  # 装修中
    OCCUPIED = "occupied"  # 已入住
    LET = "let"  # 出租
    VACANT = "vacant"  # 空置


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


class AccountState(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


# ── operator, region, estate ─────────────────────────────────────────────────────────────────────────────────────


@part
class OperatorFacts:
    operator_id: UUID
    code: str
    name_zh: str
    name_en: str


@event("directory.operator.registered", version=1)
class OperatorRegistered(OperatorFacts):
    """A property company came onto the platform."""


@event("directory.operator.changed", version=1)
class OperatorChanged(OperatorFacts):
    """A property company's name changed."""


@event("directory.operator.restated", version=1)
class OperatorRestated(OperatorFacts):
    """A property company as it is now."""


@part
class RegionFacts:
    region_id: UUID
    code: str
    name_zh: str
    name_en: str


@event("directory.region.registered", version=1)
class RegionRegistered(RegionFacts):
    """The operator opened a region."""


@event("directory.region.changed", version=1)
class RegionChanged(RegionFacts):
    """A region's name changed."""


@event("directory.region.restated", version=1)
class RegionRestated(RegionFacts):
    """A region as it is now."""


@part
class EstateFacts:
    estate_id: UUID
    region_id: UUID
    code: str
    name_zh: str
    name_en: str
    address_zh: str
    address_en: str
    timezone: str  # an IANA name: calendars and due days are reckoned here


@event("directory.estate.registered", version=1)
class EstateRegistered(EstateFacts):
    """The operator took over an estate."""


@event("directory.estate.changed", version=1)
class EstateChanged(EstateFacts):
    """An estate's name, address, region or zone changed."""


@event("directory.estate.restated", version=1)
class EstateRestated(EstateFacts):
    """An estate as it is now."""


# ── building, unit ───────────────────────────────────────────────────────────────────────────────────────────────


@part
class EntranceFacts:
    entrance_id: UUID
    code: str
    name_zh: str
    name_en: str


@part
class BuildingFacts:
    building_id: UUID
    estate_id: UUID
    code: str
    name_zh: str
    name_en: str
    kind: BuildingKind
    floors: int
    entrances: list[EntranceFacts]


@event("directory.building.registered", version=1)
class BuildingRegistered(BuildingFacts):
    """A building and its entrances 单元 were entered."""


@event("directory.building.changed", version=1)
class BuildingChanged(BuildingFacts):
    """A building's name, kind or entrances changed."""


@event("directory.building.restated", version=1)
class BuildingRestated(BuildingFacts):
    """A building as it is now."""


@part
class UnitFacts:
    unit_id: UUID
    estate_id: UUID
    building_id: UUID
    entrance_id: UUID | None
    code: str  # `3-2-0601`: unique in its estate
    spoken_zh: str  # 3栋2单元601
    spoken_en: str
    floor: int
    gross_area: str  # m², a decimal as text
    net_area: str | None
    usage: Usage
    state: UnitState


@event("directory.unit.registered", version=1)
class UnitRegistered(UnitFacts):
    """A home, shop or parking place was entered."""


@event("directory.unit.changed", version=1)
class UnitChanged(UnitFacts):
    """A unit's area, usage, state or address changed."""


@event("directory.unit.restated", version=1)
class UnitRestated(UnitFacts):
    """A unit as it is now."""


# ── person, occupancy ────────────────────────────────────────────────────────────────────────────────────────────


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


# ── staff, shift, duty ───────────────────────────────────────────────────────────────────────────────────────────


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


# ── account, partner client ──────────────────────────────────────────────────────────────────────────────────────


@part
class AccountFacts:
    account_id: UUID
    subject: UUID  # the `sub` of its access tokens: the person (or the partner client)
    state: AccountState
    epoch: int  # tokens of a lower epoch are no longer good


@event("directory.account.invited", version=1, pii=True)
class AccountInvited(AccountFacts):
    """A person may set a first password; the sealed token goes to them alone."""

    person_id: UUID
    login_sealed: str
    token_sealed: str
    expires_at: datetime


@event("directory.account.reset_requested", version=1, pii=True)
class AccountResetRequested(AccountFacts):
    """Somebody asked for a new password; the sealed token goes to the account's person alone."""

    person_id: UUID
    token_sealed: str
    expires_at: datetime


@event("directory.account.opened", version=1)
class AccountOpened(AccountFacts):
    """The first password was set, or a disabled account was enabled again."""


@event("directory.account.revoked", version=1)
class AccountRevoked(AccountFacts):
    """Access tokens of an earlier epoch are void: sign-out, new password, changed rights or disabled account."""


@event("directory.account.restated", version=1)
class AccountRestated(AccountFacts):
    """An account as it is now."""


@part
class ClientFacts:
    client_id: UUID
    name: str
    scopes: list[str]
    estate_ids: list[UUID]  # empty: all estates of the operator
    expires_at: datetime | None
    active: bool


@event("directory.client.registered", version=1)
class ClientRegistered(ClientFacts):
    """A partner system received access."""


@event("directory.client.changed", version=1)
class ClientChanged(ClientFacts):
    """A partner's grants changed or ended."""


@event("directory.client.restated", version=1)
class ClientRestated(ClientFacts):
    """A partner's access as it is now."""
