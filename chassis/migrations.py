"""What a service's Alembic revisions say: the chassis's own tables, and row-level security for each table.

Policies stand for two roles. `<service>_app` sees its operator's rows, and of those with an estate the actor's estates;
`<service>_system` (relay, clock) sees all. Neither owns a table, so neither escapes (messaging.md §6).
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import command, op
from alembic.config import Config

from chassis import tables

# Scalar sub-selects: PostgreSQL then reads the setting once a query, not once a row. `nullif`: after one set_config the
# setting is '' on that pooled connection, and '' must mean "no rows", not an error.
OPERATOR = "operator_id = (SELECT nullif(current_setting('app.operator', true), '')::uuid)"
# CASE and not OR: PostgreSQL takes an OR here for a rare thing, and would read all of an estate for its newest fifty rows.
ESTATE = """CASE WHEN (SELECT current_setting('app.all_estates', true)) = 'on' THEN true ELSE estate_id = ANY
    ((SELECT string_to_array(nullif(current_setting('app.estates', true), ''), ',')::uuid[])::uuid[]) END"""
RULES = {"estate": f"{OPERATOR} AND {ESTATE}", "operator": OPERATOR, None: "true"}
MIGRATION_LOCK = 7_203_611  # one migration at a time per database
ALL_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"


def service_name() -> str:
    return op.get_context().config.attributes["service"]


def row(*, estate: bool = True) -> list[sa.Column]:
    """The columns of a `Row`, and with `estate` those of `OfEstate`."""
    columns = [sa.Column("id", sa.Uuid, primary_key=True), sa.Column("operator_id", sa.Uuid, nullable=False)]
    return [*columns, sa.Column("estate_id", sa.Uuid, nullable=False)] if estate else columns


def entity(*, estate: bool = True) -> list[sa.Column]:
    """The columns of an `Entity`."""
    return [*row(estate=estate), sa.Column("version", sa.BigInteger, nullable=False)]


def copied(*, estate: bool = True) -> list[sa.Column]:
    """The columns of a `Copy`."""
    return [*row(estate=estate), sa.Column("sequence", sa.BigInteger, nullable=False)]


def protect(table: str, by: str | None = "estate", app: str = ALL_RIGHTS) -> None:
    """Put `table` under row-level security by "estate", "operator" or None (no tenant), and grant the two roles their rights."""
    service = service_name()
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY app ON {table} TO {service}_app USING ({RULES[by]}) WITH CHECK ({RULES[by]})")
    op.execute(f"CREATE POLICY system ON {table} TO {service}_system USING (true) WITH CHECK (true)")
    if app:
        op.execute(f"GRANT {app} ON {table} TO {service}_app")
    op.execute(f"GRANT {ALL_RIGHTS} ON {table} TO {service}_system")


def append_only(table: str) -> None:
    """Nobody changes or removes a row, whatever their grants."""
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {service_name()}_app, {service_name()}_system")
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def chassis_tables() -> None:
    """The chassis's tables, as every service's first revision makes them."""
    tables.metadata.create_all(op.get_bind())
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$""")
    op.execute("""
        CREATE FUNCTION wake_relay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_notify('outbox', ''); RETURN NULL; END $$""")
    op.execute("CREATE TRIGGER wake_relay AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION wake_relay()")
    protect("outbox", by="operator", app="INSERT")
    protect("inbox", by="operator", app="SELECT, INSERT")
    protect("audit", by="operator", app="SELECT, INSERT")
    protect("audit_seal", by="operator", app="SELECT")
    protect("idempotency", by="operator")
    protect("attachment", by="operator")
    protect("revocation", by="operator")
    protect("jwks", by=None)
    protect("job_run", by=None, app="SELECT")
    append_only("audit")
    append_only("audit_seal")


def operations_tables() -> None:
    """What looking after a service asks for: who is alive, and one request's story. A new database has the shapes already."""
    tables.heartbeat.create(op.get_bind(), checkfirst=True)
    protect("heartbeat", by=None, app=ALL_RIGHTS)
    op.execute("CREATE INDEX IF NOT EXISTS audit_correlation ON audit (correlation_id)")
    op.execute(f"GRANT SELECT ON alembic_version TO {service_name()}_system")


def recovery_tables() -> None:
    """What a restored database remembers of it; and transaction numbers that go on rising in a new server."""
    tables.restoration.create(op.get_bind(), checkfirst=True)
    protect("restoration", by=None, app="SELECT")
    op.execute("""
        CREATE FUNCTION transaction_number(xid8) RETURNS xid8 LANGUAGE sql STABLE AS $$
        SELECT ($1::text::bigint + coalesce((SELECT max(ahead) FROM public.restoration), 0))::text::xid8 $$""")
    op.execute("ALTER TABLE audit ALTER COLUMN xid SET DEFAULT transaction_number(pg_current_xact_id())")


def revocation_times() -> None:
    """When a revocation was heard: only as long as a token lives does anybody ask for it."""
    op.execute(
        "ALTER TABLE revocation ADD COLUMN IF NOT EXISTS heard_at timestamptz NOT NULL DEFAULT clock_timestamp()"
    )
    op.execute("CREATE INDEX IF NOT EXISTS revocation_recent ON revocation (operator_id, heard_at)")


def estate_policies() -> None:
    """Policies of estates that PostgreSQL estimates well; they let the same rows through as before."""
    by_estate = "SELECT tablename FROM pg_policies WHERE policyname = 'app' AND qual LIKE '%app.all_estates%'"
    for table in op.get_bind().exec_driver_sql(by_estate.replace("%", "%%")).scalars().all():
        op.execute(f'ALTER POLICY app ON "{table}" USING ({RULES["estate"]}) WITH CHECK ({RULES["estate"]})')


def narrower_rights() -> None:
    """Kept answers are the operator's alone; and of other sessions the system role learns one figure, not their statements."""
    op.execute("DELETE FROM idempotency WHERE operator_id IS NULL")
    op.execute("ALTER TABLE idempotency ALTER COLUMN operator_id SET NOT NULL")
    op.execute(f"ALTER POLICY app ON idempotency USING ({OPERATOR}) WITH CHECK ({OPERATOR})")
    op.execute("""
        CREATE FUNCTION oldest_transaction() RETURNS double precision LANGUAGE sql STABLE SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $$
        SELECT extract(epoch FROM clock_timestamp() - min(xact_start)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() $$""")
    op.execute("REVOKE ALL ON FUNCTION oldest_transaction() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION oldest_transaction() TO {service_name()}_system")


def tables_without_row_security(connection) -> list[str]:
    """Tables that a revision forgot to protect; a test asks."""
    names = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    protected = connection.exec_driver_sql("SELECT relname FROM pg_class WHERE relrowsecurity").scalars()
    return sorted(names - set(protected))


def alembic_config(service, connection=None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(service.folder / "migrations"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, metadata=service.metadata, service=service.name)
    return config


def migrate(service, owner_url: str) -> None:
    """Bring the service's database to its newest revision, in one transaction, as its owner."""
    engine = sa.create_engine(owner_url, poolclass=sa.NullPool, connect_args={"connect_timeout": 5})
    with engine.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        command.upgrade(alembic_config(service, connection), "head")
