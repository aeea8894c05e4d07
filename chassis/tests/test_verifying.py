"""Whether the audit record is as it was sealed: where it was changed is found, and named."""

import tracemalloc

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from chassis import audit, cli, verifying
from chassis.ids import new_id
from chassis.tests.kites.model import Kite
from chassis.tests.test_jobs import E1, HY

QY = new_id()


@pytest.fixture
def sealed(kites):
    """Three blocks of HY, two kites each, and one of QY in the second."""
    for minute in range(3):
        for operator in [HY, HY] + [QY] * (minute == 1):
            with kites.work() as work:
                work.add(Kite.build(operator_id=operator, estate_id=E1, colour="red"))
        kites.clock.advance(minutes=1)
        kites.tick()
    return kites


def breaks(kites, **only) -> list[tuple]:
    with kites.work() as work:
        return [(each.operator_id, each.number, each.what) for each in verifying.examine(work.session, **only).breaks]


def rows_of(kites) -> list[int]:
    with kites.work() as work:
        return work.scalars(text("SELECT seq FROM audit ORDER BY seq"))


def test_a_whole_record_is_counted_and_its_heads_are_named(sealed):
    with sealed.work() as work:
        verdict = verifying.examine(work.session)
        heads = {row.operator_id: (row.number, row.digest) for row in work.execute(text(NEWEST))}

    assert (verdict.blocks, verdict.rows, verdict.breaks) == (4, 7, []) and verdict.heads == heads


NEWEST = (
    "SELECT DISTINCT ON (operator_id) operator_id, number, digest FROM audit_seal ORDER BY operator_id, number DESC"
)
CHANGES = {
    "a word changed": (
        "UPDATE audit SET actor = 'person/x' WHERE seq = {third}",
        "holds 2 rows that do not match its seal of 2",
    ),
    "a row removed": ("DELETE FROM audit WHERE seq = {third}", "holds 1 rows that do not match its seal of 2"),
    "all rows of a block removed": (
        "DELETE FROM audit WHERE seq BETWEEN {third} AND {third} + 1",
        "holds 0 rows that do not match its seal of 2",
    ),
    "a row slipped in": (
        "INSERT INTO audit (xid, operator_id, at, actor, action, subject_type, subject_id, version, changes, correlation_id)"
        " SELECT xid, operator_id, at, actor, action, subject_type, subject_id, 9, changes, correlation_id"
        " FROM audit WHERE seq = {third}",
        "holds 3 rows that do not match its seal of 2",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_block_that_was_touched_is_named(sealed, change):
    statement, what = CHANGES[change]
    sealed._admin.execute(statement.format(third=rows_of(sealed)[2]))

    assert breaks(sealed) == [(HY, 2, what)]
    assert breaks(sealed, operator_id=QY) == []


def test_a_removed_seal_leaves_its_rows_uncovered_and_the_next_without_ground(sealed):
    sealed._admin.execute("DELETE FROM audit_seal WHERE operator_id = %s AND number = 2", [HY])

    assert breaks(sealed) == [(HY, None, "2 rows that no seal covers"), (HY, 3, "does not follow block 1")]


def test_a_seal_made_anew_does_not_fit_the_next(sealed):
    """Whoever may write seals, and computes them, must compute all that follow, whose heads are kept elsewhere."""
    sealed._admin.execute("UPDATE audit_seal SET digest = repeat('a', 64) WHERE operator_id = %s AND number = 1", [HY])

    assert [(number, what) for _, number, what in breaks(sealed)] == [
        (1, "holds 2 rows that do not match its seal of 2"),
        (2, "does not follow block 1"),
    ]


def test_a_span_of_time_is_looked_at_alone_and_stands_on_what_was_before(sealed):
    end = sealed.clock.now()
    sealed._admin.execute("UPDATE audit SET actor = 'person/x' WHERE seq = %s", [rows_of(sealed)[0]])

    assert [number for _, number, _ in breaks(sealed)] == [1]
    with sealed.work() as work:
        times = work.scalars(text("SELECT DISTINCT sealed_at FROM audit_seal ORDER BY 1"))
    assert breaks(sealed, since=times[1]) == []
    assert len(breaks(sealed, until=times[1])) == 1 and breaks(sealed, since=times[1], until=end) == []


def test_many_rows_take_no_more_memory_than_a_few(kites):
    filled = text(
        "INSERT INTO audit (operator_id, at, actor, action, subject_type, subject_id, version, changes, correlation_id)"
        " SELECT :hy, now(), 'person/x', 'kites.kite.built.v1', 'kite', gen_random_uuid(), n, '{}', 'c'"
        " FROM generate_series(1, :many) n"
    )
    peaks = []
    for many in (1_000, 30_000):
        with kites.work() as work:
            work.execute(filled, {"hy": HY, "many": many})
        kites.clock.advance(minutes=1)
        kites.tick()
        with kites.work() as work:
            tracemalloc.start()
            verdict = verifying.examine(work.session)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert verdict.rows == 31_000 and verdict.breaks == []
    assert peaks[1] < peaks[0] * 2, peaks


def test_the_command_says_where_and_exits_by_it(sealed, monkeypatch):
    monkeypatch.setattr(cli, "names", lambda: ["kites"])
    monkeypatch.setattr(cli, "runtime_of", lambda service, background: sealed.runtime)
    run = CliRunner().invoke

    whole = run(cli.main, ["audit", "verify", "kites", "--heads"])
    assert whole.exit_code == 0 and "kites: whole; 7 rows in 4 blocks; 0 wait" in whole.stdout
    assert f"operator {HY}: block 3 " in whole.stdout and "7 rows in 4 blocks" in whole.stderr

    third = rows_of(sealed)[2]
    sealed._admin.execute("UPDATE audit SET actor = 'person/x' WHERE seq = %s", [third])
    broken = run(cli.main, ["audit", "verify", "kites", "--operator", str(HY)])
    assert broken.exit_code == 1
    assert f"first break: operator {HY}: block 2 of 2026-11-23T01:02:00Z, rows {third} to {third + 1}" in broken.stdout


def test_the_record_is_changed_by_no_role(sealed):
    assert audit.GENESIS == "0" * 64
    for system in (True, False):
        for change in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit_seal", "TRUNCATE audit"):
            with (
                pytest.raises(Exception, match="permission denied"),
                sealed.runtime.transaction(system=system) as session,
            ):
                session.execute(text(change))
