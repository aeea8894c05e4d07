"""tickets: who was sent and how, how an estate sends people out, firms from outside, and staff's lists by urgency."""

from alembic import op

from chassis.migrations import protect, service_name

revision = "0009"
down_revision = "0008"

TABLES = """
ALTER TABLE ticket
  ADD COLUMN contractor_id uuid,
  ADD COLUMN assignment_id uuid,
  ADD COLUMN returned bigint NOT NULL DEFAULT 0,
  ADD COLUMN urged bigint NOT NULL DEFAULT 0,
  ADD COLUMN urged_at timestamptz,
  ADD COLUMN send_at timestamptz,
  ADD COLUMN next_due_at timestamptz NOT NULL DEFAULT '9999-01-01 00:00:00+00';
ALTER TABLE rating ALTER COLUMN technician_id DROP NOT NULL, ADD COLUMN contractor_id uuid;
UPDATE ticket SET next_due_at = running.due_at FROM
  (SELECT ticket_id, min(due_at) AS due_at FROM clock WHERE met_at IS NULL AND paused_at IS NULL GROUP BY ticket_id) AS running
  WHERE running.ticket_id = ticket.id;
CREATE INDEX ticket_work ON ticket
  (assignee_id, (CASE urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END), next_due_at, id)
  WHERE state IN ('dispatched', 'started', 'on_hold', 'assigned', 'contested');
CREATE INDEX ticket_lane ON ticket
  (estate_id, state, (CASE urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END), next_due_at, id)
  WHERE state NOT IN ('closed', 'rejected', 'cancelled');
CREATE INDEX ticket_send ON ticket (send_at) WHERE send_at IS NOT NULL;
CREATE INDEX clock_next ON clock (operator_id, due_at, id)
  WHERE met_at IS NULL AND paused_at IS NULL AND breached_at IS NULL;
CREATE TABLE assignment (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  ticket_id uuid NOT NULL REFERENCES ticket,
  technician_id uuid,
  contractor_id uuid,
  sent_by uuid,
  way varchar(40) NOT NULL,
  sent_at timestamptz NOT NULL,
  factors jsonb,
  left_at timestamptz,
  left_as varchar(40),
  reason text,
  link_hash text,
  link_until timestamptz,
  taken_on_at timestamptz,
  CONSTRAINT assignment_who_check CHECK (num_nonnulls(technician_id, contractor_id) = 1));
CREATE INDEX assignment_ticket ON assignment (ticket_id);
CREATE INDEX assignment_technician ON assignment (technician_id, sent_at) WHERE technician_id IS NOT NULL;
CREATE UNIQUE INDEX assignment_link ON assignment (link_hash) WHERE link_hash IS NOT NULL;
CREATE TABLE dispatch_policy (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  automatic text[] NOT NULL,
  choice varchar(40) NOT NULL,
  claims boolean NOT NULL,
  urge_every_hours bigint NOT NULL);
CREATE TABLE contractor (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  name text NOT NULL,
  skills text[] NOT NULL,
  estate_ids uuid[] NOT NULL,
  email text,
  phone text,
  active boolean NOT NULL);
CREATE INDEX contractor_operator ON contractor (operator_id, id);
"""

# A link comes before its operator is known: this looks past row-level security, as the table's owner, and tells no more
# than where to go on looking. Fixed search path, so that nobody can slip another table or operator in.
FINDER = """
CREATE FUNCTION find_job_link(wanted text) RETURNS TABLE (operator_id uuid, estate_id uuid, id uuid, ticket_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT operator_id, estate_id, id, ticket_id FROM public.assignment WHERE link_hash = wanted $$;
REVOKE ALL ON FUNCTION find_job_link(text) FROM PUBLIC;
"""

# Staff's lists are in the order of what is due next, of whatever changes a clock: code, or a statement over many at once.
# A clock that is met already, a warning or a breach moves nothing and costs nothing here. No sequential scans: a plan made
# while a table was small is kept for a whole load; and `+ interval '0'`, or the smallest is looked for along an index by time.
NEXT_DUE = """
CREATE FUNCTION next_due_sooner() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp SET enable_seqscan = off AS $$
BEGIN
  UPDATE ticket SET next_due_at = NEW.due_at WHERE id = NEW.ticket_id AND next_due_at > NEW.due_at;
  RETURN NULL;
END $$;
CREATE FUNCTION next_due_anew() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE due timestamptz;
BEGIN
  SELECT coalesce(min(due_at + interval '0'), '9999-01-01 00:00:00+00') INTO due FROM clock
    WHERE ticket_id = NEW.ticket_id AND met_at IS NULL AND paused_at IS NULL;
  UPDATE ticket SET next_due_at = due WHERE id = NEW.ticket_id AND next_due_at <> due;
  RETURN NULL;
END $$;
CREATE TRIGGER next_due_sooner AFTER INSERT ON clock FOR EACH ROW
  WHEN (NEW.met_at IS NULL AND NEW.paused_at IS NULL) EXECUTE FUNCTION next_due_sooner();
CREATE TRIGGER next_due_anew AFTER UPDATE ON clock FOR EACH ROW
  WHEN (OLD.due_at <> NEW.due_at OR OLD.met_at IS DISTINCT FROM NEW.met_at OR OLD.paused_at IS DISTINCT FROM NEW.paused_at)
  EXECUTE FUNCTION next_due_anew();
"""


def upgrade():
    op.execute(TABLES)
    op.execute(NEXT_DUE)
    op.execute(FINDER)
    op.execute(f"GRANT EXECUTE ON FUNCTION find_job_link(text) TO {service_name()}_app")
    protect("assignment", app="SELECT, INSERT, UPDATE")
    protect("dispatch_policy", app="SELECT, INSERT, UPDATE")
    protect("contractor", by="operator", app="SELECT, INSERT, UPDATE")
