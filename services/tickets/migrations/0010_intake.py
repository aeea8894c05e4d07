"""tickets: an operator's own taxonomy; what words propose; incidents, outages, and the reports joined to them."""

from alembic import op

from chassis.migrations import protect

revision = "0010"
down_revision = "0009"

TICKET = """
ALTER TABLE ticket ADD COLUMN proposed jsonb, ADD COLUMN incident_id uuid, ADD COLUMN named_zh text, ADD COLUMN named_en text;
CREATE INDEX ticket_incident ON ticket (incident_id) WHERE incident_id IS NOT NULL;
"""

INCIDENTS = """
CREATE TABLE incident (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  planned boolean NOT NULL,
  state varchar(40) NOT NULL,
  category text NOT NULL,
  problem text,
  title_zh text NOT NULL,
  title_en text NOT NULL,
  text_zh text NOT NULL,
  text_en text NOT NULL,
  whole_estate boolean NOT NULL,
  buildings text[] NOT NULL,
  entrances text[] NOT NULL,
  unit_ids uuid[] NOT NULL,
  starts_at timestamptz,
  ends_at timestamptz,
  ahead_hours integer[] NOT NULL,
  announce_at timestamptz,
  announced_at timestamptz,
  reported_at timestamptz NOT NULL,
  ended_at timestamptz,
  settling boolean NOT NULL);
CREATE INDEX incident_operator ON incident (operator_id, reported_at DESC, id DESC);
CREATE INDEX incident_estate ON incident (estate_id, reported_at DESC, id DESC);
CREATE INDEX incident_ongoing ON incident (estate_id) WHERE state IN ('planned', 'open');
CREATE INDEX incident_announce ON incident (announce_at) WHERE announce_at IS NOT NULL;
CREATE INDEX incident_begin ON incident (starts_at) WHERE state = 'planned';
CREATE INDEX incident_settling ON incident (id) WHERE settling;
CREATE TABLE incident_update (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  incident_id uuid NOT NULL REFERENCES incident,
  at timestamptz NOT NULL,
  by uuid,
  text_zh text NOT NULL,
  text_en text NOT NULL);
CREATE INDEX incident_update_incident ON incident_update (incident_id, id);
CREATE TABLE incident_report (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  incident_id uuid NOT NULL REFERENCES incident,
  ticket_id uuid NOT NULL UNIQUE,
  reporter_id uuid NOT NULL,
  joined_by uuid NOT NULL,
  joined_at timestamptz NOT NULL,
  outcome varchar(40),
  reason text);
CREATE INDEX incident_report_incident ON incident_report (incident_id, id);
CREATE INDEX incident_report_waiting ON incident_report (incident_id, id) WHERE outcome IS NULL;
"""

TAXONOMY = """
CREATE TABLE operator_taxonomy (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  categories jsonb NOT NULL,
  places jsonb NOT NULL);
"""

LEARNING = """
CREATE TABLE lesson (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  ticket_id uuid NOT NULL);
CREATE TABLE learnt_word (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  target text NOT NULL,
  gram text NOT NULL,
  seen bigint NOT NULL,
  UNIQUE (operator_id, gram, target));
CREATE INDEX learnt_word_frequent ON learnt_word (operator_id, seen);
"""


def upgrade():
    op.execute(TICKET)
    op.execute(INCIDENTS)
    op.execute(TAXONOMY)
    op.execute(LEARNING)
    protect("lesson", app="SELECT, INSERT")
    protect("learnt_word", by="operator", app="SELECT")
    protect("operator_taxonomy", by="operator", app="SELECT, INSERT, UPDATE")
    protect("incident", app="SELECT, INSERT, UPDATE")
    protect("incident_update", app="SELECT, INSERT")
    protect("incident_report", app="SELECT, INSERT, UPDATE, DELETE")
