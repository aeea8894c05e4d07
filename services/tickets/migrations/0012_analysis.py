"""tickets: what ended, month by month, and why."""

from alembic import op

from chassis.migrations import protect

revision = "0012"
down_revision = "0011"

TABLES = """
CREATE TABLE closure (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  ticket_id uuid NOT NULL,
  closure bigint NOT NULL,
  outcome varchar(40) NOT NULL,
  kind varchar(40) NOT NULL,
  category text,
  problem text,
  cause text,
  urgency varchar(40) NOT NULL,
  unit_id uuid,
  place text,
  technician_id uuid,
  began_at timestamptz NOT NULL,
  reviewed_at timestamptz,
  dispatched_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz NOT NULL,
  limits jsonb NOT NULL,
  breached text[] NOT NULL,
  score bigint,
  reopened boolean NOT NULL,
  touched_at timestamptz NOT NULL,
  UNIQUE (ticket_id, closure));
CREATE TABLE month_figure (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  month date NOT NULL,
  scope varchar(40) NOT NULL,
  scope_id uuid NOT NULL,
  dimension varchar(40) NOT NULL,
  value text,
  kind varchar(40) NOT NULL,
  ended bigint NOT NULL,
  completed bigint NOT NULL,
  rejected bigint NOT NULL,
  cancelled bigint NOT NULL,
  reopened bigint NOT NULL,
  rated bigint NOT NULL,
  score_sum bigint NOT NULL,
  low_ratings bigint NOT NULL,
  limited bigint NOT NULL,
  breached bigint NOT NULL,
  stages jsonb NOT NULL,
  limits jsonb NOT NULL);
CREATE INDEX month_figure_line ON month_figure (operator_id, month, scope, scope_id, dimension);
CREATE TABLE repeat_fault (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  month date NOT NULL,
  unit_id uuid,
  place text,
  category text NOT NULL,
  problem text,
  times bigint NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  causes text[] NOT NULL);
CREATE INDEX repeat_fault_month ON repeat_fault (estate_id, month, times);
CREATE TABLE monthly_analysis (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  month date NOT NULL,
  stale boolean NOT NULL,
  noticed_at timestamptz NOT NULL,
  counted_at timestamptz,
  published_at timestamptz,
  UNIQUE (operator_id, month));
"""
# Tickets that ended before: their last end is known, an end before a reopening is not.
BEFORE = """
INSERT INTO closure
SELECT gen_random_uuid(), t.operator_id, t.estate_id, t.id, t.reopened,
       CASE WHEN t.state IN ('rejected', 'cancelled') THEN t.state WHEN t.kind = 'repair' THEN 'completed' ELSE 'replied' END,
       t.kind, t.category, t.problem, t.cause, t.urgency, t.unit_id, t.place, t.assignee_id, t.filed_at,
       t.reviewed_at, t.dispatched_at, t.started_at, coalesce(t.completed_at, t.replied_at, c.met_at, t.reviewed_at, t.filed_at),
       coalesce(c.limits, '{}'), coalesce(c.breached, '{}'), r.score, false,
       coalesce(t.rated_at, t.completed_at, c.met_at, t.filed_at)
  FROM ticket t
  LEFT JOIN rating r ON r.ticket_id = t.id AND r.closure = t.reopened
  LEFT JOIN LATERAL (
    SELECT max(met_at) AS met_at,
           jsonb_object_agg(clock, extract(epoch FROM due_at - started_at)::bigint) AS limits,
           array_agg(DISTINCT clock::text ORDER BY clock::text) FILTER (WHERE breached_at IS NOT NULL) AS breached
      FROM clock WHERE ticket_id = t.id) c ON true
 WHERE t.state IN ('completed', 'replied', 'closed', 'rejected', 'cancelled')
"""
INDEXES = """
CREATE INDEX closure_month ON closure (operator_id, ended_at);
CREATE INDEX closure_touched ON closure (touched_at);
CREATE INDEX closure_repeat ON closure (estate_id, category, ended_at);
CREATE INDEX clock_missed ON clock (estate_id, due_at DESC, id DESC) WHERE breached_at IS NOT NULL;
CREATE INDEX clock_missed_operator ON clock (operator_id, due_at DESC, id DESC) WHERE breached_at IS NOT NULL;
"""


def upgrade():
    op.execute(TABLES)
    op.execute(BEFORE)
    op.execute(INDEXES)
    for table in ("closure", "repeat_fault"):
        protect(table)
    for table in ("month_figure", "monthly_analysis"):
        protect(table, by="operator")
