"""A unit of work is written in one statement, and its things go on living as if the ORM had written them."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from chassis import tables, writing
from chassis.ids import new_id
from chassis.tests.kites.model import Kite, Note

HY, E1 = new_id(), new_id()


def a_kite(**facts) -> Kite:
    return Kite.build(operator_id=HY, estate_id=E1, colour="red", **facts)


@contextmanager
def statements(kites):
    """The statements that write, while inside."""
    seen = []

    def note(_connection, _cursor, statement, *_):
        if "INSERT" in statement or "UPDATE" in statement:
            seen.append(statement)

    event.listen(kites.runtime.system_engine, "before_cursor_execute", note)
    yield seen
    event.remove(kites.runtime.system_engine, "before_cursor_execute", note)


def test_new_things_and_what_tells_of_them_go_in_one_statement(kites):
    with statements(kites) as seen, kites.work() as work:
        work.add(a_kite())
        work.add(a_kite())
        work.add(Note(operator_id=HY, estate_id=E1, text="windy"))

    assert len(seen) == 1
    assert all(f'INSERT INTO "{table}"' in seen[0] for table in ("kite", "note", "outbox", "audit"))
    with kites.work() as work:
        counts = {table.name: work.scalar(select(func.count()).select_from(table)) for table in written(Kite, Note)}
    assert counts == {"kite": 2, "note": 1, "outbox": 2, "audit": 2}


def written(*entities):
    return [*(entity.__table__ for entity in entities), tables.outbox, tables.audit]


def test_what_was_just_written_can_be_changed_and_read_in_the_same_work_without_asking(kites):
    with kites.work() as work:
        kite = work.add(a_kite())
        work.session.flush()
        with statements(kites) as seen:
            assert (kite.colour, kite.owner_phone, kite.check_due) == ("red", None, None)
            kite.fly()
            work.session.flush()
        assert work.find(Kite, kite.id) is kite

    assert [said.type for said in kites.said()] == ["kites.kite.built.v1", "kites.kite.flown.v1"]
    assert len(seen) == 2  # the change by its version, then what tells of it
    assert "kite.version = " in seen[0]


def test_more_than_a_statement_takes_is_written_in_several(kites, monkeypatch):
    monkeypatch.setattr(writing, "MOST", 16)

    with statements(kites) as seen, kites.work() as work:
        for number in range(30):
            work.add(Note(operator_id=HY, estate_id=E1, text=str(number)))

    assert len(seen) == 2
    with kites.work() as work:
        assert work.scalar(select(func.count()).select_from(Note)) == 30


def test_nothing_of_a_work_that_fails_in_the_database_is_written(kites):
    kite = a_kite()
    with kites.work() as work:
        work.add(kite)

    with pytest.raises(IntegrityError), kites.work() as work:
        work.add(Note(operator_id=HY, estate_id=E1, text="windy"))
        work.add(a_kite(id=kite.id))

    with kites.work() as work:
        assert work.scalar(select(func.count()).select_from(Note)) == 0
    assert len(kites.said()) == 1
