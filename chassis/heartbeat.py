"""Who is alive: each process of a role writes a row every few seconds, and whoever asks reads the rows.

A row in the service's own database works alike on one machine and in many containers. It says how fast the role works
and what it lacks. A loop that no longer turns is not alive, though its process may be: it is told apart by `turn`.
"""

import threading
import time
from collections import Counter
from dataclasses import dataclass

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from chassis import VERSION
from chassis.runtime import process_name

log = structlog.get_logger(__name__)
EVERY = 5.0  # seconds
MISSED = 20  # seconds without a row's renewal after which the process is away
BACKGROUND = ("worker", "relay", "clock")
ROLES = ("web", *BACKGROUND)

WRITE = text("""
    INSERT INTO heartbeat (process, role, version, started_at, seen_at, rate, lacks)
    VALUES (:process, :role, :version, clock_timestamp(), clock_timestamp(), :rate, :lacks)
    ON CONFLICT (process) DO UPDATE SET seen_at = excluded.seen_at, rate = excluded.rate, lacks = excluded.lacks""")
FORGET = text("DELETE FROM heartbeat WHERE process = ANY (:processes)")
LOOK = text("""
    SELECT process, role, version, rate, lacks, extract(epoch FROM clock_timestamp() - started_at)::float8 AS age,
    extract(epoch FROM clock_timestamp() - seen_at)::float8 AS silent FROM heartbeat ORDER BY role, process""")


@dataclass(frozen=True)
class Beat:
    """One process as it was last seen. `rate` is things a second; `age` and `silent` are seconds."""

    process: str
    role: str
    version: str
    rate: float
    lacks: str
    age: float
    silent: float

    @property
    def fresh(self) -> bool:
        return self.silent <= MISSED


class Heart(threading.Thread):
    """Writes the rows of one process's roles until it is stopped. A database that is away, or a disk that is full under the
    figures, costs beats, and nothing else."""

    def __init__(self, runtime, roles, *, each_time=lambda: None):
        super().__init__(name="heartbeat", daemon=True)
        self.runtime = runtime
        self.names = {role: process_name(role) for role in roles}
        self.each_time = each_time
        self.over = threading.Event()
        self.counted: Counter[str] = Counter()
        self.last = time.monotonic()

    def run(self) -> None:
        missed = False
        while not self.over.is_set():
            try:
                self.beat()
                missed = False
            except (SQLAlchemyError, OSError) as error:
                if not missed:
                    log.warning("heartbeat.missed", reason=type(error).__name__)
                missed = True
            self.over.wait(EVERY)

    def beat(self) -> None:
        self.each_time()
        now, done = time.monotonic(), Counter(self.runtime.pulse.done)
        seconds = max(now - self.last, 0.001)
        rows = [
            {
                "process": name,
                "role": role,
                "version": VERSION,
                "rate": (done[role] - self.counted[role]) / seconds,
                "lacks": self.runtime.pulse.lack(role),
            }
            for role, name in self.names.items()
        ]
        self.last, self.counted = now, done
        with self.runtime.transaction() as session:
            session.execute(WRITE, rows)

    def stop(self) -> None:
        """An end that was meant is told, so that nobody looks for the process."""
        self.over.set()
        self.join(10)
        try:
            with self.runtime.transaction() as session:
                session.execute(FORGET, {"processes": list(self.names.values())})
        except SQLAlchemyError as error:
            log.warning("heartbeat.not_ended", reason=type(error).__name__)


def look(session) -> list[Beat]:
    """All processes of this service that were seen within the last hour."""
    return [Beat(**row) for row in session.execute(LOOK).mappings()]


def missing(beats: list[Beat]) -> list[str]:
    """What the service's other roles lack: `relay` when none is alive, `broker` when one that is cannot reach it."""
    fresh = [beat for beat in beats if beat.fresh]
    alive = {beat.role for beat in fresh if beat.lacks != "progress"}
    wanted = {beat.lacks for beat in fresh} - {"", "progress"}
    return [role for role in BACKGROUND if role not in alive] + sorted(wanted)
