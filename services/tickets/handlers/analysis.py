"""Counting a month, and saying it."""

from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.ids import new_id
from services.tickets.events import Kind, Level
from services.tickets.events.analysis import Bottleneck
from services.tickets.handlers import counting
from services.tickets.model import Staff
from services.tickets.model.figures import Dimension, MonthFigure, MonthlyAnalysis, Scope, Step


def refresh(work, month: date) -> None:
    """Count a month of the caller's operator now. Only who sees all estates may: they are counted together."""
    work.require("tickets:analyse", None)
    operator_id = work.actor.operator_id
    first = {"operator_id": operator_id, "month": month, "version": 0, "stale": True, "noticed_at": work.now}
    work.execute(insert(MonthlyAnalysis).values(id=new_id(), **first).on_conflict_do_nothing())
    mine = select(MonthlyAnalysis).where(MonthlyAnalysis.operator_id == operator_id, MonthlyAnalysis.month == month)
    count(work, work.scalar(mine.with_for_update()))


def count(work, analysed: MonthlyAnalysis) -> None:
    """Two who count the same month take turns: the caller holds its row."""
    counting.count(work, analysed.operator_id, analysed.month)
    counted = {"stale": False, "counted_at": work.now}
    work.execute(update(MonthlyAnalysis).where(MonthlyAnalysis.id == analysed.id).values(counted))


def publish(work, analysed: MonthlyAnalysis) -> None:
    """Say the whole operator's month, with the bottleneck of each process."""
    lines = work.scalars(
        select(MonthFigure)
        .where(
            MonthFigure.operator_id == analysed.operator_id,
            MonthFigure.month == analysed.month,
            MonthFigure.scope == Scope.OPERATOR,
            MonthFigure.dimension == Dimension.ALL,
        )
        .order_by(MonthFigure.ended.desc(), MonthFigure.kind)
    )
    sums = {name: sum(getattr(line, name) for line in lines) for name in SUMMED}
    ended = {line.kind: line.ended for line in lines}
    analysed.publish(
        work.now,
        suggestions=ended.get(Kind.SUGGESTION, 0),
        complaints=ended.get(Kind.COMPLAINT, 0),
        bottlenecks=[_said(line, line.bottleneck) for line in lines if line.stages],
        told=work.scalars(_head_office(analysed.operator_id)),
        **sums,
    )


def _head_office(operator_id: UUID):
    held = Staff.posts.contains([f"{Level.HEAD_OFFICE}@operator"])
    return select(Staff.id).where(Staff.operator_id == operator_id, held).order_by(Staff.id).limit(MOST_TOLD)


MOST_TOLD = 50
SUMMED = ("ended", "breached", "reopened", "rated", "low_ratings")


def _said(line: MonthFigure, step: Step) -> Bottleneck:
    return Bottleneck(
        kind=line.kind,
        stage=step.stage,
        share=round(1000 * step.share),
        p50_minutes=step.p50_minutes,
        p90_minutes=step.p90_minutes,
        breached=line.breached,
    )
