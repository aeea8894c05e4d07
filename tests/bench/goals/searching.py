"""Goal 11a: every list, search and analysis of tickets, as tickets grow from ten thousand to as many as the run has."""

import statistics
import time
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

from services.tickets.jobs import count_months
from tests.bench import seed
from tests.bench.goals.lists import OURS
from tests.bench.run import Run
from tests.bench.table import AT_MOST, Result

SMALL = 10_000
ASKED = 60  # times each question is asked of each size in a repeat, in turn
ROOT = OURS.removesuffix("/tickets")
MONTH = f"{seed.YEAR}-10"
# What the seed leaves out: a review limit for each ticket, one in ten missed, and the end of what has ended.
LIMITS = """
INSERT INTO clock (id, operator_id, estate_id, version, ticket_id, clock, started_at, target, counting, counted_by, warn_at, due_at,
                   breached_at, met_at)
SELECT gen_random_uuid(), operator_id, estate_id, 1, id, 'review', filed_at, 86400, 'natural', 0, filed_at + interval '18 h',
       filed_at + interval '24 h', CASE WHEN hashtext(id::text) % 10 = 0 THEN filed_at + interval '24 h' END,
       CASE WHEN state <> 'submitted' THEN filed_at + interval '25 h' END
  FROM ticket WHERE NOT EXISTS (SELECT FROM clock WHERE ticket_id = ticket.id)
"""
ENDS = """
INSERT INTO closure (id, operator_id, estate_id, ticket_id, closure, outcome, kind, category, urgency, unit_id, technician_id,
                     began_at, reviewed_at, dispatched_at, started_at, ended_at, limits, breached, reopened, touched_at)
SELECT gen_random_uuid(), operator_id, estate_id, id, 0, 'completed', kind, category, urgency, unit_id, assignee_id, filed_at,
       filed_at + interval '1 h', filed_at + interval '2 h', filed_at + interval '4 h', filed_at + interval '5 h',
       '{"review": 86400}', '{}', false, filed_at
  FROM ticket WHERE state = 'closed'
  ON CONFLICT DO NOTHING
"""


def questions() -> dict[str, tuple[str, str]]:
    """name → (path, token)."""
    estate = seed.estates()[0]
    desk, head, technician = seed.desk_token(estate), seed.head_token(), seed.technician_token(estate)
    words = quote("水管 漏水")
    return {
        "list of an estate": (f"{OURS}?estate_id={estate.estate}&limit=50", desk),
        "list of the operator": (f"{OURS}?limit=50", head),
        "open ones of an estate": (f"{OURS}?estate_id={estate.estate}&open=true&limit=50", desk),
        "by category": (f"{OURS}?estate_id={estate.estate}&category=PLB&limit=50", desk),
        "a technician's own": (f"{OURS}?mine=true&limit=50", technician),
        "words in an estate": (f"{OURS}?estate_id={estate.estate}&q={words}&limit=50", desk),
        "words in the operator": (f"{OURS}?q={words}&limit=50", head),
        "my work by urgency": (f"{ROOT}/my-work?limit=50", technician),
        "board of an estate": (f"{ROOT}/estates/{estate.estate}/board", desk),
        "what runs out": (f"{ROOT}/due-soon?limit=50", head),
        "missed limits": (f"{ROOT}/breaches?limit=50", head),
        "a month of the operator": (f"{ROOT}/analysis?month={MONTH}", head),
        "a month's estates": (f"{ROOT}/analysis/estates?month={MONTH}&limit=50", head),
    }


def growth(run: Run) -> None:
    """11a: p95 of each question at the run's size against ten thousand tickets."""
    small, large = (_served(run, count) for count in (SMALL, run.tickets))
    for name, (path, token) in questions().items():
        pairs = [_p95s((small, large), path, token) for _ in range(run.repeats)]
        few, many = ([pair[side] for pair in pairs] for side in (0, 1))
        words = f"{name}, {run.tickets:,}"
        run.found(Result("11a", words, f"{SMALL:,}", "ms p95", many, few, 1.3, 1.1, AT_MOST))


def _served(run: Run, count: int) -> str:
    """The address of a service over so many tickets, whose months are counted."""
    dbname = run.tickets_database(count)
    with run.place.owner("tickets", dbname) as database:
        for statement in (LIMITS, ENDS, "ANALYZE"):
            database.execute(statement)
    with closing(run.place.runtime("tickets", dbname)) as runtime:
        count_months(runtime)
    return run.place.web("tickets", dbname)


def _p95s(addresses: tuple[str, str], path: str, token: str) -> tuple[float, ...]:
    """Milliseconds; the sides asked in turn, one question at a time."""
    lines = [HTTPConnection(urlsplit(address).netloc, timeout=30) for address in addresses]
    taken: list[list[float]] = [[] for _ in lines]
    for turn in range(ASKED + 5):
        for line, times in zip(lines, taken, strict=True):
            began = time.perf_counter()
            line.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = line.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
            if turn >= 5:  # the first ones warm up
                times.append(1000 * (time.perf_counter() - began))
    for line in lines:
        line.close()
    return tuple(statistics.quantiles(times, n=20)[18] for times in taken)
