"""Door 3, the clock: functions that find what is due and do it. Limits are due columns in the database, so that they
can be looked at, changed and tested; a job that runs twice, or late, or beside itself, does each thing once.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from chassis import inbox, tables
from chassis.actor import SYSTEM
from chassis.failpoint import failpoint
from chassis.observe import figures
from chassis.work import BATCH

log = structlog.get_logger(__name__)
runs = tables.job_run
LOOK = 0.5  # seconds between two looks at what is due
TURN = 60  # seconds after which a job with work left lets the others go first


@dataclass(frozen=True)
class Job:
    """A function of the clock. With `own_transactions` it gets the runtime and opens its units of work itself."""

    function: Callable
    period: timedelta
    own_transactions: bool = False

    @property
    def name(self) -> str:
        return self.function.__name__


def every(*, seconds: float = 0, minutes: float = 0, hours: float = 0, own_transactions: bool = False):
    """Run the function at this period. It returns how many things it handled; a full batch is followed by the next at once."""
    period = timedelta(seconds=seconds, minutes=minutes, hours=hours)

    def mark(function):
        function.__job__ = Job(function, period, own_transactions)
        return function

    return mark


def jobs_in(module) -> list[Job]:
    """The jobs of a module or package; those of one file in the order they stand there, in which they run."""
    found = [thing.__job__ for thing in vars(module).values() if hasattr(thing, "__job__")]
    return sorted(found, key=lambda job: (job.function.__module__, job.function.__code__.co_firstlineno))


def run_due(runtime) -> dict[str, int]:
    """Run every job that is due at the runtime's clock, to the end of its backlog or its turn. → {job: things handled}"""
    due = _due_names(runtime)
    return {job.name: _run(runtime, job) for job in runtime.service.jobs if job.name in due}


def run(runtime, stop: threading.Event) -> None:
    """The clock role: look, run, rest. A database that is away is waited for; a job that fails is logged and tried next time."""
    while not stop.is_set():
        runtime.pulse.turn("clock")
        try:
            run_due(runtime)
        except (OperationalError, InterfaceError) as error:
            log.warning("clock.database_away", reason=inbox.reason_of(error))
            stop.wait(5)
        stop.wait(LOOK)


def _due_names(runtime) -> set[str]:
    now = runtime.clock.now()
    with runtime.transaction(system=True) as session:
        planned = dict(session.execute(select(runs.c.job, runs.c.due_at)).all())
        fresh = [{"job": job.name, "due_at": now} for job in runtime.service.jobs if job.name not in planned]
        if fresh:
            session.execute(insert(runs).values(fresh).on_conflict_do_nothing())
    return {job.name for job in runtime.service.jobs if planned.get(job.name, now) <= now}


def _run(runtime, job: Job) -> int:
    started, handled, turn_ends = runtime.clock.now(), 0, time.monotonic() + TURN
    next_at = started + job.period
    try:
        while True:
            batch = _by_itself(runtime, job) if job.own_transactions else _in_one_transaction(runtime, job)
            if batch is None:
                return handled  # another clock is at it
            handled += batch
            if batch < BATCH:
                break
            if time.monotonic() >= turn_ends:
                next_at = started
                break
    except Exception as error:
        if isinstance(error, OperationalError | InterfaceError) and not inbox.answers(runtime):
            raise  # the database is away; a statement that took too long is the job's own failure, and others go on
        reason = inbox.reason_of(error)
        secretive = isinstance(error, DBAPIError)  # its text repeats the values of the row
        log.error("job.failed", job=job.name, reason=reason, exc_info=None if secretive else error)
        _note(runtime, job, started, next_at, handled, reason)
        return handled
    _note(runtime, job, started, next_at, handled, None)
    return handled


def _in_one_transaction(runtime, job: Job) -> int | None:
    with runtime.work(SYSTEM, system=True) as work:
        mine = select(runs.c.job).where(runs.c.job == job.name).with_for_update(skip_locked=True)
        if work.scalar(mine) is None:
            return None
        handled = job.function(work) or 0
        work.session.flush()
        failpoint(f"before_commit_of_{job.name}")
        return handled


def _by_itself(runtime, job: Job) -> int | None:
    with runtime.system_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = {"key": f"job:{job.name}"}
        if not connection.scalar(text("SELECT pg_try_advisory_lock(hashtext(:key))"), key):
            return None
        try:
            return job.function(runtime) or 0
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtext(:key))"), key)


def _note(runtime, job: Job, started: datetime, next_at: datetime, handled: int, error: str | None) -> None:
    ended = runtime.clock.now()
    seconds = max((ended - started).total_seconds(), 0)
    figures.job.labels(runtime.service.name, job.name, "failed" if error else "done").observe(seconds)
    runtime.pulse.did("clock")
    with runtime.transaction(system=True) as session:
        session.execute(
            update(runs)
            .where(runs.c.job == job.name)
            .values(
                due_at=next_at,
                started_at=started,
                finished_at=ended,
                handled=handled,
                last_error=error,
            )
        )
