"""A month's figures, added up from its closures in one statement."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PgUuid

from services.tickets.events import Limit
from services.tickets.model.figures import Stage

LOW = 2  # a rating this bad is looked into
REPEATED = 3  # repairs of one place within
REPEAT_DAYS = 90

SPANS = {  # from one moment of a closure to the next that it had
    Stage.REVIEW: ("c.began_at", "c.reviewed_at"),
    Stage.DISPATCH: ("coalesce(c.reviewed_at, CASE WHEN c.closure > 0 THEN c.began_at END)", "c.dispatched_at"),
    Stage.ARRIVAL: ("c.dispatched_at", "c.started_at"),
    Stage.WORK: ("coalesce(c.started_at, c.dispatched_at, c.reviewed_at, c.began_at)", "c.ended_at"),
}


def _seconds(stage: Stage) -> str:
    """A stage's seconds; work is only what was completed."""
    begins, ends = SPANS[stage]
    span = f"round(extract(epoch FROM {ends} - {begins}))::bigint"
    return f"CASE WHEN c.outcome IN ('completed', 'replied') THEN {span} END" if stage is Stage.WORK else span


def _stage(stage: Stage) -> str:
    told = {
        "count": f"count({stage})",
        "total": f"sum({stage})::bigint",
        "p50": f"percentile_disc(0.5) WITHIN GROUP (ORDER BY {stage})",
        "p90": f"percentile_disc(0.9) WITHIN GROUP (ORDER BY {stage})",
    }
    built = ", ".join(f"'{name}', {value}" for name, value in told.items())
    return f"'{stage}', CASE WHEN count({stage}) > 0 THEN jsonb_build_object({built}) END"


def _limit(limit: Limit) -> str:
    ran = f"count(*) FILTER (WHERE jsonb_exists(limits, '{limit}'))"
    missed = f"count(*) FILTER (WHERE '{limit}' = ANY (breached))"
    return f"'{limit}', CASE WHEN {ran} > 0 THEN jsonb_build_object('ran', {ran}, 'breached', {missed}) END"


ENDED = f"""
WITH ended AS (
  SELECT c.*, e.region_id, {", ".join(f"{_seconds(stage)} AS {stage}" for stage in Stage)}
    FROM closure c JOIN estate e ON e.id = c.estate_id
   WHERE c.operator_id = :operator AND c.ended_at >= :early AND c.ended_at < :late
     AND (c.ended_at AT TIME ZONE e.timezone)::date >= :first AND (c.ended_at AT TIME ZONE e.timezone)::date < :next)
"""
COUNT = text(f"""
{ENDED}
INSERT INTO month_figure (id, operator_id, month, scope, scope_id, dimension, value, kind, ended, completed, rejected,
                          cancelled, reopened, rated, score_sum, low_ratings, limited, breached, stages, limits)
SELECT gen_random_uuid(), :operator, :first,
       CASE WHEN GROUPING(estate_id) = 0 THEN 'estate' WHEN GROUPING(region_id) = 0 THEN 'region' ELSE 'operator' END,
       coalesce(estate_id, region_id, :operator),
       CASE WHEN GROUPING(problem) = 0 THEN 'problem' WHEN GROUPING(category) = 0 THEN 'category'
            WHEN GROUPING(cause) = 0 THEN 'cause' WHEN GROUPING(technician_id) = 0 THEN 'technician' ELSE 'all' END,
       CASE WHEN GROUPING(problem) = 0 THEN category || '/' || problem
            ELSE coalesce(category, cause, technician_id::text) END,
       kind, count(*), count(*) FILTER (WHERE outcome IN ('completed', 'replied')), count(*) FILTER (WHERE outcome = 'rejected'),
       count(*) FILTER (WHERE outcome = 'cancelled'), count(*) FILTER (WHERE reopened), count(score),
       coalesce(sum(score), 0), count(*) FILTER (WHERE score <= {LOW}), count(*) FILTER (WHERE limits <> '{{}}'),
       count(*) FILTER (WHERE cardinality(breached) > 0),
       jsonb_strip_nulls(jsonb_build_object({", ".join(_stage(stage) for stage in Stage)})),
       jsonb_strip_nulls(jsonb_build_object({", ".join(_limit(limit) for limit in Limit)}))
  FROM ended
 GROUP BY kind, GROUPING SETS ((), (region_id), (estate_id)),
          GROUPING SETS ((), (category), (category, problem), (cause), (technician_id))
""")
FORGET = [
    text("DELETE FROM month_figure WHERE operator_id = :operator AND month = :first"),
    text("DELETE FROM repeat_fault WHERE operator_id = :operator AND month = :first"),
]
REPEATS = text(f"""
INSERT INTO repeat_fault
SELECT gen_random_uuid(), :operator, estate_id, :first, unit_id, place, category, problem, count(*), min(ended_at), max(ended_at),
       coalesce(array_agg(DISTINCT cause) FILTER (WHERE cause IS NOT NULL), '{{}}')
  FROM closure c JOIN estate e ON e.id = c.estate_id
 WHERE c.operator_id = :operator AND kind = 'repair' AND outcome = 'completed' AND category IS NOT NULL
   AND (unit_id IS NOT NULL OR place IS NOT NULL)
   AND ended_at >= :early - make_interval(days => {REPEAT_DAYS}) AND ended_at < :late
   AND (ended_at AT TIME ZONE e.timezone)::date >= :next - {REPEAT_DAYS} AND (ended_at AT TIME ZONE e.timezone)::date < :next
 GROUP BY estate_id, unit_id, place, category, problem
HAVING count(*) >= {REPEATED}
""")
# Looked for since the last that was found, and a little before: an end may commit later than it says.
LATE = timedelta(minutes=10)
NOTICE = text("""
INSERT INTO monthly_analysis (id, operator_id, version, month, stale, noticed_at)
SELECT gen_random_uuid(), found.operator_id, 0, found.month, true, :now
  FROM (SELECT DISTINCT c.operator_id, date_trunc('month', c.ended_at AT TIME ZONE e.timezone)::date AS month
          FROM closure c JOIN estate e ON e.id = c.estate_id
         WHERE c.touched_at >= coalesce((SELECT max(noticed_at) FROM monthly_analysis) - :late, '-infinity')) found
    ON CONFLICT (operator_id, month) DO UPDATE SET stale = true, noticed_at = excluded.noticed_at
""")


def notice(work) -> int:
    """Mark the months in which something ended, was rated or reopened since anybody looked. → how many."""
    return work.execute(NOTICE, {"now": work.now, "late": LATE}).rowcount


def count(work, operator_id: UUID, month: date) -> None:
    """Add up a month of an operator anew, in this transaction: figures and the faults that came back."""
    following = next_month(month)
    bounds = {
        "operator": operator_id,
        "first": month,
        "next": following,
        "early": month - timedelta(days=1),  # estates lie in several time zones
        "late": following + timedelta(days=1),
    }
    for statement in (*FORGET, COUNT, REPEATS):
        work.execute(statement.bindparams(bindparam("operator", type_=PgUuid)), bounds)


def next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)
