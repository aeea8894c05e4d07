"""Goal 2c: turning fifty tickets into JSON, by the door's compiled function and by marshmallow itself."""

import json
import time
from contextlib import closing

from chassis.actor import SYSTEM
from chassis.dumping import to_json
from chassis.http import create_app, doors
from tests.bench import load, seed
from tests.bench.run import Run, Sample


def compiled(run: Run) -> None:
    """2c: the list’s answer of fifty lines, byte for byte the same."""
    with closing(run.place.runtime("tickets", run.main)) as runtime, runtime.work(SYSTEM, system=True) as work:
        door = doors(create_app(runtime))["tickets.list_tickets"]
        shape = door.marks.answer()
        page = door.function(work, query={"estate_id": seed.estates()[0].estate, "limit": 50, "after": None})
        ours, plain = (lambda: to_json(door.dump(page))), (lambda: _plain(shape.dump(page)))
        if ours() != plain() or len(page.items) != 50:
            raise load.WentWrong("the compiled dump of fifty tickets is not what marshmallow gives")
        found = run.in_turn({"compiled": _timed(ours), "marshmallow": _timed(plain)})
    run.compare("2c", "dump 50 of a list", "marshmallow + json", *found.values(), must=10, stretch=20)


def _plain(dumped) -> bytes:
    return json.dumps(dumped, ensure_ascii=False, separators=(",", ":")).encode()


def _timed(function):
    """As often as fits into a tenth of the time: in one thread, and steadily."""

    def sample(seconds: float) -> Sample:
        began, used, count = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - began < seconds / 10:
            function()
            count += 1
        return Sample(count, time.perf_counter() - began, time.process_time() - used)

    return sample
