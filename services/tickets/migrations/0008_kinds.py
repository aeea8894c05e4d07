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
  ADD COLUMN confidence_id uuid;
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
    protect("confidence", app="SELECT, INSERT, UPDATE")
