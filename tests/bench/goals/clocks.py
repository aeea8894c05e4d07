"""Goal 11b: many limits pass at one moment, and the clock says so of each."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from chassis.actor import SYSTEM
from services.tickets.jobs import clocks
from tests.bench import load, seed
from tests.bench.run import Run, Sample

DUE = 100_000
DATABASE = "tickets_clocks"
# A dispatcher in each estate for the ladder, and one running limit on each ticket, of which three quarters or all are gone.
FURNISHED = """
INSERT INTO staff SELECT {desk}, {operator}, 1, ARRAY['dispatcher@estate:' || {estate}], '{{}}', '[]'
  FROM generate_series(1, {estates}) n;
INSERT INTO clock (id, operator_id, estate_id, version, ticket_id, clock, started_at, target, counting, counted_by, warn_at, due_at)
  SELECT gen_random_uuid(), operator_id, estate_id, 1, id, 'review', now() - interval '1 day', 86400, 'natural', 0,
         now() - interval '6 hours', now() - interval '1 second' FROM ticket ORDER BY id LIMIT {count};
CREATE TABLE said_outbox (LIKE outbox);
CREATE TABLE said_audit (LIKE audit);
CREATE TABLE said_clock (LIKE clock);
"""
KEPT = """
TRUNCATE said_outbox, said_audit, said_clock;
INSERT INTO said_outbox SELECT * FROM outbox;
INSERT INTO said_audit SELECT * FROM audit;
INSERT INTO said_clock SELECT * FROM clock;
"""
AS_BEFORE = """
TRUNCATE outbox, audit;
UPDATE clock SET version = 1, warned_at = NULL, breached_at = NULL, escalate_at = NULL, level = NULL;
"""
# The same rows, by the least that PostgreSQL needs for them.
BARE = """
UPDATE clock SET version = said.version, warned_at = said.warned_at, breached_at = said.breached_at,
  escalate_at = said.escalate_at, level = said.level FROM said_clock said WHERE said.id = clock.id;
INSERT INTO outbox (id, shard, operator_id, estate_id, aggregate_type, aggregate_id, aggregate_version, routing_key, event)
  SELECT id, shard, operator_id, estate_id, aggregate_type, aggregate_id, aggregate_version, routing_key, event FROM said_outbox;
INSERT INTO audit (operator_id, estate_id, at, actor, action, subject_type, subject_id, version, changes, correlation_id)
  SELECT operator_id, estate_id, at, actor, action, subject_type, subject_id, version, changes, correlation_id FROM said_audit;
"""


def passing(run: Run) -> None:
    """11b: limits that pass or are warned of, each with its event, against bare UPDATE + INSERT of the same rows."""
    count = min(DUE, run.tickets)
    runtime = _furnished(run, count)
    for words, job in (("pass", clocks.flag_missed_limits), ("are warned of", clocks.warn_before_limits)):
        ours, bare = [], []
        for _ in range(run.repeats):
            ours.append(_by_the_job(run, runtime, job, count))
            bare.append(_by_itself(run, count))
            run.say(f"{words}: ours {ours[-1].rate:,.0f}/s, bare {bare[-1].rate:,.0f}/s")
        workload = f"{count:,} limits {words}"
        run.compare("11b", workload, "bare UPDATE + INSERT of the same rows", ours, bare, must=0.3, stretch=0.6)
    runtime.close()


def _furnished(run: Run, count: int):
    run.place.database("tickets", DATABASE)
    seed.fill(run.place, DATABASE, count)
    with run.place.owner("tickets", DATABASE) as database:
        seed.run(database, FURNISHED, count=count)
    return run.place.runtime("tickets", DATABASE)


def _by_the_job(run: Run, runtime, job: Callable, count: int) -> Sample:
    """As the clock runs it: batch after batch, a transaction each, until nothing is due."""
    _reset(run)
    began, spent, handled = time.perf_counter(), _cpu(run), 0
    while True:
        with runtime.work(SYSTEM, system=True) as work:
            batch = job(work)
        handled += batch
        if not batch:
            break
    taken, spent = time.perf_counter() - began, _cpu(run) - spent
    if handled != count:
        raise AssertionError(f"{handled} of {count} limits were found due at {datetime.now(UTC)}")
    with run.place.admin(DATABASE) as database:
        database.execute(KEPT)
    return Sample(handled, taken, spent)


def _by_itself(run: Run, count: int) -> Sample:
    _reset(run)
    with run.place.admin(DATABASE) as database:
        began, spent = time.perf_counter(), _cpu(run)
        with database.transaction():
            database.execute(BARE)
        return Sample(count, time.perf_counter() - began, _cpu(run) - spent)


def _cpu(run: Run) -> float:
    """Seconds that this process and PostgreSQL have had."""
    return time.process_time() + load.cpu_seconds(run.place.postgres.process.pid)


def _reset(run: Run) -> None:
    with run.place.admin(DATABASE) as database:
        database.execute(AS_BEFORE)
        database.execute("VACUUM (ANALYZE) clock")
        database.execute("CHECKPOINT")
