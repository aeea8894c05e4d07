"""tickets: each kind has a life of its own, to its answer."""

from alembic import op

from chassis.migrations import protect

revision = "0008"
down_revision = "0007"

ANSWERS = """
ALTER TABLE ticket
  ADD COLUMN reply_text text,
  ADD COLUMN outcome varchar(40),
  ADD COLUMN replied_by uuid,
  ADD COLUMN replied_at timestamptz,
  ADD COLUMN contested_at timestamptz,
  ADD COLUMN confirmed_at timestamptz,
  ADD COLUMN confidence_id uuid,
  ADD COLUMN cause_code text,
  ADD COLUMN charged_fen bigint NOT NULL DEFAULT 0,
  ADD COLUMN follows_id uuid,
  ADD COLUMN warranty_until date;
"""

CONFIDENCES = """
CREATE TABLE confidence (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  ticket_id uuid NOT NULL,
  alias uuid NOT NULL,
  reporter_id uuid NOT NULL,
  unit_id uuid,
  contact_phone text,
  disclosed_to uuid,
  disclosed_at timestamptz,
  disclosed_for text);
CREATE INDEX confidence_reporter ON confidence (reporter_id);
CREATE INDEX confidence_ticket ON confidence (ticket_id);
"""

QUOTES = """
CREATE TABLE quote (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  ticket_id uuid NOT NULL,
  closure bigint NOT NULL,
  state varchar(40) NOT NULL,
  lines jsonb NOT NULL,
  labour_fen bigint NOT NULL,
  parts_fen bigint NOT NULL,
  total_fen bigint NOT NULL,
  offered_by uuid NOT NULL,
  offered_at timestamptz NOT NULL,
  decided_by uuid,
  decided_at timestamptz,
  reason text,
  charged_fen bigint,
  CONSTRAINT quote_total_check CHECK (total_fen = labour_fen + parts_fen AND total_fen >= 0));
CREATE INDEX quote_ticket ON quote (ticket_id, id);
CREATE UNIQUE INDEX quote_open ON quote (ticket_id) WHERE state = 'offered';
"""

CALLBACKS = """
CREATE TABLE callback (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  ticket_id uuid NOT NULL,
  closure bigint NOT NULL,
  why varchar(40) NOT NULL,
  opened_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  missed_at timestamptz,
  outcome varchar(40),
  note text,
  settled_by uuid,
  settled_at timestamptz,
  UNIQUE (ticket_id, closure));
CREATE INDEX callback_estate ON callback (estate_id, due_at, id);
CREATE INDEX callback_operator ON callback (operator_id, due_at, id);
CREATE INDEX callback_due ON callback (due_at) WHERE settled_at IS NULL AND missed_at IS NULL;
CREATE TABLE callback_policy (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  sample_percent bigint NOT NULL CONSTRAINT callback_policy_sample_percent_check CHECK (sample_percent BETWEEN 0 AND 100),
  always text[] NOT NULL,
  hours bigint NOT NULL);
"""

HANDOVERS = """
CREATE TABLE handover (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  building text NOT NULL,
  accepted_on date NOT NULL,
  UNIQUE (estate_id, building));
"""

# What asks for an answer was sent out like work until now.
LIVES = """
UPDATE ticket SET state = 'replied', reply_text = resolution, outcome = CASE kind WHEN 'inquiry' THEN 'answered' END,
  replied_by = assignee_id, replied_at = completed_at
  WHERE kind <> 'repair' AND state = 'completed';
UPDATE ticket SET state = CASE kind WHEN 'suggestion' THEN 'accepted' ELSE 'assigned' END
  WHERE kind <> 'repair' AND state IN ('dispatched', 'started');
UPDATE ticket SET held_from = CASE WHEN held_from = 'accepted' OR kind = 'suggestion' THEN 'accepted' ELSE 'assigned' END
  WHERE kind <> 'repair' AND state = 'on_hold';
UPDATE ticket SET state = held_from WHERE kind IN ('suggestion', 'inquiry') AND state = 'on_hold';
"""


def upgrade():
    op.execute(ANSWERS)
    op.execute(LIVES)
    op.execute(CONFIDENCES)
    op.execute(QUOTES)
    op.execute(CALLBACKS)
    op.execute(HANDOVERS)
    protect("handover", app="SELECT, INSERT, UPDATE")
    protect("callback", app="SELECT, INSERT, UPDATE")
    protect("callback_policy", by="operator", app="SELECT, INSERT, UPDATE")
    protect("quote", app="SELECT, INSERT, UPDATE")
    protect("confidence", app="SELECT, INSERT, UPDATE")
