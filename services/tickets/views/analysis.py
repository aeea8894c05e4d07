"""What a month says, and every missed limit."""

from chassis.http import Blueprint, allow, asks, gives, lists, takes
from services.tickets.handlers import analysis as handlers
from services.tickets.queries import analysis as queries
from services.tickets.queries.breaches import breaches
from services.tickets.schemas.analysis import (
    AnalysisFilter,
    AnalysisView,
    BreachFilter,
    BreachView,
    EstateFigureView,
    MonthFilter,
    MonthToCount,
)

blp = Blueprint("analysis", description="Where time goes, what is missed, what comes back 分析")


@blp.get("/analysis")
@allow("tickets:analyse")
@asks(AnalysisFilter)
@gives(AnalysisView)
def show_analysis(work, query):
    """Show what a month says of an estate, a region, or the whole operator.

    All that ended in the month, by kind, category, problem, cause and technician: counts, ratings, missed limits, and the
    time each stage took. Each process names its bottleneck; faults of one place that came back, and what to look into.
    """
    return queries.of_month(work, **query)


@blp.post("/analysis")
@allow("tickets:analyse")
@takes(MonthToCount)
@gives(AnalysisView)
def count_month(work, wanted):
    """Count a month of the whole operator now; by itself the clock does so within ten minutes of a change."""
    handlers.refresh(work, **wanted)
    return queries.of_month(work, **wanted)


@blp.get("/analysis/estates")
@allow("tickets:analyse")
@asks(MonthFilter)
@lists(EstateFigureView)
def compare_estates(work, query):
    """List the caller's estates beside each other, the most missed limits first."""
    return queries.estates_of_month(work, **query)


@blp.get("/breaches")
@allow("tickets:analyse")
@asks(BreachFilter)
@lists(BreachView)
def list_breaches(work, query):
    """List every missed limit across the caller's estates, the newest first, with the step that ate the time."""
    return breaches(work, **query)
