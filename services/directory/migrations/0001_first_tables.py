"""The directory's first tables."""

from alembic import op

from chassis.migrations import chassis_tables, protect

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE operator (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  code text NOT NULL,
  name_zh text NOT NULL,
  name_en text NOT NULL,
  UNIQUE (code));
CREATE TABLE region (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  code text NOT NULL,
  name_zh text NOT NULL,
  name_en text NOT NULL,
  UNIQUE (operator_id, code));
CREATE TABLE estate (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  region_id uuid NOT NULL REFERENCES region DEFERRABLE INITIALLY DEFERRED,
  code text NOT NULL,
  name_zh text NOT NULL,
  name_en text NOT NULL,
  address_zh text NOT NULL,
  address_en text NOT NULL,
  timezone text NOT NULL,
  UNIQUE (operator_id, code));
CREATE TABLE building (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  code text NOT NULL,
  name_zh text NOT NULL,
  name_en text NOT NULL,
  kind varchar(40) NOT NULL,
  floors bigint NOT NULL,
  entrances jsonb NOT NULL,
  UNIQUE (estate_id, code));
CREATE TABLE unit (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  building_id uuid NOT NULL REFERENCES building DEFERRABLE INITIALLY DEFERRED,
  entrance_id uuid,
  code text NOT NULL,
  spoken_zh text NOT NULL,
  spoken_en text NOT NULL,
  floor bigint NOT NULL,
  gross_area numeric(10, 2) NOT NULL,
  net_area numeric(10, 2),
  usage varchar(40) NOT NULL,
  state varchar(40) NOT NULL,
  UNIQUE (estate_id, code));
CREATE INDEX unit_building ON unit (building_id);
CREATE TABLE person (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  kind varchar(40) NOT NULL,
  name text NOT NULL,
  language text NOT NULL,
  first_estate_id uuid,
  phone text,
  phone_index text,
  other_phone text,
  other_phone_index text,
  email text,
  email_index text);
CREATE INDEX person_email ON person (email_index);
CREATE INDEX person_name ON person (operator_id, name);
CREATE INDEX person_other_phone ON person (other_phone_index);
CREATE INDEX person_phone ON person (phone_index);
CREATE TABLE occupancy (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  version bigint NOT NULL,
  unit_id uuid NOT NULL REFERENCES unit DEFERRABLE INITIALLY DEFERRED,
  person_id uuid NOT NULL REFERENCES person DEFERRABLE INITIALLY DEFERRED,
  relation varchar(40) NOT NULL,
  starts_on date NOT NULL,
  ends_on date,
  void boolean NOT NULL);
CREATE INDEX occupancy_estate ON occupancy (estate_id, starts_on, id);
CREATE INDEX occupancy_person ON occupancy (person_id);
CREATE INDEX occupancy_unit ON occupancy (unit_id);
CREATE TABLE staff (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  roles jsonb NOT NULL,
  scopes text[] NOT NULL,
  skills text[] NOT NULL,
  certificates jsonb NOT NULL,
  certificate_due date,
  active boolean NOT NULL,
  engaged_at timestamptz NOT NULL,
  left_at timestamptz);
CREATE INDEX staff_certificate_due ON staff (certificate_due);
CREATE INDEX staff_scopes ON staff USING gin (scopes);
CREATE TABLE shift (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  estate_id uuid,
  region_id uuid,
  role text NOT NULL,
  level bigint NOT NULL,
  name_zh text NOT NULL,
  name_en text NOT NULL,
  begins text NOT NULL,
  ends text NOT NULL,
  timezone text NOT NULL,
  rotation jsonb NOT NULL,
  starts_on date NOT NULL,
  planned_until date NOT NULL,
  active boolean NOT NULL);
CREATE INDEX shift_planned_until ON shift (planned_until) WHERE active;
CREATE TABLE duty (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  shift_id uuid REFERENCES shift DEFERRABLE INITIALLY DEFERRED,
  estate_id uuid,
  region_id uuid,
  role text NOT NULL,
  level bigint NOT NULL,
  person_id uuid NOT NULL REFERENCES person DEFERRABLE INITIALLY DEFERRED,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  cancelled boolean NOT NULL);
CREATE INDEX duty_estate ON duty (operator_id, estate_id, ends_at);
CREATE INDEX duty_shift ON duty (shift_id, starts_at);
CREATE TABLE account (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  person_id uuid NOT NULL REFERENCES person DEFERRABLE INITIALLY DEFERRED,
  login text NOT NULL,
  login_index text NOT NULL,
  password_hash text,
  password_set_at timestamptz,
  state varchar(40) NOT NULL,
  epoch bigint NOT NULL,
  UNIQUE (login_index),
  UNIQUE (person_id));
CREATE TABLE sign_in (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  account_id uuid NOT NULL REFERENCES account DEFERRABLE INITIALLY DEFERRED,
  started_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz);
CREATE INDEX sign_in_account ON sign_in (account_id);
CREATE INDEX sign_in_ended_at ON sign_in (ended_at);
CREATE INDEX sign_in_expires_at ON sign_in (expires_at);
CREATE TABLE refresh_token (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  sign_in_id uuid NOT NULL REFERENCES sign_in DEFERRABLE INITIALLY DEFERRED,
  token_hash bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  UNIQUE (token_hash));
CREATE INDEX refresh_token_expires_at ON refresh_token (expires_at);
CREATE INDEX refresh_token_sign_in ON refresh_token (sign_in_id);
CREATE TABLE password_token (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  account_id uuid NOT NULL REFERENCES account DEFERRABLE INITIALLY DEFERRED,
  token_hash bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  UNIQUE (token_hash));
CREATE INDEX password_token_account ON password_token (account_id);
CREATE TABLE client (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  version bigint NOT NULL,
  name text NOT NULL,
  scopes text[] NOT NULL,
  estate_ids jsonb NOT NULL,
  expires_at timestamptz,
  active boolean NOT NULL,
  epoch bigint NOT NULL);
CREATE TABLE client_secret (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL,
  client_id uuid NOT NULL REFERENCES client DEFERRABLE INITIALLY DEFERRED,
  secret_hash bytea NOT NULL,
  made_at timestamptz NOT NULL,
  expires_at timestamptz,
  last_used_at timestamptz,
  UNIQUE (secret_hash));
CREATE INDEX client_secret_client ON client_secret (client_id);
CREATE TABLE throttle (
  key text PRIMARY KEY,
  failures integer NOT NULL,
  last_at timestamptz NOT NULL,
  until timestamptz NOT NULL);
CREATE TABLE reset_request (
  login_index text PRIMARY KEY,
  requested_at timestamptz NOT NULL);
CREATE TABLE signing_key (
  kid text PRIMARY KEY,
  pem text NOT NULL,
  jwk jsonb NOT NULL,
  signs_from timestamptz NOT NULL,
  signs_until timestamptz);
"""

# One owner at a time, and nobody twice in the same relation: the database's own word on it.
ONE_HOLD_AT_A_TIME = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE occupancy ADD CONSTRAINT occupancy_one_owner EXCLUDE USING gist
  (unit_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&) WHERE (relation = 'owner' AND NOT void);
ALTER TABLE occupancy ADD CONSTRAINT occupancy_once EXCLUDE USING gist
  (unit_id WITH =, person_id WITH =, relation WITH =, daterange(starts_on, ends_on, '[]') WITH &&) WHERE (NOT void);
"""

# A credential comes before its operator is known. These four look past row-level security, as the tables' owner, and
# tell no more than where to go on looking.
FINDERS = {
    "find_account(wanted text)": "SELECT operator_id, id FROM public.account WHERE login_index = wanted",
    "find_refresh_token(wanted bytea)": "SELECT operator_id, id FROM public.refresh_token WHERE token_hash = wanted",
    "find_password_token(wanted bytea)": "SELECT operator_id, id FROM public.password_token WHERE token_hash = wanted",
    "find_client(wanted uuid)": "SELECT operator_id, id FROM public.client WHERE id = wanted",
}


def upgrade():
    chassis_tables()
    op.execute(TABLES)
    op.execute(ONE_HOLD_AT_A_TIME)
    for table in ("estate", "building", "unit", "occupancy"):
        protect(table)
    for table in ("operator", "region", "person", "staff", "shift", "duty"):
        protect(table, by="operator")
    for table in ("account", "sign_in", "refresh_token", "password_token", "client", "client_secret"):
        protect(table, by="operator")
    for table in ("throttle", "reset_request", "signing_key"):
        protect(table, by=None)
    for signature, query in FINDERS.items():
        make_finder(signature, query)


def make_finder(signature, query):
    """Fixed search path, so that nobody can slip another table or operator in; callable by the app role alone."""
    op.execute(f"""
        CREATE FUNCTION {signature} RETURNS TABLE (operator_id uuid, id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ {query} $$""")
    name = signature.replace("wanted ", "")
    op.execute(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name} TO directory_app")
