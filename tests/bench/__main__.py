"""`python -m tests.bench --goals 1a 2a --repeats 3`, which `make bench` calls. See README.md."""

import argparse
import os
import signal
import sys

from deploy.local.words import Failed, complain
from tests.bench import packages, table
from tests.bench.goals import GOALS, growth
from tests.bench.place import Place
from tests.bench.run import Run

BUSY = 1.5  # load average above which figures mean nothing


def main() -> None:
    given = arguments()
    load = os.getloadavg()[0]
    if load > BUSY and not given.force:
        sys.exit(f"The load of this machine is {load:.1f}, above {BUSY}: wait until it is quiet, or say FORCE=1.")
    try:
        packages.ensure()
    except Failed as failure:
        complain(failure)
        sys.exit(1)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # either way, what was started is taken down again
    place = Place()
    try:
        run = Run(place, given.repeats, given.seconds, given.tickets, tuple(given.growth))
        for goal in given.goals:
            run.say(f"── {goal}: {GOALS[goal].__doc__.splitlines()[0].partition(': ')[2]}")
            GOALS[goal](run)
    finally:
        place.close()
    circumstances = {"load_at_start": load, "forced": load > BUSY, "repeats": given.repeats, "seconds": given.seconds}
    print("\n" + table.shown(run.results) + "\n")
    if run.growth:
        print(growth.drawn(run.growth) + "\n")
    if load > BUSY:
        print(f"FORCED: the load was {load:.1f} at the start. Do not quote these figures.")
    print(f"All of it: {table.kept(run.results, run.growth, circumstances)}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--goals", nargs="*", choices=list(GOALS), metavar="GOAL", default=list(GOALS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6, help="of each HTTP or pgbench measurement")
    parser.add_argument("--tickets", type=int, default=1_000_000, help="in the database of goals 1 and 2a")
    parser.add_argument("--growth", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--force", action="store_true", help="measure although the machine is busy, and say so")
    return parser.parse_args()


if __name__ == "__main__":
    main()
