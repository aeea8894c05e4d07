"""notify's first tables: messages, deliveries, preferences, and copies of the directory."""

from alembic import op

from chassis.migrations import chassis_tables, protect

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE message (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid,
  event_id uuid NOT NULL,
  person_id uuid NOT NULL,
  template text NOT NULL,
  category varchar(40) NOT NULL,
  language text NOT NULL,
  subject text NOT NULL,
  body text NOT NULL,
  about_type text NOT NULL,
  about_id uuid NOT NULL,
  in_app boolean NOT NULL,
  created_at timestamptz NOT NULL,
  read_at timestamptz,
  UNIQUE (event_id, person_id));
CREATE INDEX message_list ON message (operator_id, person_id, created_at, id) WHERE in_app;
CREATE INDEX message_unread ON message (operator_id, person_id) WHERE in_app AND read_at IS NULL;
CREATE TABLE delivery (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  estate_id uuid,
  message_id uuid NOT NULL REFERENCES message,
  event_id uuid NOT NULL,
  person_id uuid NOT NULL,
  template text NOT NULL,
  channel varchar(40) NOT NULL,
  state varchar(40) NOT NULL,
  letter text,
  created_at timestamptz NOT NULL,
  next_attempt_at timestamptz,
  attempts bigint NOT NULL,
  last_error text,
  provider_id text,
  sent_at timestamptz,
  delivered_at timestamptz,
  failed_at timestamptz,
  UNIQUE (event_id, person_id, channel));
CREATE INDEX delivery_due ON delivery (channel, next_attempt_at) WHERE state IN ('pending', 'sending');
CREATE INDEX delivery_list ON delivery (estate_id, created_at, id);
CREATE INDEX delivery_newest ON delivery (operator_id, created_at, id);
CREATE INDEX delivery_message ON delivery (message_id);
CREATE TABLE preference (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  channels jsonb NOT NULL,
  quiet_from time,
  quiet_until time,
  timezone text NOT NULL);
CREATE TABLE estate (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  sequence bigint NOT NULL,
  region_id uuid NOT NULL,
  name_zh text NOT NULL,
  name_en text NOT NULL,
  timezone text NOT NULL);
CREATE INDEX estate_region ON estate (region_id);
CREATE TABLE unit (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  sequence bigint NOT NULL,
  spoken_zh text NOT NULL,
  spoken_en text NOT NULL);
CREATE TABLE person (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  sequence bigint NOT NULL,
  name text NOT NULL,
  language text NOT NULL,
  phone_sealed text,
  email_sealed text);
CREATE TABLE occupancy (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  sequence bigint NOT NULL,
  unit_id uuid NOT NULL,
  person_id uuid NOT NULL,
  relation text NOT NULL,
  starts_on date NOT NULL,
  ends_on date,
  void boolean NOT NULL);
CREATE INDEX occupancy_unit ON occupancy (unit_id);
CREATE TABLE staff (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  sequence bigint NOT NULL,
  roles jsonb NOT NULL,
  active boolean NOT NULL);
CREATE INDEX staff_roles ON staff USING gin (roles jsonb_path_ops);
CREATE TABLE duty (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  sequence bigint NOT NULL,
  estate_id uuid,
  region_id uuid,
  role text NOT NULL,
  person_id uuid NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  level bigint NOT NULL,
  cancelled boolean NOT NULL);
CREATE INDEX duty_time ON duty (operator_id, ends_at);
"""
# A person's messages and a region's duties are not of one estate: row-level security by operator, the rest in the queries.
BY_ESTATE = ("delivery", "unit", "occupancy")
BY_OPERATOR = ("message", "preference", "estate", "person", "staff", "duty")


def upgrade():
    chassis_tables()
    op.execute(TABLES)
    for table in BY_ESTATE:
        protect(table)
    for table in BY_OPERATOR:
        protect(table, by="operator")
