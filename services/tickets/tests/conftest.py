"""The service on its own database, and the estate of the factories heard of."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from chassis.testing import harness
from services.tickets.tests import factories

tickets = harness("tickets")


@pytest.fixture
def garden(tickets):
    """Heyue Garden: two homes, its staff, and the service that knows them."""
    return factories.Garden(tickets)


class Asked(list):
    """Statements sent to the database, and the last one with its parameters."""

    last = None

    def note(self, _connection, _cursor, statement, parameters, *_):
        self.append(statement)
        self.last = statement, parameters


@pytest.fixture
def statements():
    """`with statements(work) as asked:` collects what a unit of work sends to the database meanwhile."""

    @contextmanager
    def listening(work):
        asked, engine = Asked(), work.session.get_bind()
        event.listen(engine, "before_cursor_execute", asked.note)
        yield asked
        event.remove(engine, "before_cursor_execute", asked.note)

    return listening
