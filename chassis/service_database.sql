-- What one service owns in PostgreSQL: this database, and three roles. Run as superuser inside the service's database,
-- again whenever a password changes, by psql (-v service=… -v owner_password=… …) or by create_service_database().
--
--   <service>_owner    owns the database and its schema; migrations only
--   <service>_app      under row-level security; HTTP and reactions
--   <service>_system   a role apart, to which policies are open; relay and clock
--
-- Nobody else may connect. Table rights are granted by the migrations, table by table.
SELECT set_config('linli.service', :'service', false),
       set_config('linli.owner_password', :'owner_password', false),
       set_config('linli.app_password', :'app_password', false),
       set_config('linli.system_password', :'system_password', false);

DO $$
DECLARE
  part text;
  role text;
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  FOREACH part IN ARRAY ARRAY['owner', 'app', 'system'] LOOP
    role := current_setting('linli.service') || '_' || part;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      EXECUTE format('CREATE ROLE %I', role);
    END IF;
    EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD %L',
                   role, current_setting('linli.' || part || '_password'));
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
    IF part = 'system' AND pg_has_role(role, 'pg_read_all_stats', 'MEMBER') THEN
      EXECUTE format('REVOKE pg_read_all_stats FROM %I', role);  -- it had it once: statements of others are not its business
    END IF;
    IF part = 'owner' THEN
      EXECUTE format('GRANT pg_read_all_stats TO %I', role);  -- for oldest_transaction(), whoever's transaction that is
      EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), role);
      EXECUTE format('ALTER SCHEMA public OWNER TO %I', role);
    END IF;
  END LOOP;
END
$$;

-- Words are looked for by an index also under row-level security: PostgreSQL does not let an operator that might tell of rows
-- by its errors run before a policy, and takes @@ for one. It compares lexemes; what may fail in it is the query alone.
ALTER FUNCTION pg_catalog.ts_match_vq(tsvector, tsquery) LEAKPROOF;
