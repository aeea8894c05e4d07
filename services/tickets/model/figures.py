"""The figures of a month: counts, times and ratings of all that ended in it, added up by the clock."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from chassis.model import Entity, OfEstate, Row
from services.tickets import events
from services.tickets.events import Kind, Limit


class Scope(StrEnum):
    """Whose figures: the whole operator's, a region's, or one estate's."""

    OPERATOR = "operator"
    REGION = "region"
    ESTATE = "estate"


class Dimension(StrEnum):
    """What a line is about, beside the kind of ticket."""

    ALL = "all"
    CATEGORY = "category"
    PROBLEM = "problem"
    CAUSE = "cause"
    TECHNICIAN = "technician"


class Stage(StrEnum):
    """The steps of a ticket's way. A step that was skipped took no time."""

    REVIEW = "review"
    DISPATCH = "dispatch"
    ARRIVAL = "arrival"
    WORK = "work"


@dataclass(frozen=True)
class Step:
    """One stage of a process: its share of all time spent, and how long it takes half and nine tenths of the tickets."""

    stage: Stage
    count: int
    share: float
    p50_minutes: int
    p90_minutes: int


@dataclass(frozen=True)
class Kept:
    """One limit: how often it ran, and how often it was missed."""

    limit: Limit
    ran: int
    breached: int

    @property
    def breach_rate(self) -> float:
        return rate(self.breached, self.ran)


class MonthFigure(Row):
    """One line: a month of one scope, one kind, and one value of a dimension."""

    __table_args__ = (Index("month_figure_line", "operator_id", "month", "scope", "scope_id", "dimension"),)

    month: Mapped[date]
    scope: Mapped[Scope]
    scope_id: Mapped[UUID]
    dimension: Mapped[Dimension]
    value: Mapped[str | None]
    kind: Mapped[Kind]
    ended: Mapped[int]
    completed: Mapped[int]
    rejected: Mapped[int]
    cancelled: Mapped[int]
    reopened: Mapped[int]
    rated: Mapped[int]
    score_sum: Mapped[int]
    low_ratings: Mapped[int]  # 1 or 2
    limited: Mapped[int]  # had a limit
    breached: Mapped[int]  # missed at least one
    stages: Mapped[dict]  # {stage: {"count", "total", "p50", "p90"}} in seconds
    limits: Mapped[dict]  # {limit: {"ran", "breached"}}
    name = None  # of the technician, where somebody looked it up

    @property
    def rating(self) -> float | None:
        """The average of what was rated; silence counts for nothing."""
        return round(self.score_sum / self.rated, 2) if self.rated else None

    @property
    def steps(self) -> list[Step]:
        """The stages in their order, with their shares of all time spent."""
        spent = sum(each["total"] for each in self.stages.values())
        return [
            Step(stage, told["count"], rate(told["total"], spent), round(told["p50"] / 60), round(told["p90"] / 60))
            for stage in Stage
            if (told := self.stages.get(stage))
        ]

    @property
    def bottleneck(self) -> Step | None:
        """The stage that eats the time."""
        return max(self.steps, key=lambda step: step.share, default=None)

    @property
    def kept(self) -> list[Kept]:
        return [Kept(Limit(limit), told["ran"], told["breached"]) for limit, told in sorted(self.limits.items())]


class RepeatFault(Row, OfEstate):
    """The same fault of the same place, mended again and again in the ninety days before a month's end."""

    __table_args__ = (Index("repeat_fault_month", "estate_id", "month", "times"),)

    month: Mapped[date]
    unit_id: Mapped[UUID | None]
    place: Mapped[str | None]
    category: Mapped[str]
    problem: Mapped[str | None]
    times: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    causes: Mapped[list[str]] = mapped_column(ARRAY(Text))


class MonthlyAnalysis(Entity):
    """A month of an operator: when its figures were last added up, and when they were said."""

    __table_args__ = (UniqueConstraint("operator_id", "month"),)

    month: Mapped[date]
    stale: Mapped[bool]  # something in it was written or changed since it was counted
    noticed_at: Mapped[datetime]
    counted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]

    def publish(self, at: datetime, **figures) -> None:
        """The month is over: say once what it was."""
        self.published_at = at
        self.record(events.AnalysisPublished(month=self.month, **figures))


def rate(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
