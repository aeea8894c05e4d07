"""What tickets says of a month, told to the head office."""

from datetime import date
from uuid import UUID

from chassis.events import event, on, part
from services.notify.events import Category
from services.notify.telling import Telling, tell


@part
class Bottleneck:
    kind: str
    stage: str
    share: int
    p90_minutes: int


@event("tickets.analysis.published", version=1)
class AnalysisPublished:
    month: date
    ended: int
    breached: int
    low_ratings: int
    bottlenecks: list[Bottleneck]
    told: list[UUID]


@on(AnalysisPublished, together=tell)
def present_month(work, heard):
    """The month's figures, and the step that takes most of the time of what is reported most."""
    step = next(iter(heard.bottlenecks), None)
    facts = {
        "month": f"{heard.month:%Y-%m}",
        "ended": heard.ended,
        "breached": heard.breached,
        "low_ratings": heard.low_ratings,
    }
    yield Telling(
        cause=work.cause,
        template="tickets.analysis.published",
        category=Category.WORK,
        about_type="analysis",
        about_id=work.cause.operator_id,
        link=f"{work.settings.public_url}/analysis?month={heard.month:%Y-%m}",
        people=frozenset(heard.told),
        facts={
            **facts,
            "stage": step and step.stage,
            "kind": step and step.kind,
            "share": step and round(step.share / 10),
        },
    )
