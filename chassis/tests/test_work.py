"""The unit of work: what is committed is said, what is not yours does not exist, and time is one instant."""

import base64
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from chassis import tables
from chassis.actor import ALL, Actor, Kind
from chassis.errors import Forbidden, Invalid, NotFound, Stale
from chassis.ids import new_id
from chassis.migrations import tables_without_row_security
from chassis.testing import a_person
from chassis.tests.kites.model import AlreadyUp, Kite, Note

HY, QY = new_id(), new_id()
E1, E2 = new_id(), new_id()
DUE = datetime(2026, 3, 1, 8, tzinfo=UTC)
PILOT = a_person(operator_id=HY, roles=[f"pilot@estate:{E1}"])


def build(kites, *, estate_id=E1, operator_id=HY, **facts):
    with kites.work() as work:
        return work.add(Kite.build(**{"operator_id": operator_id, "estate_id": estate_id, "colour": "red", **facts}))


def test_what_is_rolled_back_is_not_said(kites):
    with pytest.raises(AlreadyUp), kites.work() as work:
        kite = work.add(Kite.build(operator_id=HY, estate_id=E1, colour="red"))
        kite.fly()
        kite.fly()

    assert kites.said() == []


def test_each_recorded_fact_is_said_once_with_its_version(kites):
    kite = build(kites)

    with kites.work(PILOT, permission="kites:fly", correlation_id="call-7") as work:
        work.take(Kite, kite.id).fly()

    built, flown = kites.said()
    assert [(e.type, e.sequence) for e in (built, flown)] == [("kites.kite.built.v1", 1), ("kites.kite.flown.v1", 2)]
    assert (flown.operator_id, flown.estate_id, flown.subject) == (HY, E1, f"kite/{kite.id}")
    assert (flown.actor, flown.correlation_id, flown.time) == (f"person/{PILOT.id}", "call-7", kites.clock.now())


def test_the_audit_record_shows_before_and_after_and_hides_what_is_private(kites):
    kite = build(kites, owner_phone="13800000000")

    with kites.work(PILOT) as work:
        work.take(Kite, kite.id).fly()

    with kites.work() as work:
        built, flown = work.execute(
            select(tables.audit.c.changes, tables.audit.c.actor).order_by(tables.audit.c.seq)
        ).all()
    assert built.changes["owner_phone"] == [None, "•••"]
    assert flown.changes == {"state": ["grounded", "flying"], "flights": [0, 1]}
    assert flown.actor == f"person/{PILOT.id}"


def test_another_estates_kite_does_not_exist(kites):
    theirs = build(kites, estate_id=E2)

    with kites.work(PILOT, permission="kites:fly") as work:
        assert work.scalars(work.seen(Kite)) == []
        with pytest.raises(NotFound):
            work.take(Kite, theirs.id)


def test_row_level_security_stands_where_a_query_forgets(kites):
    build(kites)
    build(kites, estate_id=E2)
    build(kites, operator_id=QY)

    with kites.work(PILOT) as work:
        assert [kite.estate_id for kite in work.scalars(select(Kite))] == [E1]
    with kites.work(Actor(Kind.EVENT, operator_id=HY, reach={"*": ALL})) as work:
        assert {kite.estate_id for kite in work.scalars(select(Kite))} == {E1, E2}
    with kites.runtime.transaction() as session:
        assert session.scalars(select(Kite)).all() == []  # a used connection, but no context


def test_nobody_writes_into_another_operator(kites):
    with pytest.raises(DBAPIError, match="row-level security"), kites.work(PILOT) as work:
        work.add(Note(operator_id=QY, estate_id=E1, text="a stranger's"))


def test_the_app_role_is_neither_owner_nor_superuser(kites):
    with kites.work(PILOT) as work:
        role = work.execute(text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")).one()
        owned = work.scalar(
            text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
        )

    assert tuple(role) == (False, False) and owned == 0


def test_every_table_is_under_row_level_security(kites):
    with kites.runtime.engine.connect() as connection:
        assert tables_without_row_security(connection) == []


def test_in_reach_without_the_permission_is_forbidden(kites):
    kite = build(kites, estate_id=E2)
    both = a_person(operator_id=HY, roles=[f"pilot@estate:{E1}", f"guest@estate:{E2}"])

    with kites.work(both, permission="kites:fly") as work, pytest.raises(Forbidden):
        work.take(Kite, kite.id)


def test_a_change_to_a_stale_version_is_refused(kites):
    kite = build(kites)

    with kites.work(PILOT, if_match=kite.version + 1) as work, pytest.raises(Stale):
        work.take(Kite, kite.id)


def test_a_forgotten_lock_is_an_error_and_not_disorder(kites):
    kite = build(kites)

    with pytest.raises(StaleDataError), kites.work(PILOT) as slow:
        read = slow.find(Kite, kite.id)
        with kites.work(PILOT) as quick:
            quick.take(Kite, kite.id).fly()
        read.fly()

    assert [e.sequence for e in kites.said()] == [1, 2]


def test_a_page_continues_where_the_last_one_ended_whatever_was_added(kites):
    first_five = [build(kites).id for _ in range(5)]

    with kites.work(PILOT, permission="kites:see") as work:
        page = work.page(work.seen(Kite), by=[Kite.id], limit=3)
    build(kites)
    with kites.work(PILOT, permission="kites:see") as work:
        rest = work.page(work.seen(Kite), by=[Kite.id], limit=50, after=page.next)

    assert [kite.id for kite in page.items + rest.items][:5] == first_five and rest.next is None
    assert page.next.isascii()


@pytest.mark.parametrize("cursor", ["x", "%%%", "ffff", "PGk6MX4=", "é"])
def test_a_made_up_cursor_is_refused(kites, cursor):
    with kites.work(PILOT, permission="kites:see") as work, pytest.raises(Invalid):
        work.page(work.seen(Kite), by=[Kite.id], after=cursor)


KITE = "00000000-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("column", "place"),
    [
        (Kite.colour, None),
        (Kite.colour, {"red": KITE}),
        (Kite.colour, []),
        (Kite.colour, ["red"]),
        (Kite.colour, ["red", "red"]),
        (Kite.colour, ["red", KITE, KITE]),
        (Kite.colour, [["red"], KITE]),
        (Kite.colour, ["\0", KITE]),
        (Kite.colour, [None, KITE]),
        (Kite.flights, [2**63, KITE]),
        (Kite.flights, [True, KITE]),
        (Kite.flights, [1.5, KITE]),
        (Kite.state, ["sunk", KITE]),
        (Kite.check_due, ["0001-01-01T00:00:00+23:59", KITE]),
        (Kite.check_due, [1, KITE]),
    ],
    ids=str,
)
def test_a_cursor_that_is_none_of_this_list_is_refused(kites, column, place):
    cursor = base64.urlsafe_b64encode(orjson.dumps(place)).decode()

    with kites.work(PILOT, permission="kites:see") as work, pytest.raises(Invalid):
        work.page(work.seen(Kite), by=[column, Kite.id], after=cursor)


@pytest.mark.parametrize(
    "by", [[Kite.colour, Kite.id], [Kite.colour.desc(), Kite.id.desc()], [Kite.check_due, Kite.id]]
)
@pytest.mark.parametrize("columns", [(), (Kite.id, Kite.colour, Kite.check_due)])
def test_pages_make_up_the_list(kites, by, columns):
    for number in range(7):
        build(kites, colour=("red", "blue")[number % 2], check_due=DUE + timedelta(hours=number % 3))

    with kites.work(PILOT, permission="kites:see") as work:
        every = work.seen(Kite).with_only_columns(*columns) if columns else work.seen(Kite)
        whole, found, after = work.page(every, by=by).items, [], None
        while after or not found:
            page = work.page(every, by=by, limit=2, after=after)
            found, after = [*found, *page.items], page.next

    assert [each.id for each in found] == [each.id for each in whole] and len(whole) == 7


def test_a_list_runs_in_one_direction(kites):
    with kites.work(PILOT, permission="kites:see") as work, pytest.raises(TypeError):
        work.page(work.seen(Kite), by=[Kite.colour, Kite.id.desc()])


def test_connections_that_the_database_closed_cost_nobody_a_request(kites):
    build(kites)
    for _ in range(2):
        kites._admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'kites_%'")

        assert kites.client(PILOT).get("/kites").status_code == 200
        with kites.work() as work:
            assert len(work.scalars(select(Kite))) == 1


@pytest.mark.parametrize(
    "reach", [{"operator_id": "', true); --"}, {"operator_id": HY, "reach": {"*": frozenset({"'"})}}]
)
def test_nothing_but_ids_is_said_when_a_transaction_begins(kites, reach):
    with pytest.raises(AttributeError), kites.runtime.work(Actor(Kind.EVENT, **reach)):
        pass


def test_a_connection_that_ends_in_the_middle_ends_the_work(kites):
    with pytest.raises(DBAPIError), kites.work() as work:
        work.add(Note(operator_id=HY, estate_id=E1, text="windy"))
        work.session.flush()
        with kites.runtime.transaction() as other:
            other.execute(text("SELECT 1"))
        work.session.connection().connection.driver_connection.close()
        work.become(Actor(Kind.EVENT, operator_id=HY))

    with kites.work() as work:
        assert work.scalars(select(Note)) == []
