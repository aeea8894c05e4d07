"""Incidents: one fault that many feel, such as a lift that stopped, or an outage planned ahead; and the reports joined to it."""

from dataclasses import fields
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, Integer, Text, UniqueConstraint, Uuid, and_, any_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.actor import Actor
from chassis.actor import Kind as ActorKind
from chassis.errors import Conflict
from chassis.model import Entity, OfEstate, Row, within
from services.tickets import events
from services.tickets.events import IncidentFacts, IncidentState
from services.tickets.model.copies import Occupancy


class IllegalIncidentMove(Conflict):
    en = "An incident that is {state} does not allow “{move}”; reload it and look at its state."
    zh = "事件当前为「{state}」，不能执行「{move}」，请刷新后再试。"


class Act(StrEnum):
    """What can be done with an incident."""

    ANNOUNCE = "announce"
    BEGIN = "begin"
    CHANGE = "change"
    UPDATE = "update"
    JOIN = "join"
    RESOLVE = "resolve"
    CANCEL = "cancel"


STAYS = None
# From which states each act starts, and where it leads.
INCIDENT_MOVES: dict[Act, tuple[set[IncidentState], IncidentState | None]] = {
    Act.ANNOUNCE: ({IncidentState.PLANNED}, STAYS),
    Act.BEGIN: ({IncidentState.PLANNED}, IncidentState.OPEN),
    Act.CHANGE: ({IncidentState.PLANNED, IncidentState.OPEN}, STAYS),
    Act.UPDATE: ({IncidentState.PLANNED, IncidentState.OPEN}, STAYS),
    Act.JOIN: ({IncidentState.PLANNED, IncidentState.OPEN}, STAYS),
    Act.RESOLVE: ({IncidentState.OPEN}, IncidentState.RESOLVED),
    Act.CANCEL: ({IncidentState.PLANNED, IncidentState.OPEN}, IncidentState.CANCELLED),
}
ONGOING = (IncidentState.PLANNED, IncidentState.OPEN)


class Update(Row, OfEstate):
    """News of an incident, as everybody was told it. Never changed."""

    __tablename__ = "incident_update"
    __table_args__ = (Index("incident_update_incident", "incident_id", "id"),)

    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incident.id"))
    at: Mapped[datetime]
    by: Mapped[UUID | None]
    text_zh: Mapped[str]
    text_en: Mapped[str]


class Incident(Entity, OfEstate):
    """Where it is felt stands in `whole_estate` or `unit_ids`; buildings and entrances only tell how that was said."""

    planned: Mapped[bool]
    state: Mapped[IncidentState]
    category: Mapped[str]
    problem: Mapped[str | None]
    title_zh: Mapped[str]
    title_en: Mapped[str]
    text_zh: Mapped[str]
    text_en: Mapped[str]
    whole_estate: Mapped[bool]
    buildings: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    entrances: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    unit_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    ahead_hours: Mapped[list[int]] = mapped_column(ARRAY(Integer), default=list)
    announce_at: Mapped[datetime | None]  # the next time that everybody is told
    announced_at: Mapped[datetime | None]
    reported_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    settling: Mapped[bool] = mapped_column(default=False)  # joined reports are still to be completed

    updates: Mapped[list[Update]] = relationship(order_by=Update.id, lazy="selectin")

    @classmethod
    def visible_to(cls, actor: Actor, permission: str | None) -> ColumnElement[bool]:
        """Staff see their estates'; residents, once they are announced, those that concern what they hold today."""
        if actor.kind in (ActorKind.SYSTEM, ActorKind.EVENT):
            return super().visible_to(actor, permission)
        concerned = within(cls.estate_id, actor.estates("tickets:oversee"))
        if actor.has_scope("unit"):
            known = (cls.state != IncidentState.PLANNED) | cls.announced_at.is_not(None)
            here = cls.unit_ids.overlap(Occupancy.homes_of(actor.id, actor.at)) | (
                cls.whole_estate & (cls.estate_id == any_(Occupancy.estates_of(actor.id, actor.at)))
            )
            concerned |= known & here
        return and_(super().visible_to(actor, permission), concerned)

    # ── how it moves ─────────────────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def opened(cls, *, at: datetime, **facts) -> "Incident":
        """Something has happened that many feel."""
        incident = cls(planned=False, state=IncidentState.OPEN, reported_at=at, **facts)
        incident._say(events.IncidentOpened)
        return incident

    @classmethod
    def plan(cls, *, at: datetime, **facts) -> "Incident":
        """Something will be off from `starts_at` to `ends_at`; residents hear `ahead_hours` before."""
        incident = cls(planned=True, state=IncidentState.PLANNED, reported_at=at, **facts)
        incident._plan_announcements(at)
        incident._say(events.IncidentPlanned)
        return incident

    def announce(self, *, at: datetime) -> None:
        self._move(Act.ANNOUNCE)
        self.announced_at = at
        self.announce_at = min((each for each in self._announcements() if each > at), default=None)
        self._say(events.IncidentAnnounced)

    def begin(self) -> None:
        self._move(Act.BEGIN)
        self.announce_at = None
        self._say(events.IncidentBegun)

    def change(self, *, reporters: list[UUID], at: datetime, **facts) -> None:
        """Other times or another text. Who was told before is told again; who was not, hears it when it is announced."""
        self._move(Act.CHANGE)
        for name, value in facts.items():
            setattr(self, name, value)
        if self.state is IncidentState.PLANNED:
            self._plan_announcements(at)
        self._say(events.IncidentChanged, reporter_ids=reporters)

    def tell(self, *, text_zh: str, text_en: str, reporters: list[UUID], by: UUID, at: datetime) -> None:
        """One answer to all."""
        self._move(Act.UPDATE)
        self._write(text_zh, text_en, by, at)
        self._say(events.IncidentUpdated, news_zh=text_zh, news_en=text_en, reporter_ids=reporters)

    def resolve(self, *, text_zh: str, text_en: str, reporters: list[UUID], by: UUID, at: datetime) -> None:
        """It is over. What was joined is completed by the clock, a batch at a time."""
        self._move(Act.RESOLVE)
        self.ended_at, self.settling = at, True
        self._write(text_zh, text_en, by, at)
        self._say(events.IncidentResolved, news_zh=text_zh, news_en=text_en, reporter_ids=reporters)

    def cancel(self, *, text_zh: str, text_en: str, reporters: list[UUID], by: UUID, at: datetime) -> None:
        """It does not take place, or was none; the reports stay as they are."""
        self._move(Act.CANCEL)
        self.ended_at, self.announce_at = at, None
        self._write(text_zh, text_en, by, at)
        self._say(events.IncidentCancelled, news_zh=text_zh, news_en=text_en, reporter_ids=reporters)

    def settle(self, *, settled: int, left: int) -> None:
        """All that was joined has been looked at."""
        self.settling = False
        self._say(events.IncidentSettled, settled=settled, left=left)

    def must_take_reports(self) -> None:
        """Raises IllegalIncidentMove when it is over."""
        self._move(Act.JOIN)

    def _move(self, act: Act) -> None:
        begins, leads_to = INCIDENT_MOVES[act]
        if self.state not in begins:
            raise IllegalIncidentMove(state=self.state, move=act)
        self.state = leads_to or self.state

    # ── when residents are told ──────────────────────────────────────────────────────────────────────────────────

    def _announcements(self) -> list[datetime]:
        return [self.starts_at - timedelta(hours=hours) for hours in self.ahead_hours]

    def _plan_announcements(self, at: datetime) -> None:
        """What should have been said by now is said at once, and only once; the rest in its time."""
        late = self.announced_at is None and any(each <= at for each in self._announcements())
        self.announce_at = at if late else min((each for each in self._announcements() if each > at), default=None)

    def _write(self, text_zh: str, text_en: str, by: UUID, at: datetime) -> None:
        self.updates.append(Update(estate_id=self.estate_id, at=at, by=by, text_zh=text_zh, text_en=text_en))

    # ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def incident_id(self) -> UUID:
        return self.id

    def _say(self, fact: type, **more) -> None:
        self.record(fact(**{f.name: getattr(self, f.name) for f in fields(IncidentFacts)}, **more))


class Joining(StrEnum):
    """What became of a joined report."""

    SETTLED = "settled"
    LEFT = "left"


class IncidentReport(Row, OfEstate):
    """One report that is about an incident. `reason` says why it could not end with it: the state it was in, or its kind."""

    __table_args__ = (UniqueConstraint("ticket_id"), Index("incident_report_incident", "incident_id", "id"))

    incident_id: Mapped[UUID] = mapped_column(ForeignKey("incident.id"))
    ticket_id: Mapped[UUID]
    reporter_id: Mapped[UUID]
    joined_by: Mapped[UUID]
    joined_at: Mapped[datetime]
    outcome: Mapped[Joining | None]
    reason: Mapped[str | None]


Index("incident_operator", Incident.operator_id, Incident.reported_at.desc(), Incident.id.desc())
Index("incident_estate", Incident.estate_id, Incident.reported_at.desc(), Incident.id.desc())
Index("incident_ongoing", Incident.estate_id, postgresql_where=Incident.state.in_(ONGOING))
Index("incident_announce", Incident.announce_at, postgresql_where=Incident.announce_at.is_not(None))
Index("incident_begin", Incident.starts_at, postgresql_where=Incident.state == IncidentState.PLANNED)
Index("incident_settling", Incident.id, postgresql_where=Incident.settling)
Index(
    "incident_report_waiting",
    IncidentReport.incident_id,
    IncidentReport.id,
    postgresql_where=IncidentReport.outcome.is_(None),
)


def drawn() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> open: open", "    [*] --> planned: plan"]
    for act, (begins, to) in INCIDENT_MOVES.items():
        lines += [f"    {begin} --> {to or begin}: {act}" for begin in IncidentState if begin in begins]
    return "\n".join(lines)
