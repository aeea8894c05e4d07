"""A table for each year: the same tickets to whoever looks, and small indexes for whoever works."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from alembic import command
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from chassis import servers
from chassis.migrations import alembic_config
from chassis.service import load
from chassis.testing import PASSWORDS
from services.tickets.events import Kind
from services.tickets.model import Ticket
from services.tickets.tests import factories

PARTS = """SELECT relid::regclass::text FROM pg_partition_tree('ticket') WHERE isleaf ORDER BY 1"""
LAID = """SELECT tableoid::regclass::text FROM ticket ORDER BY filed_at"""


def parts(garden) -> list[str]:
    with garden.tickets.work() as work:
        return work.scalars(text(PARTS))


@pytest.fixture
def next_year(garden):
    """2027 is open, whichever test opened it."""
    with garden.tickets.work() as work:
        work.execute(text("SELECT open_year(2027)"))
    return garden


def filed_in(garden, year: int, **facts) -> Ticket:
    """A ticket of that year by its id, as `new_id` makes them."""
    at = datetime(year, 3, 1, 4, tzinfo=UTC)
    garden.tickets.numbered = getattr(garden.tickets, "numbered", 0) + 1
    id = UUID(f"{int(at.timestamp() * 1000):012x}7000a000{garden.tickets.numbered:012x}")
    people = {"reporter_id": garden.owner.id, "filed_by": garden.owner.id}
    where = {"operator_id": garden.operator_id, "estate_id": garden.estate_id, "unit_id": garden.home}
    report = factories.a_report(
        kind=Kind.REPAIR, number=f"HY-E-01-{year}-{garden.tickets.numbered:06}", **people, **where
    )
    with garden.tickets.work() as work:
        return work.add(Ticket.filed(**{"id": id, **report, **facts}, review_within=factories.DAY, at=at))


def test_each_year_lies_in_a_table_of_its_own_and_is_one_to_whoever_looks(next_year):
    garden = next_year
    old, new = filed_in(garden, 2025, description="旧的漏水"), filed_in(garden, 2027, description="新的漏水")
    client = garden.tickets.client(garden.dispatcher)

    with garden.tickets.work() as work:
        assert work.scalars(text(LAID)) == ["ticket_until_2026", "ticket_2027"]
    for q in ("", "?q=漏水", f"?estate_id={garden.estate_id}", f"?unit_id={garden.home}", "?q=HY-E-01-20"):
        assert [each["id"] for each in client.get(f"/tickets{q}").json["items"]] == [str(new.id), str(old.id)], q
    page = client.get("/tickets?limit=1").json
    assert client.get(f"/tickets?limit=1&after={page['next']}").json["items"][0]["id"] == str(old.id)
    for ticket in (old, new):
        assert client.get(f"/tickets/{ticket.id}").json["dues"]
        assert client.get(f"/tickets/{ticket.id}/timeline").json["items"]
        garden.do(garden.dispatcher, {"id": ticket.id}, "review", {"decision": "reject", "reason": "重复"})


def test_what_points_at_a_ticket_still_does(next_year):
    for table in ("clock", "comment", "rating", "words", "assignment"):
        with next_year.tickets.work() as work:
            found = work.scalar(
                text(
                    "SELECT count(*) FROM pg_constraint WHERE conrelid = :table ::regclass AND confrelid = 'ticket'::regclass"
                ),
                {"table": table},
            )
        assert found == 1, table
    ticket, owner = filed_in(next_year, 2027), create_engine(next_year.tickets.settings.owner_database_url)
    with pytest.raises(IntegrityError, match="still referenced"), owner.begin() as connection:
        connection.execute(text("DELETE FROM ticket WHERE id = :id"), {"id": ticket.id})
    owner.dispose()


def test_no_number_is_given_twice(next_year):
    for year in (2026, 2027):
        filed_in(next_year, year, number="HY-E-01-2026-000077")
        with pytest.raises(IntegrityError, match="number"):
            filed_in(next_year, year, number="HY-E-01-2026-000077")


def test_a_years_table_is_behind_the_same_wall_and_has_no_door(next_year):
    with next_year.tickets.work() as work:
        policies = text("SELECT policyname, qual, with_check FROM pg_policies WHERE tablename = :table ORDER BY 1")
        asked = work.execute(policies, {"table": "ticket"}).all()
        for part in parts(next_year):
            assert work.execute(policies, {"table": part}).all() == asked
    for part in parts(next_year):
        with pytest.raises(DBAPIError, match="permission denied"), next_year.tickets.work(next_year.manager) as work:
            work.execute(text(f"SELECT FROM {part}"))


def test_the_next_year_is_opened_a_month_ahead_and_once(garden):
    garden.tickets.tick()
    opened = parts(garden)
    year = max(int(name[-4:]) for name in opened if name[-1].isdigit()) + 1

    now = garden.tickets.clock.now()
    garden.tickets.clock.advance(days=(datetime(year - 1, 11, 30, tzinfo=UTC) - now).days)
    garden.tickets.tick()
    assert parts(garden) == opened

    garden.tickets.clock.advance(days=4)
    assert garden.tickets.tick()["open_next_year"] == 1
    garden.tickets.clock.advance(hours=2)
    assert garden.tickets.tick()["open_next_year"] == 0
    assert f"ticket_{year}" in parts(garden)


def test_a_report_of_a_year_that_nobody_opened_is_not_refused(next_year):
    late = filed_in(next_year, 2090)

    with next_year.tickets.work() as work:
        assert work.scalars(text(LAID)) == ["ticket_rest"] and not work.scalar(text("SELECT open_year(2090)"))
    assert next_year.tickets.client(next_year.owner).get(f"/tickets/{late.id}").status_code == 200


BEFORE = """
INSERT INTO ticket (id, operator_id, estate_id, version, number, kind, state, channel, reporter_id, filed_by, complained_of,
                    description, urgency, reopened, filed_at)
  VALUES ('019a0000-0000-7000-a000-000000000001', gen_random_uuid(), gen_random_uuid(), 1, 'A-1', 'repair', 'submitted',
          'portal', gen_random_uuid(), gen_random_uuid(), '{}', '厨房漏水', 'normal', 0, now());
INSERT INTO clock (id, operator_id, estate_id, version, ticket_id, clock, started_at, warn_at, due_at)
  SELECT gen_random_uuid(), operator_id, estate_id, 1, id, 'review', now(), now(), now() FROM ticket;
"""


def test_tickets_of_before_are_kept_and_found(postgres_url):
    """A filled database of the first release."""
    name, service = "test_tickets_before_years", load("tickets")
    servers.create_service_database(postgres_url, "tickets", PASSWORDS, dbname=name)
    url = make_url(postgres_url).set(username="tickets_owner", password=PASSWORDS["owner"], database=name)
    owner = create_engine(url)
    try:
        with owner.begin() as connection:
            command.upgrade(alembic_config(service, connection), "0006")
            connection.exec_driver_sql(BEFORE)
        with owner.begin() as connection:
            command.upgrade(alembic_config(service, connection), "head")
        with owner.begin() as connection:
            found = "SELECT number FROM ticket JOIN words USING (id) WHERE told @@ words_query('漏水', '')"
            assert connection.exec_driver_sql(found).scalars().all() == ["A-1"]
            assert (
                connection.exec_driver_sql("SELECT count(*) FROM clock JOIN ticket ON ticket_id = ticket.id").scalar()
                == 1
            )
    finally:
        owner.dispose()
        with psycopg.connect(make_url(postgres_url).render_as_string(False), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
