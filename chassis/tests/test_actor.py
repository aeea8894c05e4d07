"""Where somebody holds what."""

import pytest

from chassis.actor import ALL, Actor, Kind, Role
from chassis.ids import new_id

E1, E2 = new_id(), new_id()


@pytest.mark.parametrize(
    ("see", "oversee", "wherever"),
    [
        ({E1}, {E1}, True),
        ({E1}, {E1, E2}, True),
        ({E1, E2}, {E1}, False),
        ({E1}, (), False),
        (ALL, {E1}, False),
        (ALL, (), False),
        (ALL, ALL, True),
        ({E1}, ALL, True),
    ],
)
def test_a_permission_is_held_wherever_another_is(see, oversee, wherever):
    reach = {"see": see if see is ALL else frozenset(see), "oversee": oversee if oversee is ALL else frozenset(oversee)}

    assert Actor(Kind.PERSON, reach=reach).holds_wherever("see", "oversee") is wherever


def test_a_scope_is_known_by_its_kind():
    resident = Actor(Kind.PERSON, roles=(Role("owner", f"unit:{E1}"),))

    assert resident.has_scope("unit")
    assert not resident.has_scope("estate")
