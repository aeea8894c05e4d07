"""A past for estates that have none: seeded, made set by set inside the database, as its owner.

What it makes is whole: tickets of every kind with their numbers, clocks, ratings, closures and timeline. Nothing of it is
said as an event, so nobody is told of it. How many: so many a home and month, or a total.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from services.tickets.history import words
from services.tickets.model.number import PENS

BLOCK = 100_000  # tickets made by one statement
CORRELATION = "history"  # of all its timeline rows


@dataclass(frozen=True)
class Wish:
    """What kind of past: its length, how dense it is, and from which seed."""

    until: datetime
    months: int = 18
    per_home: float = 0.1  # tickets a home and month
    count: int | None = None  # instead: so many in all
    seed: int = 20261123


def write(
    database: psycopg.Connection, wish: Wish, progress: Callable[[int, int], None] = lambda done, of: None
) -> int:
    """Make the past of every estate that has residents, in one transaction. → how many tickets."""
    with database.transaction():
        unchecked = database.execute(UNCHECKED).fetchone()[0]
        database.execute(FUNCTIONS)
        database.execute("SELECT setseed(%s)", [wish.seed % 1_000_000 / 1_000_000])
        database.execute(ESTATES)
        database.execute(WORDS, words.as_table())
        homes = database.execute("SELECT count(*) FROM past_home").fetchone()[0]
        whole = wish.count or round(wish.months * wish.per_home * homes)
        for first in range(0, whole, BLOCK):
            _write_block(database, wish, min(BLOCK, whole - first), homes)
            if unchecked:
                database.execute(FOUND)
            database.execute(FORGET)
            progress(min(first + BLOCK, whole), whole)
    return whole


def _write_block(database: psycopg.Connection, wish: Wish, count: int, homes: int) -> None:
    span = {
        "until": wish.until,
        "since": wish.until - timedelta(days=30.4 * wish.months),
        "count": count,
        "homes": homes,
    }
    for statement in (DRAWN, TIMED, NUMBERED, TICKETS, CLOCKS, RATINGS, CLOSURES, PENS_MOVED, TIMELINE):
        database.execute(statement, span if "%(" in statement else None)


# A superuser writes without a look at each key and without triggers: all of it is made here, and right by its making.
UNCHECKED = """
SELECT CASE WHEN rolsuper THEN set_config('session_replication_role', 'replica', true) = 'replica' ELSE false END
  FROM pg_roles WHERE rolname = current_user
"""
FOUND = "SELECT keep_words(array_agg(id)) FROM past"  # what the triggers would have done
FUNCTIONS = """
CREATE FUNCTION pg_temp.id_at(at timestamptz, i bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(at::text || i), 1, 3) || 'a'
          || substr(md5(at::text || i), 4, 15))::uuid $$;
CREATE FUNCTION pg_temp.passed(at timestamptz, until timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN at < until THEN at END $$;
CREATE FUNCTION pg_temp.posts_of(role text, e estate) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
  SELECT ARRAY[role || '@operator', role || '@region:' || e.region_id, role || '@estate:' || e.id] $$
"""

# ── who lives and works there ────────────────────────────────────────────────────────────────────────────────────

# `slow` makes estates differ: at one the dispatch takes long, at another the way, so that there is something to find.
ESTATES = """
CREATE TEMP TABLE past_estate ON COMMIT DROP AS
SELECT e.id, e.operator_id, e.code, e.timezone, staff.technicians, staff.desk, (row_number() OVER (ORDER BY e.code) % 3)::int AS slow
  FROM estate e
  JOIN LATERAL (SELECT array_agg(id ORDER BY id) FILTER (WHERE posts && pg_temp.posts_of('technician', e)) AS technicians,
                       (array_agg(id ORDER BY id) FILTER (WHERE posts && pg_temp.posts_of('service_desk', e)
                                                            OR posts && pg_temp.posts_of('dispatcher', e)))[1] AS desk
                  FROM staff WHERE operator_id = e.operator_id) staff ON staff.technicians IS NOT NULL
 WHERE EXISTS (SELECT FROM occupancy WHERE estate_id = e.id AND NOT void AND ends_on IS NULL);
CREATE TEMP TABLE past_home ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY e.code, unit_id) AS place, unit_id, person_id, estate_id
  FROM (SELECT DISTINCT ON (unit_id) unit_id, person_id, estate_id FROM occupancy
         WHERE NOT void AND ends_on IS NULL ORDER BY unit_id, starts_on, id) held
  JOIN past_estate e ON e.id = estate_id;
ALTER TABLE past_home ADD PRIMARY KEY (place);
ANALYZE past_home
"""
WORDS = """
CREATE TEMP TABLE past_word ON COMMIT DROP AS
SELECT * FROM jsonb_to_recordset(%s) AS (kind text, category text, problem text, words text, cause text, resolution text,
                                         urgency text, review_minutes float8,
                                         arrival_minutes float8, resolution_minutes float8, from_share float8, to_share float8)
"""

# ── what happened ────────────────────────────────────────────────────────────────────────────────────────────────

# One row of chances a ticket, drawn in order, so that the same seed draws the same past.
DRAWN = """
CREATE TEMP TABLE drawn ON COMMIT DROP AS
SELECT gen.i, random() AS home, random() AS about, random() AS day, (random() + random()) / 2 AS hour, random() AS door,
       random() AS ending, random() + random() + random() + random() - 2 AS r1, random() + random() + random() + random() - 2 AS r2,
       random() + random() + random() + random() - 2 AS r3, random() + random() + random() + random() - 2 AS r4,
       random() AS who, random() AS rated, random() AS liked, random() AS again
  FROM generate_series(1, %(count)s) gen (i)
"""
# Minutes of each step around what its limit allows, longer where an estate is slow at it; what lies ahead has not happened.
TIMED = """
CREATE TEMP TABLE past ON COMMIT DROP AS
WITH chosen AS (
  SELECT d.*, e.id AS estate_id, e.operator_id, e.code, e.timezone, e.slow, e.desk, w.kind, w.category, w.problem, w.words,
         w.cause, w.resolution, w.urgency, w.review_minutes, w.arrival_minutes, w.resolution_minutes,
         h.unit_id, h.person_id AS reporter_id,
         e.technicians[1 + floor(d.who * cardinality(e.technicians))::int] AS technician_id,
         e.technicians[1] AS first_technician,
         (date_trunc('day', %(since)s::timestamptz + d.day * (%(until)s::timestamptz - %(since)s::timestamptz), e.timezone)
          + make_interval(mins => (7 * 60 + d.hour * 15 * 60)::int, secs => floor(d.again * 60))) AS filed_at
    FROM drawn d
    JOIN past_home h ON h.place = floor(d.home * %(homes)s)::int + 1
    JOIN past_estate e ON e.id = h.estate_id
    JOIN past_word w ON d.about >= w.from_share AND d.about < w.to_share),
stepped AS (
  SELECT *, filed_at + make_interval(secs => 60 * least(review_minutes * 1.4, review_minutes * 0.12 * exp(r1))) AS reviewed
    FROM chosen WHERE filed_at < %(until)s),
sent AS (
  SELECT *, reviewed + make_interval(secs => 60 * 35 * exp(1.2 * r2) * CASE WHEN slow = 1 THEN 9 ELSE 1 END) AS dispatched
    FROM stepped),
begun AS (
  SELECT *, dispatched + make_interval(secs => 60 * 70 * exp(1.1 * r3) * CASE WHEN slow = 2 THEN 5 ELSE 1 END) AS started
    FROM sent),
done AS (
  SELECT *, started + make_interval(secs => 60 * 55 * exp(1.2 * r4) * CASE category WHEN 'CIV' THEN 14 ELSE 1 END) AS completed
    FROM begun),
lived AS (
  SELECT *, ending < 0.05 AS rejected, ending >= 0.05 AND ending < 0.09 AS cancelled,
         CASE WHEN kind = 'repair' THEN completed ELSE dispatched END AS ended
    FROM done)
SELECT pg_temp.id_at(filed_at, i) AS id, i, estate_id, operator_id, code, timezone, desk, kind, category, problem, words, cause,
       resolution, urgency, unit_id, reporter_id, filed_at, NULL::text AS number,
       CASE WHEN door < 0.62 THEN 'portal' WHEN door < 0.80 THEN 'wechat' WHEN door < 0.95 THEN 'phone' ELSE 'desk' END AS channel,
       CASE WHEN door < 0.80 OR desk IS NULL THEN reporter_id ELSE desk END AS filed_by,
       CASE WHEN kind = 'repair' AND NOT rejected AND NOT cancelled AND dispatched < %(until)s THEN technician_id END AS assignee_id,
       pg_temp.passed(reviewed, %(until)s) AS reviewed_at,
       CASE WHEN kind = 'repair' AND NOT rejected AND NOT cancelled THEN pg_temp.passed(dispatched, %(until)s) END AS dispatched_at,
       CASE WHEN kind = 'repair' AND NOT rejected AND NOT cancelled THEN pg_temp.passed(started, %(until)s) END AS started_at,
       CASE WHEN NOT rejected AND NOT cancelled THEN pg_temp.passed(ended, %(until)s) END AS ended_at,
       CASE WHEN kind = 'repair' AND rated < 0.45 AND NOT rejected AND NOT cancelled
            THEN pg_temp.passed(completed + make_interval(secs => rated * 400000), %(until)s) END AS rated_at,
       CASE WHEN technician_id = first_technician AND liked < 0.25 THEN 1 + floor(liked * 8)::int
            WHEN liked < 0.05 THEN 2 WHEN liked < 0.14 THEN 3 WHEN liked < 0.42 THEN 4 ELSE 5 END AS score,
       CASE WHEN NOT rejected AND NOT cancelled THEN pg_temp.passed(ended + interval '7 days', %(until)s) END AS closed_at,
       rejected AND reviewed < %(until)s AS rejected, cancelled AND reviewed < %(until)s AS cancelled,
       make_interval(mins => review_minutes::int) AS review_limit, make_interval(mins => arrival_minutes::int) AS arrival_limit,
       make_interval(mins => resolution_minutes::int) AS resolution_limit
  FROM lived
"""
# Numbers go on from those that the estate's pens have written.
NUMBERED = """
CREATE TEMP TABLE numbered ON COMMIT DROP AS
SELECT p.id, p.estate_id, p.operator_id, y.year,
       coalesce((SELECT max(next) FROM pen WHERE pen.estate_id = p.estate_id AND pen.year = y.year), 1) - 1
       + row_number() OVER (PARTITION BY p.estate_id, y.year ORDER BY p.filed_at, p.i) AS number
  FROM past p JOIN LATERAL (SELECT extract(year FROM p.filed_at AT TIME ZONE p.timezone)::int AS year) y ON true;
UPDATE past SET number = past.code || '-' || n.year || '-' || lpad(n.number::text, 6, '0')
  FROM numbered n WHERE n.id = past.id
"""
PENS_MOVED = f"""
INSERT INTO pen (id, operator_id, estate_id, year, pen, next)
SELECT gen_random_uuid(), operator_id, estate_id, year, pen, (max(number) / {PENS} + 1) * {PENS} + pen
  FROM numbered, generate_series(1, {PENS}) pen GROUP BY operator_id, estate_id, year, pen
    ON CONFLICT (estate_id, year, pen) DO UPDATE SET next = excluded.next
"""
STATE = """CASE WHEN rejected THEN 'rejected' WHEN cancelled THEN 'cancelled' WHEN closed_at IS NOT NULL THEN 'closed'
  WHEN ended_at IS NOT NULL THEN CASE kind WHEN 'repair' THEN 'completed' ELSE 'replied' END
  WHEN started_at IS NOT NULL THEN 'started' WHEN dispatched_at IS NOT NULL THEN 'dispatched'
  WHEN reviewed_at IS NOT NULL THEN 'accepted' ELSE 'submitted' END"""
TICKETS = f"""
INSERT INTO ticket (id, operator_id, estate_id, version, number, kind, state, unit_id, channel, reporter_id, filed_by,
                    complained_of, category, problem, description, urgency, payer, reason, assignee_id, resolution, cause_code, parts,
                    labour_minutes, reopened, filed_at, reviewed_at, dispatched_at, started_at, completed_at, rated_at,
                    closed_at, closes_at, reopen_until, reply_text, replied_at, next_due_at)
SELECT id, operator_id, estate_id, 6, number, kind, {STATE}, unit_id, channel, reporter_id, filed_by, '{{}}', category, problem,
       words, urgency, CASE WHEN reviewed_at IS NOT NULL AND kind = 'repair' AND NOT rejected THEN 'common' END,
       CASE WHEN rejected THEN '重复报事' WHEN cancelled THEN '已自行解决' END, assignee_id,
       CASE WHEN kind = 'repair' AND ended_at IS NOT NULL THEN resolution END,
       CASE WHEN kind = 'repair' AND ended_at IS NOT NULL THEN cause END,
       CASE WHEN kind = 'repair' AND ended_at IS NOT NULL THEN '[]'::jsonb END,
       CASE WHEN kind = 'repair' AND ended_at IS NOT NULL
            THEN greatest(10, extract(epoch FROM ended_at - started_at)::bigint / 60 / 2) END,
       0, filed_at, reviewed_at, dispatched_at, started_at, CASE kind WHEN 'repair' THEN ended_at END, rated_at, closed_at,
       CASE WHEN closed_at IS NULL THEN ended_at + interval '7 days' END, ended_at + interval '30 days',
       CASE WHEN kind <> 'repair' AND ended_at IS NOT NULL THEN resolution END,
       CASE WHEN kind <> 'repair' THEN ended_at END,
       CASE WHEN ended_at IS NOT NULL OR rejected OR cancelled THEN '9999-01-01 00:00:00+00'
            WHEN started_at IS NOT NULL THEN dispatched_at + resolution_limit
            WHEN dispatched_at IS NOT NULL THEN dispatched_at + least(arrival_limit, resolution_limit)
            ELSE filed_at + review_limit END
  FROM past
"""
# Three limits of a repair: until somebody was sent, until somebody was there, until it was done.
CLOCKS = """
INSERT INTO clock (id, operator_id, estate_id, version, ticket_id, clock, started_at, target, counting, counted_by, warn_at, due_at,
                   warned_at, breached_at, met_at)
SELECT gen_random_uuid(), operator_id, estate_id, 2, id, c.clock, c.started_at, extract(epoch FROM c.span)::bigint, 'natural', 0,
       c.started_at + c.span * 0.75, c.started_at + c.span,
       CASE WHEN c.met_at > c.started_at + c.span * 0.75 THEN c.started_at + c.span * 0.75 END,
       CASE WHEN c.met_at > c.started_at + c.span THEN c.started_at + c.span END, c.met_at
  FROM past p,
       LATERAL (VALUES ('review', filed_at, review_limit,
                        CASE WHEN rejected OR cancelled THEN reviewed_at ELSE coalesce(dispatched_at, ended_at) END),
                       ('arrival', dispatched_at, arrival_limit, p.started_at),
                       ('resolution', dispatched_at, resolution_limit, ended_at)) c (clock, started_at, span, met_at)
 WHERE c.started_at IS NOT NULL AND c.span IS NOT NULL
"""
RATINGS = """
INSERT INTO rating (id, operator_id, estate_id, ticket_id, closure, technician_id, score, aspects, tags, rated_by, rated_at)
SELECT gen_random_uuid(), operator_id, estate_id, id, 0, assignee_id, score, '{}', '[]', reporter_id, rated_at
  FROM past WHERE rated_at IS NOT NULL
"""
CLOSURES = """
INSERT INTO closure (id, operator_id, estate_id, ticket_id, closure, outcome, kind, category, problem, cause, urgency, unit_id,
                     technician_id, began_at, reviewed_at, dispatched_at, started_at, ended_at, limits, breached, score,
                     reopened, touched_at)
SELECT gen_random_uuid(), p.operator_id, p.estate_id, p.id, 0,
       CASE WHEN rejected THEN 'rejected' WHEN cancelled THEN 'cancelled' WHEN kind = 'repair' THEN 'completed' ELSE 'replied' END,
       kind, category, problem,
       CASE WHEN kind = 'repair' AND p.ended_at IS NOT NULL THEN cause END, urgency, unit_id, assignee_id, filed_at, reviewed_at,
       dispatched_at, p.started_at, coalesce(p.ended_at, reviewed_at), c.limits, c.breached,
       CASE WHEN rated_at IS NOT NULL THEN score END, false, now()
  FROM past p
  JOIN LATERAL (SELECT jsonb_object_agg(clock, target) AS limits,
                       coalesce(array_agg(clock::text ORDER BY clock) FILTER (WHERE breached_at IS NOT NULL), '{}') AS breached
                  FROM clock WHERE ticket_id = p.id) c ON true
 WHERE p.ended_at IS NOT NULL OR rejected OR cancelled
"""
TIMELINE = f"""
INSERT INTO audit (operator_id, estate_id, at, actor, action, subject_type, subject_id, version, changes, correlation_id)
SELECT operator_id, estate_id, at, actor, 'tickets.ticket.' || fact || '.v1', 'ticket', id, version, changes, '{CORRELATION}'
  FROM past,
       LATERAL (VALUES (1, filed_at, 'person/' || filed_by, 'submitted', '{{"state": [null, "submitted"]}}'::jsonb),
                       (2, CASE WHEN NOT rejected AND NOT cancelled THEN reviewed_at END, 'person/' || desk, 'reviewed',
                        '{{"state": ["submitted", "accepted"]}}'),
                       (2, CASE WHEN rejected THEN reviewed_at END, 'person/' || desk, 'rejected',
                        '{{"state": ["submitted", "rejected"]}}'),
                       (2, CASE WHEN cancelled THEN reviewed_at END, 'person/' || reporter_id, 'cancelled',
                        '{{"state": ["submitted", "cancelled"]}}'),
                       (3, dispatched_at, 'person/' || desk, 'dispatched', '{{"state": ["accepted", "dispatched"]}}'),
                       (4, started_at, 'person/' || assignee_id, 'started', '{{"state": ["dispatched", "started"]}}'),
                       (5, CASE kind WHEN 'repair' THEN ended_at END, 'person/' || assignee_id, 'completed',
                        '{{"state": ["started", "completed"]}}'),
                       (5, CASE WHEN kind <> 'repair' THEN ended_at END, 'person/' || desk, 'replied',
                        '{{"state": ["accepted", "replied"]}}'),
                       (6, rated_at, 'person/' || reporter_id, 'rated', '{{}}'),
                       (7, closed_at, 'system', 'closed', '{{"state": ["completed", "closed"]}}')
               ) step (version, at, actor, fact, changes)
 WHERE at IS NOT NULL
 ORDER BY filed_at, id, version
"""
FORGET = "DROP TABLE drawn, past, numbered"
