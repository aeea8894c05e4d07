"""Goal 1: filing a ticket over HTTP, against peers, against the database alone, and through the gateway."""

from pathlib import Path

from tests.bench import load, seed
from tests.bench.goals import sameness
from tests.bench.place import HOME
from tests.bench.run import DESCRIPTION, Run

OURS = "/api/tickets/v1/tickets"
SAME = {"must": 1.5, "stretch": 2.5}
PART = {
    "note": "the peers’ “3 rows” are a part of what ours writes (ticket, words, clock, number, 2 events, 2 audit rows)"
}


def peers(run: Run) -> None:
    """1a: the real service, and peers that do all it does; then peers that write the goal's three rows only."""
    twins = {kind: run.place.twin(kind, run.main, run.titles) + "/tickets" for kind in ("drf", "fastapi")}
    sameness.hold(run, {"ours": run.ours + OURS, **twins})
    sides = {"ours": ours(run)}
    for name in ("DRF", "FastAPI"):
        for work, path in (("same work", "/tickets"), ("3 rows", "/rows")):
            sides[f"{name}, {work}"] = run.twin(name.lower(), run.reports(path))
    found = run.in_turn(sides)
    for side in list(sides)[1:]:
        run.compare("1a", "POST ticket", side, found["ours"], found[side], **(SAME if "same" in side else PART))


def limit(run: Run) -> None:
    """1b: against pgbench writing the same rows in one statement."""
    found = run.in_turn(
        {"ours": ours(run), "pgbench": run.database(run.place.url("tickets", "system", run.main), _script(run))}
    )
    run.compare("1b", "POST ticket", "pgbench, same rows in one statement", *found.values(), must=0.12, stretch=0.25)


def gateway(run: Run) -> None:
    """1c: through nginx with the edge's configuration, against the service itself."""
    reports = run.reports(OURS)
    found = run.in_turn({"via": run.http(run.place.edge(run.ours), reports, run.web), "direct": ours(run)})
    run.compare("1c", "POST ticket through nginx", "direct", *found.values(), must=0.95, stretch=1.0)


def ours(run: Run):
    return run.http(run.ours, run.reports(OURS), run.web)


# The rows of one report as the service writes them: the events and changes, and what the words propose, are those of a real one.
# Its words to search by, and the ticket's next due moment, are written by the same triggers.
ONE_STATEMENT = """\\set n random(1, {estates})
WITH ids AS (SELECT gen_random_uuid() AS ticket, gen_random_uuid() AS clock, {estate} AS estate, {unit} AS unit, {owner} AS owner),
pen AS (UPDATE pen SET next = next + 16 WHERE id = (SELECT pen.id FROM pen, ids WHERE estate_id = ids.estate AND year = {year}
        ORDER BY next LIMIT 1 FOR UPDATE OF pen SKIP LOCKED) RETURNING next),
filed AS (INSERT INTO ticket (id, operator_id, estate_id, version, number, kind, state, unit_id, channel, reporter_id, filed_by,
          complained_of, description, urgency, proposed, reopened, filed_at)
    SELECT ids.ticket, {operator}, ids.estate, 1, 'P' || ids.ticket, 'repair', 'submitted', ids.unit, 'portal', ids.owner, ids.owner,
          '{{}}', '{description}', 'normal', (SELECT proposed::jsonb FROM bench_sample WHERE kind = 'ticket'), 0, now()
    FROM ids, pen RETURNING id),
wound AS (INSERT INTO clock (id, operator_id, estate_id, version, ticket_id, clock, started_at, target, counting, counted_by, warn_at,
    due_at)
    SELECT ids.clock, {operator}, ids.estate, 1, ids.ticket, 'review', now(), 86400, 'natural', 0,
    now() + interval '18 hours', now() + interval '1 day'
    FROM ids, filed),
told AS (INSERT INTO outbox (id, shard, operator_id, estate_id, aggregate_type, aggregate_id, aggregate_version, routing_key, event)
    SELECT gen_random_uuid(), 1, {operator}, ids.estate, s.kind, CASE s.kind WHEN 'ticket' THEN ids.ticket ELSE ids.clock END, 1,
          s.type, s.event::jsonb FROM ids, filed, bench_sample s)
INSERT INTO audit (operator_id, estate_id, at, actor, action, subject_type, subject_id, version, changes, correlation_id)
    SELECT {operator}, ids.estate, now(), 'person/' || ids.owner, s.type, s.kind, CASE s.kind WHEN 'ticket' THEN ids.ticket
          ELSE ids.clock END, 1, s.changes::jsonb, ids.ticket::text FROM ids, filed, bench_sample s;
"""
SAMPLE = """
CREATE TABLE IF NOT EXISTS bench_sample (kind text, type text, event text, changes text, proposed text);
TRUNCATE bench_sample;
INSERT INTO bench_sample SELECT o.aggregate_type, o.routing_key, o.event::text, a.changes::text, t.proposed::text
  FROM (SELECT * FROM outbox ORDER BY seq DESC LIMIT 2) o
  JOIN audit a ON a.subject_id = o.aggregate_id AND a.version = o.aggregate_version
  LEFT JOIN ticket t ON t.id = o.aggregate_id;
GRANT SELECT ON bench_sample TO tickets_system;
"""


def _script(run: Run) -> Path:
    load.wrk(run.ours, run.reports(OURS), 1)
    with run.place.admin(run.main) as database:
        database.execute(SAMPLE)
        found = database.execute("SELECT count(*), min(kind), max(kind) FROM bench_sample").fetchone()
    if found != (2, "clock", "ticket"):
        raise load.WentWrong(f"the last report left {found} in outbox and audit")
    from_n = {what: seed.sql_id(what, ":n") for what in ("estate", "unit", "owner")}
    text = ONE_STATEMENT.format(
        **from_n, estates=seed.ESTATES, operator=f"'{seed.OPERATOR}'::uuid", year=seed.YEAR, description=DESCRIPTION
    )
    script = HOME / "report.sql"
    script.write_text(text)
    return script
