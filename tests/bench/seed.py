"""Tickets by the million, made inside the database: one operator, its estates, one home, owner, technician and desk in each.

Every id is derived from a number, so that whoever seeds, asks or checks needs no list.
"""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg

from chassis import auth
from services.tickets.events import Kind
from services.tickets.model import taxonomy
from tests.bench.place import KEY, Place

ESTATES = 200
OPERATOR = UUID(int=0x0B0E_0000_0000_7000_8000_0000_0000_0000)
YEAR = datetime.now(UTC).year
SPACES = {"region": 1, "estate": 2, "unit": 3, "owner": 4, "technician": 5, "desk": 6}

PLACES = """
INSERT INTO estate SELECT {estate}, {operator}, 1, {region}, 'E' || lpad(n::text, 3, '0'), 'Asia/Shanghai'
  FROM generate_series(1, {estates}) n;
INSERT INTO unit SELECT {unit}, {operator}, {estate}, 1, '1-1-0101' FROM generate_series(1, {estates}) n;
INSERT INTO person SELECT {owner}, {operator}, 1, '业主' || n FROM generate_series(1, {estates}) n;
INSERT INTO person SELECT {technician}, {operator}, 1, '师傅' || n FROM generate_series(1, {estates}) n;
INSERT INTO occupancy SELECT md5('occupancy' || n)::uuid, {operator}, {estate}, 1, {unit}, {owner}, '2020-01-01', NULL, false
  FROM generate_series(1, {estates}) n;
INSERT INTO pen SELECT md5('pen' || n || '/' || k)::uuid, {operator}, {estate}, {year}, k, k
  FROM generate_series(1, {estates}) n, generate_series(1, 16) k;
"""
# Ids sort by time as ours do; one ticket in ten is still open.
DESCRIBED = "厨房水槽下的水管接头漏水，已用盆接着，请尽快安排师傅上门查看。"
TICKETS = """
INSERT INTO ticket (id, operator_id, estate_id, version, number, kind, state, unit_id, place, channel, reporter_id, filed_by,
                    complained_of, category, problem, description, urgency, assignee_id, reopened, filed_at, dispatched_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(mixed, 1, 3) || 'a'
        || substr(mixed, 4, 15))::uuid,
       {operator}, {estate}, 6, 'E' || lpad(n::text, 3, '0') || '-S-' || i, 'repair',
       CASE WHEN i % 10 > 0 THEN 'closed' WHEN i % 20 = 0 THEN 'submitted' ELSE 'dispatched' END,
       {unit}, NULL, 'portal', {owner}, {owner}, '{{}}',
       (ARRAY{categories})[i % {known} + 1], NULL, '{described}',
       'normal', CASE WHEN i % 20 > 0 THEN {technician} END, 0, at, at
  FROM (SELECT i, (i * 7919 % {estates}) + 1 AS n, md5(i::text) AS mixed,
               timestamptz '2024-01-01' + (timestamptz '2026-11-01' - timestamptz '2024-01-01') * (i::float8 / {count}) AS at
          FROM generate_series({first}::bigint, {last}) i) made;
"""
# What the triggers would find, put together from what an estate's tickets have in common: number, home and report, reporter.
WORDS = """
WITH common AS MATERIALIZED (
  SELECT {estate} AS estate_id, words_of(concat_ws(' . ', unit.code, '{described}'), 'A') || words_of(person.name, 'D') AS told
  FROM generate_series(1, {estates}) n JOIN unit ON unit.id = {unit} JOIN person ON person.id = {owner})
INSERT INTO words (id, operator_id, estate_id, told)
SELECT id, operator_id, estate_id, (substring(number FROM '[0-9]+$') || ':1A')::tsvector || told
  FROM ticket JOIN common USING (estate_id);
"""
BLOCK = 1_000_000
INDEXES = """SELECT indexname, replace(indexdef, ' ON ONLY ', ' ON ') FROM pg_indexes
  WHERE tablename = 'ticket' AND indexname <> 'ticket_pkey' OR indexname = 'words_told'"""  # of all the years


@dataclass(frozen=True)
class Estate:
    """What a request needs to know of one estate."""

    number: int

    def __getattr__(self, what: str) -> UUID:
        if what not in SPACES:
            raise AttributeError(what)
        return derived(what, self.number)


def derived(what: str, number: int) -> UUID:
    return UUID(f"00000000-0000-7000-800{SPACES[what]}-{number:012x}")


def sql_id(what: str, number: str) -> str:
    """`derived`, as PostgreSQL computes it."""
    return f"('00000000-0000-7000-800{SPACES[what]}-' || lpad(to_hex({number}::bigint), 12, '0'))::uuid"


def estates() -> list[Estate]:
    return [Estate(number) for number in range(1, ESTATES + 1)]


def fill(place: Place, dbname: str, count: int) -> float:
    """Make places, `count` tickets and their words, with triggers and most indexes off meanwhile, and ANALYZE. → seconds."""
    began = time.monotonic()
    with place.admin(dbname) as database:
        database.execute("SET session_replication_role = replica")  # no triggers, and no references are looked up
        run(database, PLACES)
        indexes = database.execute(INDEXES).fetchall()
        for name, _ in indexes:
            database.execute(f"DROP INDEX {name}")
        for first in range(1, count + 1, BLOCK):
            run(database, TICKETS, count=count, first=first, last=min(first + BLOCK - 1, count))
        run(database, WORDS)
        for _, definition in indexes:
            database.execute(definition)
        database.execute("VACUUM (ANALYZE)")
        database.execute("CHECKPOINT")
    return time.monotonic() - began


def run(database: psycopg.Connection, script: str, **numbers) -> None:
    ids = {what: sql_id(what, "n") for what in SPACES}
    codes = [category.code for category in taxonomy.CATEGORIES]
    known = {
        "operator": f"'{OPERATOR}'::uuid",
        "estates": ESTATES,
        "year": YEAR,
        "categories": codes,
        "known": len(codes),
        "described": DESCRIBED,
    }
    database.execute(script.format(**ids, **known, **numbers))


def token(subject: UUID, role: str, scope: str) -> str:
    now = int(time.time())
    claims = {
        "iss": auth.ISSUER, "aud": auth.AUDIENCE, "sub": str(subject), "operator": str(OPERATOR), "kind": "person",
        "roles": [{"role": role, "scope": scope}], "epoch": 0, "jti": str(subject), "iat": now, "exp": now + int(auth.LIFETIME),
    }  # fmt: skip
    return auth.issue(KEY, claims)


def owner_token(estate: Estate) -> str:
    return token(estate.owner, "owner", f"unit:{estate.unit}")


def desk_token(estate: Estate) -> str:
    return token(estate.desk, "dispatcher", f"estate:{estate.estate}")


def technician_token(estate: Estate) -> str:
    return token(estate.technician, "technician", f"estate:{estate.estate}")


def head_token() -> str:
    return token(derived("desk", 0xFFFF), "head_office", "operator")


def write_titles(file: Path) -> Path:
    """What tickets are about, by kind and category, for peers that cannot import our taxonomy."""
    codes = [None, *(category.code for category in taxonomy.CATEGORIES)]
    titles = {f"{kind}/{code or ''}": taxonomy.title(kind, code, None) for kind in Kind for code in codes}
    file.write_text(json.dumps(titles, ensure_ascii=False))
    return file
