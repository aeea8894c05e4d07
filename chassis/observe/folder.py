"""Where the workers of one web server keep their counts, so that a scrape of one of them tells of all.

prometheus_client decides when it is imported whether figures live in memory or in files; a server decides later, when it
knows that it is one. No figure exists before that: all have labels.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest, values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

NAME = "PROMETHEUS_MULTIPROC_DIR"
SUMMED = ("counter", "histogram")
ENDED = "ended"  # the counts of all workers that are no more


def keep() -> None:
    """Count in files from now on: in the folder of that name, or a new one. Counts of an earlier server go."""
    if NAME not in os.environ:
        os.environ[NAME] = tempfile.mkdtemp(prefix="linli-figures-")
    values.ValueClass = values.MultiProcessValue()
    folder = Path(os.environ[NAME])
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink()


def drop() -> None:
    """At the end of the server."""
    if NAME in os.environ:
        shutil.rmtree(os.environ[NAME], ignore_errors=True)


def together() -> bytes | None:
    """The counts of all workers, as Prometheus reads them; None where each process keeps its own."""
    if NAME not in os.environ:
        return None
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    with _undisturbed(fcntl.LOCK_SH):
        return generate_latest(registry)


def bury(pid: int) -> None:
    """A worker is no more: its counts go to those of the ended, so that the folder does not grow with each that dies."""
    mark_process_dead(pid)
    with _undisturbed(fcntl.LOCK_EX):
        for kind in SUMMED:
            left = Path(os.environ[NAME], f"{kind}_{pid}.db")
            if left.exists():
                _add(left, left.with_name(f"{kind}_{ENDED}.db"))
                left.unlink()


def _add(left: Path, sum: Path) -> None:
    all = MmapedDict(str(sum))
    for key, value, _, _ in MmapedDict.read_all_values_from_file(str(left)):
        all.write_value(key, all.read_value(key)[0] + value, 0.0)
    all.close()


@contextmanager
def _undisturbed(how: int) -> Iterator[None]:
    """No scrape counts a worker's figures twice while they are moved."""
    with open(Path(os.environ[NAME], "lock"), "a") as lock:
        fcntl.flock(lock, how)
        yield
