"""A thousand limits in one statement: told as one is told, once, and not by half."""

import os
import signal
from dataclasses import dataclass, fields
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm.exc import StaleDataError

from chassis import jobs, tables
from chassis.actor import SYSTEM
from chassis.events import dump, load
from chassis.moving import Moved
from chassis.runtime import Runtime
from services.tickets import events
from services.tickets.jobs import clocks
from services.tickets.model import Clock
from services.tickets.queries import running
from services.tickets.tests.test_jobs import BREACHED, ESCALATED, WARNED


def due_reviews(garden, count=3):
    """Reports whose review is due now."""
    reports = [garden.report(place="3栋大堂") for _ in range(count)]
    garden.tickets.clock.advance(hours=24)
    return reports


def run(garden, job):
    with garden.tickets.runtime.work(SYSTEM, system=True) as work:
        return job(work)


def test_what_is_said_of_many_is_what_one_would_say_of_itself(garden):
    """The event put together in SQL, against the entity's own words for the state it is in now."""
    garden.report(unit_id=str(garden.home), category="PLB", problem="leak", urgency="urgent")
    garden.tickets.clock.advance(hours=24)
    run(garden, clocks.flag_missed_limits)
    (said,) = garden.tickets.said(BREACHED)

    with garden.tickets.work() as work:
        clock = work.scalar(select(Clock))
        facts = {
            f.name: getattr(clock if hasattr(clock, f.name) else clock.ticket, f.name)
            for f in fields(events.ClockState)
        }
        own = events.ClockBreached(**facts)

    assert load(events.ClockBreached, said.data) == own
    assert said.data.keys() == dump(own).keys()
    (started,) = garden.tickets.said("tickets.clock.started.v1")
    assert (said.subject, said.source, said.operator_id, said.estate_id) == (
        started.subject, started.source, started.operator_id, started.estate_id,
    )  # fmt: skip
    assert (said.sequence, said.actor, said.time) == (2, "system", garden.tickets.clock.now())


def test_the_audit_record_tells_before_and_after(garden):
    due_reviews(garden, 1)
    run(garden, clocks.flag_missed_limits)

    with garden.tickets.work() as work:
        row = work.execute(select(tables.audit).where(tables.audit.c.action == BREACHED)).one()
    assert row.changes == {
        "breached_at": [None, "2026-11-24T01:00:00+00:00"],
        "escalate_at": [None, "2026-11-24T01:00:00+00:00"],
    }
    assert (row.subject_type, row.version, row.actor) == ("clock", 2, "system")


def test_a_row_that_changed_since_it_was_read_is_not_overwritten(garden):
    due_reviews(garden, 1)
    with pytest.raises(StaleDataError), garden.tickets.runtime.work(SYSTEM, system=True) as work:
        (row,) = running.due(work, Clock.to_breach(work.now), Clock.due_at, [Clock.breached_at])
        older = SimpleNamespace(**{**row._mapping, "version": 0})
        news = {"breached_at": work.now, "title_zh": "", "title_en": ""}
        work.move_many(Clock, events.ClockBreached, running.TELLING, [Moved(older, news)])

    assert garden.tickets.said(BREACHED) == []


def test_a_field_that_nothing_says_is_found_out(garden):
    @dataclass(frozen=True, kw_only=True)
    class Forgetful(events.ClockState):
        weather: str

    Forgetful.__event__ = events.ClockBreached.__event__

    due_reviews(garden, 1)
    with pytest.raises(TypeError, match="weather"), garden.tickets.runtime.work(SYSTEM, system=True) as work:
        (row,) = running.due(work, Clock.to_breach(work.now), Clock.due_at, [Clock.breached_at])
        news = {"breached_at": work.now, "title_zh": "", "title_en": ""}
        work.move_many(Clock, Forgetful, running.TELLING, [Moved(row, news)])


def test_kill_9_in_a_batch_leaves_nothing_half_done(garden):
    """The process ends after all was written and before it was committed; who comes after says each thing once."""
    due_reviews(garden, 5)
    killed_in(garden, "before_commit_of_flag_missed_limits")

    with garden.tickets.work() as work:
        assert work.scalar(select(func.count()).select_from(Clock).where(Clock.breached_at.is_not(None))) == 0
    assert garden.tickets.said(BREACHED) == []
    assert len(garden.tickets.said(WARNED)) == 5  # a job before it had committed its own

    garden.tickets.clock.advance(seconds=20)
    garden.tickets.tick()
    assert [len(garden.tickets.said(type)) for type in (WARNED, BREACHED, ESCALATED)] == [5, 5, 5]


def killed_in(garden, place: str) -> None:
    """Another process runs what is due, until the failpoint kills it."""
    pid = os.fork()
    if pid == 0:
        os.environ["FAIL_AT"] = place
        try:
            ours = garden.tickets.runtime
            jobs.run_due(Runtime(ours.service, ours.settings, garden.tickets.clock))
        finally:
            os._exit(1)  # it came through, which the parent does not expect
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL
