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


@pytest.fixture
def statements(tickets):
    """`with statements(work) as asked:` collects what is sent to the database meanwhile."""

    @contextmanager
    def listening(work):
        asked, engine = [], work.session.get_bind()
        note = lambda _connection, _cursor, statement, *_: asked.append(statement)  # noqa: E731
        event.listen(engine, "before_cursor_execute", note)
        yield asked
        event.remove(engine, "before_cursor_execute", note)

    return listening
