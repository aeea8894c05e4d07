"""`python -m tests.bench.profile`: where the milliseconds of one POST and one GET go, and each statement they send.

In one process, without a network: what remains is the service's own work and the database's.
"""

import cProfile
import io
import pstats
import re
import statistics
import sys
import time
from collections import defaultdict
from functools import cache

import psycopg

from chassis.http import create_app
from chassis.observe import configure_logging
from tests.bench import seed
from tests.bench.place import Place
from tests.bench.run import DESCRIPTION, Run

COUNT = 500
SHOWN = 45


class Statements:
    """Every statement of the driver's: how often, and how long it took; commits and first connections included.

    Only what begins a unit of work goes past it (`Work.become`).
    """

    def __init__(self, engine):
        self.seconds: dict[str, list[float]] = defaultdict(list)
        psycopg.Cursor.execute = self._timed(psycopg.Cursor.execute)
        for name in ("do_commit", "do_rollback", "do_ping"):
            self._time(engine.dialect, name)

    def _time(self, dialect, name: str) -> None:
        plain = getattr(dialect, name)

        def timed(*args):
            began = time.perf_counter()
            answer = plain(*args)
            self.seconds[name].append(time.perf_counter() - began)
            return answer

        setattr(dialect, name, timed)

    def _timed(self, plain):
        def execute(cursor, statement, *args, **options):
            began = time.perf_counter()
            answer = plain(cursor, statement, *args, **options)
            words = re.sub(r"\s+", " ", str(statement))
            short = words[:60] + (" … " + words[-70:] if len(words) > 130 else words[60:])
            self.seconds[short].append(time.perf_counter() - began)
            return answer

        return execute

    def told(self, requests: int) -> str:
        lines = [
            f"{len(each) / requests:5.2f} × {1000 * statistics.median(each):6.2f} ms  = {1000 * sum(each) / requests:6.2f} ms  {words}"
            for words, each in self.seconds.items()
        ]
        whole = 1000 * sum(map(sum, self.seconds.values())) / requests
        return "\n".join([*lines, f"together {whole:.2f} ms of waiting for the database per request"])


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    place = Place()
    try:
        run = Run(place, tickets=count)
        runtime = place.runtime("tickets", run.main)
        configure_logging("tickets", "web")
        app = create_app(runtime)
        statements = Statements(runtime.engine)
        client = app.test_client()
        for name, send in (("POST", _post), ("GET", _get)):
            _profiled(name, lambda number, send=send: send(client, number), statements)
    finally:
        place.close()


def _post(client, number: int):
    estate = seed.Estate(number % seed.ESTATES + 1)
    body = {"kind": "repair", "estate_id": str(estate.estate), "unit_id": str(estate.unit), "description": DESCRIPTION}
    return client.post("/api/tickets/v1/tickets", json=body, headers=_bearer(seed.owner_token, estate))


def _get(client, number: int):
    estate = seed.Estate(number % seed.ESTATES + 1)
    return client.get(
        f"/api/tickets/v1/tickets?estate_id={estate.estate}&limit=50", headers=_bearer(seed.desk_token, estate)
    )


@cache
def _bearer(make, estate) -> dict:
    return {"Authorization": f"Bearer {make(estate)}"}


def _profiled(name: str, send, statements: Statements) -> None:
    for number in range(seed.ESTATES):
        answer = send(number)
        assert answer.status_code in (200, 201), answer.data
    statements.seconds.clear()
    began, spent = time.perf_counter(), time.process_time()
    for number in range(COUNT):
        send(number)
    bare, own = (1000 * each / COUNT for each in (time.perf_counter() - began, time.process_time() - spent))
    print(
        f"\n## {name}: {bare:.2f} ms a request, {own:.2f} of them our own CPU time, without profiler\n", file=sys.stderr
    )
    print(statements.told(COUNT), file=sys.stderr)
    profile = cProfile.Profile()
    profile.enable()
    for number in range(COUNT):
        send(number)
    profile.disable()
    for order in ("cumulative", "tottime"):
        out = io.StringIO()
        pstats.Stats(profile, stream=out).sort_stats(order).print_stats(SHOWN)
        lines = [re.sub(r"\S*/(site-packages|tree|main)/", "", line) for line in out.getvalue().splitlines()]
        print(f"\n### {name} by {order}, {COUNT} requests\n", *lines[4:], sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main()
