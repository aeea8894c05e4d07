"""Goal 3: from the commit of a report to the commit of what it causes in a second service."""

import json
import queue
import statistics
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from chassis import amqp, servers
from tests.bench import bare, load, seed
from tests.bench.place import OURS as BIN
from tests.bench.place import Program
from tests.bench.run import Run
from tests.bench.table import AT_MOST, Result

OURS = "/api/tickets/v1/tickets"
DATABASE = "tickets_flow"
PROBES = 300
SENDERS = 16
PLACES = """
INSERT INTO estate SELECT {estate}, {operator}, 1, {region}, '邻里', 'Linli', 'Asia/Shanghai' FROM generate_series(1, {estates}) n;
INSERT INTO unit SELECT {unit}, {operator}, {estate}, 1, '1幢', '1' FROM generate_series(1, {estates}) n;
INSERT INTO person (id, operator_id, sequence, name, language) SELECT {owner}, {operator}, 1, '业主', 'zh-CN'
  FROM generate_series(1, {estates}) n;
"""
SAID = """SELECT o.id, extract(epoch FROM pg_xact_commit_timestamp(a.xid::xid)) FROM outbox o
  JOIN audit a ON a.subject_id = o.aggregate_id AND a.version = o.aggregate_version
  WHERE o.routing_key = 'tickets.ticket.submitted.v1' AND a.at > %s"""
CAUSED = """SELECT event_id, extract(epoch FROM pg_xact_commit_timestamp(xmin)) FROM message"""


def promptness(run: Run) -> None:
    """3: a report’s commit to the committed message in notify, at half of goal 1a’s rate."""
    web = _furnish(run)
    rate = load.wrk(web, run.reports(OURS), run.seconds)["rate"] / 2
    _empty(run)
    run.place.background("notify", "notify")
    found = {"ours": [], "floor": [], "poll": []}
    for _ in range(run.repeats):
        found["floor"].append(_floor(run))
        found["ours"].append(_flow(run, web, rate, _our_relay(run), run.flow_seconds))
        found["poll"].append(_flow(run, web, rate, _polling_relay(run), run.flow_seconds / 2))
        told = {side: _told(found[side][-1]) for side in ("ours", "poll")}
        run.say(f"at {rate:.0f}/s: ours {told['ours']}; floor {found['floor'][-1]:.1f} ms; poll {told['poll']}")
    p50, p99 = ([percentile(each, part) for each in found["ours"]] for part in (50, 99))
    polled = [percentile(each, 50) for each in found["poll"]]
    words = f"commit → effect, {rate:.0f}/s"
    floor = "floor: bare round trip + 2 commits"
    run.found(Result("3", f"{words}, p50", floor, "ms", p50, found["floor"], 4, 2.5, AT_MOST))
    run.found(Result("3", f"{words}, p99", floor, "ms", p99, found["floor"], 20, 10, AT_MOST))
    run.found(Result("3", f"{words}, p50", "relay polling each second (times better)", "ms", polled, p50, 20, 20))


# ── what runs ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _furnish(run: Run) -> str:
    """Tickets and notify with the same people and places. → the address of tickets."""
    place = run.place
    _ = place.rabbitmq
    place.database("tickets", DATABASE)
    seed.fill(place, DATABASE, 10_000)
    place.database("notify")
    with place.owner("notify", "notify") as database:
        seed.run(database, PLACES)
    return place.web("tickets", DATABASE)


def _our_relay(run: Run) -> Program:
    return run.place.background("tickets", DATABASE)


def _polling_relay(run: Run) -> Program:
    urls = [run.place.url("tickets", "system", DATABASE), run.place.amqp("tickets"), amqp.EVENTS]
    command = [BIN / "python", "-m", "tests.bench.plainrelays", "poll", *urls]
    return run.place.start(Program("polling relay", command, {}))


def _empty(run: Run) -> None:
    with run.place.admin(DATABASE) as database:
        database.execute("TRUNCATE outbox")


# ── the open loop ────────────────────────────────────────────────────────────────────────────────────────────────────


def _flow(run: Run, web: str, rate: float, relay: Program, seconds: float) -> list[float]:
    """Milliseconds from commit to commit of each report sent at this rate, whether or not answers keep up."""
    _send(web, run.reports(OURS), rate, 2)
    _until_heard(run, "1970-01-01")
    with run.place.admin(DATABASE) as database:
        began = database.execute("SELECT clock_timestamp()").fetchone()[0]
    _send(web, run.reports(OURS), rate, seconds)
    said, caused = _until_heard(run, began)
    run.place.stop(relay)
    return [1000 * float(caused[id] - at) for id, at in said.items()]


def _until_heard(run: Run, since) -> tuple[dict, dict]:
    """What was said since then and what it caused, by event, once nothing is missing."""

    def complete() -> bool:
        with run.place.admin(DATABASE) as tickets, run.place.admin("notify") as notify:
            found[:] = [dict(tickets.execute(SAID, [since]).fetchall()), dict(notify.execute(CAUSED).fetchall())]
        return found[0].keys() <= found[1].keys()

    found: list[dict] = [{}, {}]
    if not servers.comes_true(complete, 60):
        raise load.WentWrong(f"{len(found[0].keys() - found[1].keys())} of {len(found[0])} reports caused nothing")
    return found[0], found[1]


def _send(web: str, mix: Path, rate: float, seconds: float) -> None:
    """Reports at even intervals; a sender that is late is followed by others, so that the rate holds."""
    lines = [line.split("\t") for line in mix.read_text().splitlines()]
    due: queue.SimpleQueue = queue.SimpleQueue()
    failed: list[str] = []
    senders = [threading.Thread(target=_sender, args=(web, due, failed)) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    began = time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        due.put(lines[number % len(lines)])
    for _ in senders:
        due.put(None)
    for sender in senders:
        sender.join()
    if failed:
        raise load.WentWrong(f"{len(failed)} reports were refused: {failed[0]}")


def _sender(web: str, due: queue.SimpleQueue, failed: list[str]) -> None:
    http = HTTPConnection(urlsplit(web).netloc, timeout=30)
    while line := due.get():
        method, path, token, body = line
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        http.request(method, path, body.encode(), headers)
        answer = http.getresponse()
        told = answer.read()
        if answer.status != 201:
            failed.append(told.decode())
    http.close()


# ── the floor ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _floor(run: Run) -> float:
    """p50 of a bare publish–confirm–consume–acknowledge, and twice the p50 of a commit, in milliseconds."""
    with run.place.admin(DATABASE) as database:
        event = database.execute("SELECT event::text FROM outbox LIMIT 1").fetchone()
        body = (event[0] if event else json.dumps({"filler": "x" * 1500})).encode()
        database.execute("CREATE TABLE IF NOT EXISTS bench_commit (id bigserial PRIMARY KEY, words text)")
        commits = []
        for _ in range(PROBES):
            began = time.perf_counter()
            database.execute("INSERT INTO bench_commit (words) VALUES ('x')")
            commits.append(time.perf_counter() - began)
    bare.declare(run.place.amqp_admin, "amq.topic", ["bench.floor"], "bench.floor")
    trips = bare.round_trips(run.place.amqp_admin, "bench.floor", body, PROBES)
    return 1000 * (statistics.median(trips) + 2 * statistics.median(commits))


def percentile(figures: list[float], part: int) -> float:
    return statistics.quantiles(figures, n=100, method="inclusive")[part - 1]


def _told(figures: list[float]) -> str:
    return f"p50 {percentile(figures, 50):.1f} p99 {percentile(figures, 99):.1f} ms of {len(figures)}"
