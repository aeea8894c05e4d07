"""The list that is built once for everybody shows each the rows that their own statement finds."""

from itertools import product

from services.tickets.queries import listing
from services.tickets.tests.factories import Garden


def test_everybodys_list_is_the_one_that_is_built_for_them_alone(garden: Garden):
    garden.report(category="PLB")
    garden.report(garden.neighbour, unit_id=str(garden.other_home))
    garden.report(kind="complaint", complained_of=[str(garden.manager.id)])
    garden.bring_to("dispatched")
    head = garden.staff("head_office", scope="operator")
    everybody = [garden.owner, garden.neighbour, garden.dispatcher, garden.technician, garden.manager, head]
    questions = [{}, {"mine": True}, {"open": True}, {"category": "PLB"}, {"estate_id": garden.estate_id}]

    seen = set()
    for person, asked in product(everybody, questions):
        with garden.tickets.work(person, permission="tickets:see") as work:
            plain = work.page(listing.listed(work, **asked), by=listing.ORDERS["-filed_at"], limit=50).items
            built = listing.tickets(work, limit=50, after=None, **asked).items
        assert [tuple(line) for line in built] == [tuple(row) for row in plain]
        seen.add(tuple(line.id for line in built))

    assert len(seen) > 5
