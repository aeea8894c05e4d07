"""Who works for the operator: roles and where they hold, skills, certificates."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Text, cast, false, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.actor import ALL, Actor, Kind
from chassis.errors import Conflict
from chassis.model import within
from services.directory import events
from services.directory.events import CertificateFacts, RoleFacts
from services.directory.model.places import Estate
from services.directory.model.told import Told

# Who may give or take a role: somebody of a higher rank. Only an admin may make an admin.
RANK = {
    "technician": 1,
    "inspector": 1,
    "cashier": 1,
    "service_desk": 1,
    "dispatcher": 1,
    "estate_manager": 2,
    "region_manager": 3,
    "head_office": 4,
    "admin": 5,
}
ADMIN = RANK["admin"]
WARNED_BEFORE = timedelta(days=30)


class AlreadyEngaged(Conflict):
    en = "This person already works here; change the existing entry instead."
    zh = "该人员已在职，请直接修改其信息。"


class NotEngaged(Conflict):
    en = "This person does not work here any more; engage them again first."
    zh = "该人员已离职，请先重新入职。"


class Staff(Told):
    """A member of staff, under the person's id.

    `roles` holds {role, scope}; `certificates` {kind, skill, number, expires_on, said}.
    `certificate_due` is the next day on which something must be said about a certificate.
    """

    BEGUN, CHANGED, RESTATED = events.StaffEngaged, events.StaffChanged, events.StaffRestated
    roles: Mapped[list]
    scopes: Mapped[list] = mapped_column(ARRAY(Text))
    skills: Mapped[list] = mapped_column(ARRAY(Text), default=list)
    certificates: Mapped[list] = mapped_column(default=list)
    certificate_due: Mapped[date | None]
    active: Mapped[bool] = mapped_column(default=True)
    engaged_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    person = relationship("Person", viewonly=True, primaryjoin="foreign(Staff.id) == Person.id")
    __table_args__ = (
        Index("staff_scopes", "scopes", postgresql_using="gin"),
        Index("staff_certificate_due", "certificate_due"),
    )

    def __init__(self, *, roles, certificates=(), **facts):
        super().__init__(**_described(roles=roles, certificates=certificates), **facts)

    @property
    def person_id(self) -> UUID:
        return self.id

    @property
    def rank(self) -> int:
        return max((RANK[each["role"]] for each in self.roles), default=0)

    def facts(self) -> dict:
        roles = [RoleFacts(**each) for each in self.roles]
        return super().facts() | {"roles": roles, "certificates": [_stated(each) for each in self.certificates]}

    def change(self, **facts) -> None:
        if not self.active:
            raise NotEngaged()
        super().change(**_described(known=self.certificates, **facts))

    def leave(self, at: datetime) -> None:
        if not self.active:
            raise NotEngaged()
        self._take({"active": False, "roles": [], "scopes": [], "certificate_due": None, "left_at": at})
        self.say(events.StaffLeft)

    def engage_again(self, at: datetime, **facts) -> None:
        if self.active:
            raise AlreadyEngaged()
        self._take({"active": True, "engaged_at": at, "left_at": None, **_described(**facts)})
        self.say(events.StaffEngaged)

    def watch_certificates(self, today: date) -> int:
        """Say, once each, which certificates run out within 30 days and which have run out. → how many were said."""
        said = 0
        for each in self.certificates:
            stage = _stage(each, today)
            if stage and each.get("said") != stage:
                self.certificates = [{**one, "said": stage} if one is each else one for one in self.certificates]
                said += 1
                self.say(STAGES[stage], certificate=_stated(each))
        self.certificate_due = _next_due(self.certificates, after=today)
        return said

    @classmethod
    def works_in(cls, estates: frozenset) -> ColumnElement[bool]:
        """Who holds a role in any of these estates, through a region or through the whole operator."""
        if estates is ALL:
            return true()
        if not estates:
            return false()
        regions = select(func.array_agg("region:" + cast(Estate.region_id, Text))).where(within(Estate.id, estates))
        own = cast(["operator", *(f"estate:{each}" for each in sorted(estates))], ARRAY(Text))
        return cls.scopes.overlap(own) | cls.scopes.overlap(regions.scalar_subquery())

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        if actor.kind is Kind.SYSTEM:
            return true()
        estates = actor.estates("directory:see_staff" if permission is None else permission)
        return (cls.operator_id == actor.operator_id) & (cls.works_in(estates) | (cls.id == actor.id))


def rank_of(actor: Actor) -> int:
    return max((RANK.get(role.name, 0) for role in actor.roles), default=0)


def outranks(actor: Actor, rank: int) -> bool:
    """Whether the actor may give, change or take what belongs to this rank."""
    return rank_of(actor) > rank or rank_of(actor) == ADMIN


STAGES = {"expiring": events.StaffCertificateExpiring, "expired": events.StaffCertificateExpired}


def _described(*, roles=None, certificates=None, known=(), **facts) -> dict:
    """The columns that follow from roles and certificates; what was said of a certificate stays said."""
    if roles is not None:
        facts |= {"roles": [dict(each) for each in roles], "scopes": sorted({each["scope"] for each in roles})}
    if certificates is not None:
        kept = [_kept(each, known) for each in certificates]
        facts |= {"certificates": kept, "certificate_due": _next_due(kept)}
    return facts


def _kept(certificate: dict, known) -> dict:
    expires = certificate.get("expires_on")
    fresh = {
        "kind": certificate["kind"],
        "skill": certificate.get("skill"),
        "number": certificate.get("number"),
        "expires_on": str(expires) if expires else None,
    }
    return {**fresh, "said": next((each["said"] for each in known if fresh.items() <= each.items()), None)}


def _stated(certificate: dict) -> CertificateFacts:
    expires = certificate["expires_on"] and date.fromisoformat(certificate["expires_on"])
    return CertificateFacts(
        kind=certificate["kind"], skill=certificate["skill"], number=certificate["number"], expires_on=expires
    )


def _stage(certificate: dict, today: date) -> str | None:
    if not certificate["expires_on"]:
        return None
    expires = date.fromisoformat(certificate["expires_on"])
    if expires < today:
        return "expired"
    return "expiring" if expires - WARNED_BEFORE <= today else None


def _next_due(certificates: list, after: date = date.min) -> date | None:
    """The next day that a certificate reaches a stage which was not said of it yet."""
    days = []
    for each in certificates:
        if each["expires_on"] and each["said"] != "expired":
            expires = date.fromisoformat(each["expires_on"])
            days += [day for day in (expires - WARNED_BEFORE, expires + timedelta(days=1)) if day > after]
    return min(days, default=None)
