"""The tickets service's first tables."""

from alembic import op

from chassis.migrations import chassis_tables, protect

revision = "0001"
down_revision = None

TICKETS = """
CREATE TABLE ticket (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  number text NOT NULL,
  kind varchar(40) NOT NULL,
  state varchar(40) NOT NULL,
  unit_id uuid,
  place text,
  channel varchar(40) NOT NULL,
  reporter_id uuid NOT NULL,
  filed_by uuid NOT NULL,
  complained_of uuid[] NOT NULL,
  category text,
  problem text,
  description text NOT NULL,
  urgency varchar(40) NOT NULL,
  preferred_times jsonb,
  contact_phone text,
  payer varchar(40),
  question text,
  answer text,
  reason text,
  assignee_id uuid,
  held_from varchar(40),
  resolution text,
  cause text,
  parts jsonb,
  labour_minutes bigint,
  reopened bigint NOT NULL,
  filed_at timestamptz NOT NULL,
  reviewed_at timestamptz,
  dispatched_at timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  rated_at timestamptz,
  closed_at timestamptz,
  remind_at timestamptz,
  closes_at timestamptz,
  reopen_until timestamptz);
CREATE UNIQUE INDEX ticket_number ON ticket (operator_id, number);
CREATE INDEX ticket_operator ON ticket (operator_id, filed_at DESC, id DESC);
CREATE INDEX ticket_estate ON ticket (estate_id, filed_at DESC, id DESC);
CREATE INDEX ticket_open ON ticket (estate_id, state, filed_at DESC, id DESC)
  WHERE state NOT IN ('closed', 'rejected', 'cancelled');
CREATE INDEX ticket_job ON ticket (assignee_id, filed_at DESC, id DESC) WHERE assignee_id IS NOT NULL;
CREATE INDEX ticket_reporter ON ticket (reporter_id, filed_at DESC, id DESC);
CREATE INDEX ticket_unit ON ticket (unit_id, filed_at DESC, id DESC) WHERE unit_id IS NOT NULL;
CREATE INDEX ticket_remind ON ticket (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX ticket_close ON ticket (closes_at) WHERE closes_at IS NOT NULL;
CREATE TABLE pen (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  year bigint NOT NULL,
  pen bigint NOT NULL,
  next bigint NOT NULL,
  UNIQUE (estate_id, year, pen));
CREATE TABLE clock (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  ticket_id uuid NOT NULL REFERENCES ticket,
  clock varchar(40) NOT NULL,
  started_at timestamptz NOT NULL,
  warn_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  escalate_at timestamptz,
  level varchar(40),
  paused_at timestamptz,
  paused_until timestamptz,
  warned_at timestamptz,
  breached_at timestamptz,
  met_at timestamptz);
CREATE INDEX clock_ticket_id ON clock (ticket_id);
CREATE INDEX clock_warn ON clock (warn_at)
  WHERE met_at IS NULL AND paused_at IS NULL AND warned_at IS NULL AND breached_at IS NULL;
CREATE INDEX clock_breach ON clock (due_at) WHERE met_at IS NULL AND paused_at IS NULL AND breached_at IS NULL;
CREATE INDEX clock_escalate ON clock (escalate_at) WHERE met_at IS NULL AND paused_at IS NULL;
CREATE INDEX clock_resume ON clock (paused_until) WHERE met_at IS NULL AND paused_at IS NOT NULL;
CREATE TABLE rating (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  ticket_id uuid NOT NULL REFERENCES ticket,
  closure bigint NOT NULL,
  technician_id uuid NOT NULL,
  score bigint NOT NULL CONSTRAINT rating_score_check CHECK (score BETWEEN 1 AND 5),
  aspects jsonb NOT NULL,
  tags jsonb NOT NULL,
  comment text,
  rated_by uuid NOT NULL,
  rated_at timestamptz NOT NULL,
  UNIQUE (ticket_id, closure));
CREATE INDEX rating_technician ON rating (technician_id, rated_at);
CREATE TABLE comment (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  ticket_id uuid NOT NULL REFERENCES ticket,
  author_id uuid NOT NULL,
  side varchar(40) NOT NULL,
  internal boolean NOT NULL,
  text text NOT NULL);
CREATE INDEX comment_ticket ON comment (ticket_id, id);
"""

COPIES = """
CREATE TABLE estate (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  sequence bigint NOT NULL,
  region_id uuid NOT NULL,
  code text NOT NULL,
  timezone text NOT NULL);
CREATE INDEX estate_region_id ON estate (region_id);
CREATE TABLE unit (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  sequence bigint NOT NULL,
  code text NOT NULL);
CREATE TABLE person (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  sequence bigint NOT NULL,
  name text NOT NULL);
CREATE TABLE occupancy (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  sequence bigint NOT NULL,
  unit_id uuid NOT NULL,
  person_id uuid NOT NULL,
  starts_on date NOT NULL,
  ends_on date,
  void boolean NOT NULL);
CREATE INDEX occupancy_person ON occupancy (person_id);
CREATE INDEX occupancy_unit ON occupancy (unit_id);
CREATE TABLE staff (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  sequence bigint NOT NULL,
  posts text[] NOT NULL,
  skills text[] NOT NULL,
  certificates jsonb NOT NULL);
CREATE INDEX staff_operator ON staff (operator_id);
CREATE INDEX staff_posts ON staff USING gin (posts);
CREATE TABLE duty (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  sequence bigint NOT NULL,
  estate_id uuid,
  region_id uuid,
  person_id uuid NOT NULL,
  level bigint NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  cancelled boolean NOT NULL);
CREATE INDEX duty_person_id ON duty (person_id);
CREATE INDEX duty_time ON duty (operator_id, ends_at);
"""


def upgrade():
    chassis_tables()
    op.execute(TICKETS)
    op.execute(COPIES)
    for table in ("ticket", "pen", "clock", "rating", "comment", "unit", "occupancy"):
        protect(table)
    for table in ("estate", "person", "staff", "duty"):
        protect(table, by="operator")
