"""Who hears that somebody is to be called back."""

from datetime import UTC, datetime

import pytest

from services.notify.reactions import callbacks
from services.notify.tests.factories import EN, ZH, a_colleague, a_resident, a_ticket, hear, messages, told

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "step"), [(callbacks.CallbackOpened, "opened"), (callbacks.CallbackMissed, "missed")])
def test_those_named_hear_of_it_and_not_the_reporter(notify, place, kind, step):
    owner, manager = a_resident(notify, place), a_colleague(notify, place, "estate_manager", language=EN)
    a_colleague(notify, place)

    hear(notify, place, a_ticket(kind, place, owner, why="low_rating", due_at=AT, told=[manager]))

    assert told(notify) == {(manager, f"tickets.callback.{step}.staff", EN)}
    assert "24 Nov, 09:00" in messages(notify, manager)[0].body


def test_where_nobody_is_named_the_desk_hears_of_it(notify, place):
    owner, desk = a_resident(notify, place), a_colleague(notify, place)

    hear(notify, place, a_ticket(callbacks.CallbackOpened, place, owner, why="sample", due_at=AT, told=[]))

    assert told(notify) == {(desk, "tickets.callback.opened.staff", ZH)}
    assert "抽样回访" in messages(notify, desk)[0].body
