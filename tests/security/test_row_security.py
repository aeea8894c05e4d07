"""The second wall: what a query forgets to narrow, the database narrows; and nobody who serves requests may move it."""

from types import SimpleNamespace

import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import create_engine, text, true
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from chassis import shapes
from chassis.actor import Actor, actor_of_event
from chassis.ids import new_id
from chassis.migrations import tables_without_row_security
from chassis.model import Copy, Entity, Row
from chassis.work import Work
from tests.conftest import SERVICES
from tests.interfaces import ROUTES
from tests.isolation.test_matrix import HERE, OTHER_OPERATOR, ask, shown
from tests.stories.repair import mended

# Tables of no tenant, each with its reason; a new table without operator_id must be entered here by hand.
SHARED = {
    "alembic_version": "the schema's own version",
    "job_run": "when each job is due",
    "jwks": "public keys",
    "heartbeat": "which processes live",
    "restoration": "when this database was put back from a backup",
    "signing_key": "the directory's own keys, sealed",
    "throttle": "counted before any operator is known: keyed hashes only",
    "reset_request": "noted before any operator is known: keyed hashes only",
}
TENANTED = "SELECT table_name FROM information_schema.columns WHERE column_name = :column AND table_schema = 'public'"
PARTS = "SELECT relname FROM pg_class WHERE relispartition AND relnamespace = 'public'::regnamespace"
KINDS = "relkind IN ('r', 'p', 'm', 'f', 'v') AND relnamespace = 'public'::regnamespace"


@pytest.fixture(scope="module")
def lived_in(world, theirs):
    """A world in which most tables have rows."""
    mended(world)
    world.platform.tick(hours=30)
    return world


@pytest.fixture(params=SERVICES)
def base(request, lived_in):
    """One service's database: `app`, `system` and `owner` as SQLAlchemy engines, its tables by what they hold."""
    harness = lived_in.platform[request.param]
    owner = create_engine(harness.settings.owner_database_url)
    with owner.connect() as connection:
        columns = {
            name: set(connection.scalars(text(TENANTED), {"column": name})) for name in ("operator_id", "estate_id")
        }
        names = set(connection.scalars(text(f"SELECT relname FROM pg_class WHERE {KINDS}")))
        parts = set(connection.scalars(text(PARTS)))
    yield SimpleNamespace(
        service=request.param,
        runtime=harness.runtime,
        app=harness.runtime.engine,
        system=harness.runtime.system_engine,
        owner=owner,
        names=names,
        parts=parts,
        of_operator=sorted(columns["operator_id"]),
        reached=sorted(columns["operator_id"] - parts),
        of_estate=sorted((columns["estate_id"] & columns["operator_id"]) - parts),
    )
    owner.dispose()


def may(base, table: str, right: str) -> bool:
    with base.app.connect() as connection:
        return connection.scalar(text("SELECT has_table_privilege(:table, :right)"), {"table": table, "right": right})


def count(connection, table: str, **where) -> int:
    condition = " AND ".join(f"{name} = :{name}" for name in where) or "true"
    return connection.scalar(text(f'SELECT count(*) FROM "{table}" WHERE {condition}'), where)


def stranger(lived_in) -> Actor:
    return actor_of_event(lived_in.operators["QY"], None)


# ── every table ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_table_says_whose_its_rows_are(base):
    assert base.names - set(base.of_operator) - SHARED.keys() == set()


POLICIES = """SELECT tablename, policyname, qual, with_check FROM pg_policies WHERE :role = ANY (roles)"""


def test_every_table_is_under_a_policy_that_asks_for_the_operator(base):
    with base.owner.connect() as connection:
        assert tables_without_row_security(connection) == []
        found = {row.tablename: row for row in connection.execute(text(POLICIES), {"role": f"{base.service}_app"})}

    assert base.names - found.keys() == {"alembic_version"}
    for table in base.of_operator:
        assert "app.operator" in found[table].qual and found[table].qual == found[table].with_check, table


def test_a_table_that_was_forgotten_is_found(base):
    with base.owner.connect() as connection:
        connection.execute(text("CREATE TABLE forgotten (id uuid, operator_id uuid)"))

        assert tables_without_row_security(connection) == ["forgotten"]
        connection.rollback()


@pytest.mark.parametrize("right", ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"])
def test_a_part_of_a_table_is_reached_through_the_whole_alone(base, right):
    """A partition's own name opens nothing, neither to the app nor to the system role."""
    held = text("SELECT has_table_privilege(:table, :right)")
    for engine in (base.app, base.system):
        with engine.connect() as connection:
            assert [table for table in base.parts if connection.scalar(held, {"table": table, "right": right})] == []
    assert base.parts or base.service != "tickets"


# ── reading and writing past the wall ────────────────────────────────────────────────────────────────────────────────


def test_a_used_connection_without_context_sees_nothing(base, lived_in):
    """The pool hands out a connection that served somebody a moment ago."""
    only_one = create_engine(base.app.url, pool_size=1, max_overflow=0)
    readable = [table for table in base.of_operator if may(base, table, "SELECT")]
    with Session(only_one) as session, session.begin():
        work = base.runtime.begin(session, actor_of_event(lived_in.operators["HY"], None))
        process = work.scalar(text("SELECT pg_backend_pid()"))
        full = [table for table in readable if count(work, table)]
    with only_one.connect() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) == process, "the same connection"
        seen = {table: count(connection, table) for table in full}
    only_one.dispose()

    assert len(full) >= 5 and seen == dict.fromkeys(full, 0)


def test_another_operator_sees_and_changes_nothing(base, lived_in):
    hy, touched = lived_in.operators["HY"], 0
    for table in base.reached:
        with base.system.connect() as connection:
            there = count(connection, table, operator_id=hy)
        with base.runtime.work(stranger(lived_in)) as work:
            if may(base, table, "SELECT"):
                assert count(work, table, operator_id=hy) == 0, table
            for right, statement in CHANGES.items():
                if may(base, table, right) and may(base, table, "SELECT"):
                    done = work.execute(text(statement.format(table=table)), {"operator": hy})
                    assert done.rowcount == 0, f"{right} {table}"
        touched += bool(there)
    assert touched >= 5


CHANGES = {
    "UPDATE": 'UPDATE "{table}" SET operator_id = operator_id WHERE operator_id = :operator',
    "DELETE": 'DELETE FROM "{table}" WHERE operator_id = :operator',
}


def test_another_estate_sees_nothing_of_what_belongs_to_an_estate(base, lived_in):
    here, there, hy = lived_in.estates["HY-E-01"], lived_in.estates["HY-E-02"], lived_in.operators["HY"]
    narrow = [table for table in base.of_estate if asks_for_the_estate(base, table)]
    with base.system.connect() as connection:
        full = [table for table in narrow if count(connection, table, estate_id=here)]
    with base.runtime.work(actor_of_event(hy, there)) as work:
        seen = {table: count(work, table, estate_id=here) for table in full}

    assert len(full) >= 1 and seen == dict.fromkeys(full, 0)


def asks_for_the_estate(base, table: str) -> bool:
    with base.owner.connect() as connection:
        found = text(f"{POLICIES} AND tablename = :table")
        return "app.estates" in connection.execute(found, {"role": f"{base.service}_app", "table": table}).one().qual


COPIED = """INSERT INTO "{table}" OVERRIDING SYSTEM VALUE
    SELECT (jsonb_populate_record(NULL::"{table}", cast(:row AS jsonb))).*"""


def test_nobody_writes_a_row_into_another_operator(base, lived_in):
    """A row of HY's, to the letter, put in by QY: refused before any other rule of the table is asked."""
    tried = 0
    for table in base.reached:
        with base.system.connect() as connection:
            whole = text(f'SELECT to_jsonb(t)::text FROM "{table}" t WHERE operator_id = :hy LIMIT 1')
            row = connection.scalar(whole, {"hy": lived_in.operators["HY"]})
        if row is None or not may(base, table, "INSERT"):
            continue
        with pytest.raises(DBAPIError) as refused, base.runtime.work(stranger(lived_in)) as work:
            work.execute(text(COPIED.format(table=table)), {"row": row})
        assert isinstance(refused.value.orig, InsufficientPrivilege), table
        assert "row-level security" in str(refused.value.orig), table
        tried += 1
    assert tried >= 5


# ── the roles ────────────────────────────────────────────────────────────────────────────────────────────────────────

ROLE = """SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
    EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) AS member,
    EXISTS (SELECT FROM pg_class WHERE relowner = r.oid) AS owns_tables,
    EXISTS (SELECT FROM pg_proc WHERE proowner = r.oid) AS owns_functions,
    EXISTS (SELECT FROM pg_database WHERE datdba = r.oid) AS owns_databases,
    has_schema_privilege(r.oid, 'public', 'CREATE') AS creates
    FROM pg_roles r WHERE rolname = current_user"""


@pytest.mark.parametrize("role", ["app", "system"])
def test_who_serves_requests_is_no_owner_and_passes_no_wall(base, role):
    with getattr(base, role).connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == f"{base.service}_{role}"
        assert not any(connection.execute(text(ROLE)).one())


MOVES = [
    "ALTER TABLE audit DISABLE ROW LEVEL SECURITY",
    "DROP POLICY app ON audit",
    "ALTER TABLE audit DISABLE TRIGGER ALL",
    "SET ROLE {service}_owner",
    "SET ROLE {service}_system",
    "SET session_replication_role = replica",
    "CREATE TABLE mine (id int)",
    "TRUNCATE audit",
    "UPDATE audit SET actor = 'system'",
    "DELETE FROM audit",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT rolpassword FROM pg_authid",
]


@pytest.mark.parametrize("move", MOVES)
def test_the_wall_is_not_theirs_to_move(base, move):
    with pytest.raises(DBAPIError) as refused, base.app.connect() as connection:
        connection.execute(text(move.format(service=base.service)))
    assert isinstance(refused.value.orig, InsufficientPrivilege), refused.value.orig


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'system'", "DELETE FROM audit"])
@pytest.mark.parametrize("role", ["system", "owner"])
def test_the_audit_record_is_changed_by_nobody(base, role, change):
    with getattr(base, role).connect() as connection:
        connection.execute(text(AUDITED), {"id": new_id()})
        with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
            connection.execute(text(change))


AUDITED = """INSERT INTO audit (operator_id, at, actor, action, subject_type, subject_id, version, changes, correlation_id)
    VALUES (:id, now(), 'person/1', 'x.y.z.v1', 'thing', :id, 1, '{}', 'c')"""


DEFINERS = """SELECT proname, proconfig::text FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"""
FINDERS = {"find_account", "find_client", "find_password_token", "find_refresh_token"}
OLDEST = {"oldest_transaction"}  # one figure, of no operator's rows
WORDS = {"keep_words", "words_of_new", "words_of_changed", "words_beside", "words_of_person", "words_of_unit"}
PAST = {  # the service's own write what a ticket is searched by, and make a year's table; they tell nothing
    "directory": FINDERS,
    "tickets": WORDS | {"open_year", "erase_words_of", "find_job_link"},
}


def test_only_finders_of_credentials_and_keepers_of_words_look_past_the_wall(base):
    with base.owner.connect() as connection:
        found = dict(connection.execute(text(DEFINERS)).all())

    assert set(found) == OLDEST | PAST.get(base.service, set())
    assert all("search_path" in settings for settings in found.values())


# ── the whole, with every WHERE forgotten ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def forgetful(monkeypatch):
    """Every class's `visible_to` lets all pass, and what the unit of work adds by itself is gone too."""
    waiting = [Row, Entity, Copy]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if "visible_to" in vars(cls):
            monkeypatch.setattr(cls, "visible_to", classmethod(lambda cls, actor, permission: true()))
    monkeypatch.setattr(shapes, "_kept", {})  # those of before have their WHERE, and those made now must not stay
    monkeypatch.setattr(Actor, "may", lambda *_: True)
    monkeypatch.setattr(Work, "get", lambda work, cls, id: work.session.get(cls, id) if id else None)


READABLE = [route for route in ROUTES if route.method == "GET" and not route.is_public]


@pytest.mark.parametrize("route", READABLE, ids=str)
def test_where_every_where_is_forgotten_the_database_still_narrows(lived_in, theirs, forgetful, route):
    foreign = {str(person.id) for label, person in lived_in.people.items() if label.startswith(HERE)}
    foreign |= {theirs[kind] for kind in ("ticket_id", "message_id", "unit_id", "building_id", "duty_id", "shift_id")}
    for who in OTHER_OPERATOR:
        answer = ask(lived_in, who, route, theirs, None)
        assert answer.status_code in ((403, 404) if route.in_path else (200, 403, 404)), f"{who}: {shown(answer)}"
        assert {id for id in foreign if id in str(shown(answer))} == set(), who
