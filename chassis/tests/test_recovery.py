"""The instant of a backup, and what a restored database mends before anything runs in it."""

from datetime import timedelta
from threading import Thread

import psycopg
import pytest
from sqlalchemy import func, select, text

from chassis import audit, recovery, relay, tables
from chassis.ids import new_id
from chassis.recovery import AlreadyRecovered, recover
from chassis.tests.kites.model import Kite, Note
from chassis.tests.kites.reactions import StormAnnounced

HY, E1 = new_id(), new_id()
MONTH = timedelta(days=30)


def build(kites, count=1):
    with kites.work() as work:
        for _ in range(count):
            work.add(Kite.build(operator_id=HY, estate_id=E1, colour="red"))


def plain(kites):
    return kites.settings.system_database_url.replace("+psycopg", "")


def read_outbox(kites):
    chosen = {"shards": list(range(16)), "resting": [], "passing": [], "batch": 500, "pause": recovery.PAUSE}
    with kites.runtime.system_engine.connect() as connection:
        return [row.routing_key for row in connection.execute(relay.UNSENT, chosen)]


def count(kites, table, *where):
    with kites.runtime.transaction(system=True) as session:
        return session.scalar(select(func.count()).select_from(table).where(*where))


# ── the instant ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_relay_reads_an_outbox_while_the_snapshots_are_taken(kites):
    build(kites)
    read = []

    with psycopg.connect(plain(kites), autocommit=True) as session:
        with recovery.relays_paused([session]):
            relay_at_work = Thread(target=lambda: read.extend(read_outbox(kites)))
            relay_at_work.start()
            relay_at_work.join(0.5)
            assert read == []
        relay_at_work.join(10)

    assert read == ["kites.kite.built.v1"]


def test_writers_are_not_held_up_and_what_they_write_is_of_a_later_time(kites):
    build(kites)

    with recovery.one_instant({"kites": plain(kites)}) as snapshots:
        build(kites)
        kept = snapshots["kites"].session.execute("SELECT count(*) FROM kite").fetchone()[0]

    assert (kept, count(kites, Kite.__table__)) == (1, 2)


def test_an_instant_in_which_a_relay_was_let_go_is_none(kites):
    with (
        psycopg.connect(plain(kites), autocommit=True) as session,
        pytest.raises(psycopg.OperationalError, match="try again"),
        recovery.relays_paused([session]),
    ):
        session.execute("SELECT pg_advisory_unlock_all()")


# ── saying again ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_sent_goes_out_again_and_what_is_parked_stays(kites):
    build(kites, 3)
    kites.take_unsent()

    done = recover(kites.runtime, taken_at=kites.clock.now(), release="1")

    assert done.said_again == 3 and len(read_outbox(kites)) == 3


def test_a_window_says_again_only_what_was_sent_within_it(kites):
    build(kites)
    kites.take_unsent()
    kites.clock.advance(hours=5)
    build(kites)
    kites.take_unsent()

    done = recover(kites.runtime, taken_at=kites.clock.now(), release="1", since=timedelta(hours=3))

    assert done.said_again == 1


def test_what_was_heard_before_an_old_backup_is_not_heard_twice(kites):
    """The clock forgets ids after a fortnight; a month-old backup would be forgotten at once, and then said again."""
    storm = kites.hear(StormAnnounced(text="wind"), operator_id=HY, estate_id=E1)
    taken_at = kites.clock.now()
    kites.clock.advance(days=30)

    recover(kites.runtime, taken_at=taken_at, release="1")
    kites.tick()
    kites.deliver(storm)

    assert count(kites, Note.__table__) == 1


def test_a_database_is_mended_once(kites):
    recover(kites.runtime, taken_at=kites.clock.now(), release="1")

    with pytest.raises(AlreadyRecovered):
        recover(kites.runtime, taken_at=kites.clock.now(), release="1")


def test_a_large_database_has_the_time_it_takes(kites, monkeypatch):
    allowed = []
    note = lambda work: allowed.append(work.scalar(text("SHOW statement_timeout")))  # noqa: E731
    monkeypatch.setattr(kites.service, "after_restore", [note])

    recover(kites.runtime, taken_at=kites.clock.now(), release="0.1.0")

    assert allowed == ["0"]


def test_what_was_seen_of_others_is_forgotten(kites):
    recover(kites.runtime, taken_at=kites.clock.now(), release="1")

    assert count(kites, tables.jwks) == 0


# ── audit chains ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_audit_chains_go_on_in_a_server_that_counts_from_the_beginning(kites):
    build(kites)
    kites.clock.advance(minutes=2)
    kites.tick()
    as_if_sealed_in_an_older_server(kites)

    recover(kites.runtime, taken_at=kites.clock.now(), release="1")
    build(kites, 2)
    kites.clock.advance(minutes=2)
    kites.tick()

    with kites.runtime.transaction(system=True) as session:
        assert audit.verify(session) == []
        assert audit.unsealed(session) == 0
        assert session.scalar(select(func.sum(tables.audit_seal.c.rows))) == 3


def as_if_sealed_in_an_older_server(kites):
    """Its counter was a million ahead of ours."""
    with kites._admin.transaction():
        kites._admin.execute("UPDATE audit SET xid = (xid::text::bigint + 1000000)::text::xid8")
        kites._admin.execute("UPDATE audit_seal SET below_xid = (below_xid::text::bigint + 1000000)::text::xid8")
