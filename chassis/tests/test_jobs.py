"""The clock: what is due is done once, late or beside itself; what fails is noted and tried again."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete, select, text, update

from chassis import audit, jobs, tables
from chassis.ids import new_id
from chassis.tests.kites.model import Kite

HY, E1 = new_id(), new_id()


def due_kite(kites):
    with kites.work() as work:
        return work.add(Kite.build(operator_id=HY, estate_id=E1, colour="red", check_due=work.now + timedelta(hours=1)))


def test_a_job_does_what_is_due_and_only_once(kites):
    due_kite(kites)

    kites.tick()
    assert len(kites.said("kites.kite.flown.v1")) == 0
    kites.clock.advance(hours=1)
    kites.tick()
    kites.tick()

    assert len(kites.said("kites.kite.flown.v1")) == 1
    assert kites.said("kites.kite.flown.v1")[0].actor == "system"


def test_a_job_that_fails_leaves_nothing_half_done_and_says_why(kites):
    due_kite(kites)
    flying = due_kite(kites)
    with kites.work() as work:
        work.take(Kite, flying.id).fly()

    kites.clock.advance(hours=1)
    kites.tick()

    assert len(kites.said("kites.kite.flown.v1")) == 1  # the test's own
    with kites.work() as work:
        error = work.scalar(select(tables.job_run.c.last_error).where(tables.job_run.c.job == "fly_due_kites"))
    assert error.startswith("A kite that is flying")


def test_a_job_whose_statement_takes_too_long_holds_up_no_other(kites, monkeypatch):
    first = kites.service.jobs[0]

    def endless(work):
        work.execute(text("SET LOCAL statement_timeout = 1"))
        work.execute(text("SELECT pg_sleep(1)"))

    monkeypatch.setattr(kites.service, "jobs", [replace(first, function=endless), *kites.service.jobs[1:]])
    due_kite(kites)
    kites.clock.advance(minutes=1)

    ran = kites.tick()

    assert set(ran) == {"endless", *(job.name for job in kites.service.jobs[1:])}
    with kites.work() as work:
        assert audit.unsealed(work.session) == 0
        error = work.scalar(select(tables.job_run.c.last_error).where(tables.job_run.c.job == "endless"))
    assert error.startswith("QueryCanceled")


def test_a_job_with_much_to_do_takes_turns_with_the_others(kites, monkeypatch):
    monkeypatch.setattr(jobs, "TURN", 0)
    first = kites.service.jobs[0]
    monkeypatch.setattr(kites.service, "jobs", [replace(first, function=lambda work: jobs.BATCH)])

    ran = [kites.tick(), kites.tick()]

    assert ran == [{"<lambda>": jobs.BATCH}] * 2


def test_the_audit_chain_is_sealed_each_minute_and_breaks_when_a_row_is_changed(kites):
    for _ in range(2):
        due_kite(kites)
        kites.clock.advance(minutes=1)
        kites.tick()

    with kites.work() as work:
        assert audit.verify(work.session) == [] and audit.unsealed(work.session) == 0
        assert work.scalars(select(tables.audit_seal.c.number).order_by("number")) == [1, 2]
    assert [e.data["number"] for e in kites.said("kites.audit.sealed.v1")] == [1, 2]

    kites._admin.execute("UPDATE audit SET actor = 'person/somebody-else' WHERE seq = (SELECT min(seq) FROM audit)")
    with kites.work() as work:
        assert len(audit.verify(work.session)) == 1


def test_what_is_not_sent_is_never_swept(kites):
    due_kite(kites)
    due_kite(kites)
    with kites.work() as work:
        first = work.scalar(select(tables.outbox.c.seq).order_by("seq").limit(1))
        work.execute(update(tables.outbox).where(tables.outbox.c.seq == first).values(sent_at=work.now))

    kites.clock.advance(days=8)
    kites.tick()

    with kites.work() as work:
        assert work.scalars(select(tables.outbox.c.routing_key).where(tables.outbox.c.sent_at.is_not(None))) == []
        assert work.scalar(text("SELECT count(*) FROM outbox WHERE routing_key = 'kites.kite.built.v1'")) == 1


def test_the_audit_record_cannot_be_changed_even_by_the_system(kites):
    import pytest
    from sqlalchemy.exc import DBAPIError

    due_kite(kites)

    with pytest.raises(DBAPIError, match="permission denied"), kites.work() as work:
        work.execute(delete(tables.audit))
