"""tickets: several limits on a ticket, the pauses that stop them, and estates' working hours."""

from alembic import op

from chassis.migrations import protect

revision = "0007"
down_revision = "0006"

TABLES = """
ALTER TABLE ticket
  ADD COLUMN limits jsonb,
  ADD COLUMN appointed_from timestamptz,
  ADD COLUMN appointed_to timestamptz,
  ADD COLUMN arrived_at timestamptz;
ALTER TABLE clock
  ADD COLUMN target bigint,
  ADD COLUMN counting varchar(40),
  ADD COLUMN counted_by bigint;
CREATE TABLE pause (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  ticket_id uuid NOT NULL REFERENCES ticket,
  reason varchar(40) NOT NULL,
  started_at timestamptz NOT NULL,
  until timestamptz NOT NULL,
  ended_at timestamptz);
CREATE INDEX pause_ticket_id ON pause (ticket_id);
CREATE TABLE calendar (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  week jsonb NOT NULL,
  country text,
  subdivision text);
CREATE TABLE calendar_day (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  calendar_id uuid NOT NULL REFERENCES calendar,
  day date NOT NULL,
  hours jsonb NOT NULL,
  reason text NOT NULL,
  UNIQUE (estate_id, day));
CREATE INDEX calendar_day_calendar_id ON calendar_day (calendar_id);
"""

# Until now a limit was its two moments: a quarter of it lay between them, and what is beyond it had been waited for an answer.
FROM_MOMENTS = """
UPDATE clock SET counting = 'natural', counted_by = 0, target = round(extract(epoch FROM due_at - warn_at) * 4);
INSERT INTO pause (id, operator_id, estate_id, ticket_id, reason, started_at, until, ended_at)
  SELECT gen_random_uuid(), operator_id, estate_id, ticket_id, 'question', coalesce(paused_at, paused_until - interval '24 hours'),
         paused_until, CASE WHEN paused_at IS NULL
           THEN paused_until - interval '24 hours' + (due_at - started_at - make_interval(secs => target)) END
  FROM clock WHERE paused_until IS NOT NULL;
"""

NEVER_EMPTY = """
ALTER TABLE clock
  ALTER COLUMN target SET NOT NULL,
  ALTER COLUMN target SET DEFAULT 86400, -- what the release before writes, which knows the review alone
  ALTER COLUMN counting SET NOT NULL,
  ALTER COLUMN counting SET DEFAULT 'natural',
  ALTER COLUMN counted_by SET NOT NULL,
  ALTER COLUMN counted_by SET DEFAULT 0;
CREATE INDEX clock_calendar ON clock (estate_id, counted_by) WHERE met_at IS NULL AND counting = 'working';
CREATE INDEX clock_recount ON clock (id) WHERE met_at IS NULL AND counted_by = -1;
"""


def upgrade():
    op.execute(TABLES)
    op.execute(FROM_MOMENTS)
    op.execute(NEVER_EMPTY)
    protect("pause", app="SELECT, INSERT, UPDATE")
    protect("calendar", app="SELECT, INSERT, UPDATE")
    protect("calendar_day")
