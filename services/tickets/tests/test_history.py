"""A made-up past is whole: numbers, clocks, ratings, closures and timelines agree, and the same seed makes the same."""

from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import func, select

from chassis.tables import audit
from services.tickets import history
from services.tickets.model import Clock, Closure, Rating, Ticket

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def written(garden):
    def written(**wish) -> int:
        url = garden.tickets.runtime.settings.owner_database_url
        with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as database:
            return history.write(database, history.Wish(until=NOW, **wish))

    return written


def test_every_ticket_has_its_record(garden, written):
    assert written(count=400) == 400
    with garden.tickets.work() as work:
        many = lambda cls, *where: work.scalar(select(func.count()).select_from(cls).where(*where))  # noqa: E731
        tickets = many(Ticket)
        assert 390 <= tickets <= 400, "but for those that would have been filed today, later"
        assert many(Clock, Clock.clock == "review") == tickets
        assert many(Clock, Clock.clock == "resolution") == many(Ticket, Ticket.dispatched_at.is_not(None))
        assert many(Clock, Clock.breached_at.is_not(None)) > 10
        ended = Ticket.state.in_(["completed", "closed", "rejected", "cancelled", "replied"])
        assert many(Closure) == many(Ticket, ended) > 300
        assert many(Rating) == many(Ticket, Ticket.rated_at.is_not(None)) > 50
        assert many(audit, audit.c.action == "tickets.ticket.submitted.v1") == tickets
        assert many(Ticket, Ticket.filed_at >= NOW) == 0


def test_what_is_filed_next_takes_the_next_number(garden, written):
    before = garden.report()["number"]
    written(count=200)
    with garden.tickets.work() as work:
        numbers = set(work.scalars(select(Ticket.number)))
    after = garden.report()["number"]
    assert before in numbers and after not in numbers


def test_the_same_seed_makes_the_same_past(garden, written):
    facts = select(Ticket.filed_at, Ticket.category, Ticket.problem, Ticket.state, Ticket.channel).order_by(
        Ticket.filed_at
    )
    written(count=100, seed=7)
    with garden.tickets.work() as work:
        first = [tuple(row) for row in work.execute(facts)]
    garden.tickets.empty()
    garden.__init__(garden.tickets)
    written(count=100, seed=7)
    with garden.tickets.work() as work:
        assert [tuple(row) for row in work.execute(facts)] == first


def test_the_density_is_by_home_and_month(garden, written):
    assert written(months=18, per_home=0.5) == 18, "two homes"


def test_nobody_is_told_of_a_past(garden, written):
    before = len(garden.tickets.said())
    written(count=50)
    assert len(garden.tickets.said()) == before
