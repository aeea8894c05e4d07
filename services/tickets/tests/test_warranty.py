"""Who pays is proposed from the building's age, by the shortest periods of the law, and the review decides."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import new_id
from services.tickets.events import Kind, Payer
from services.tickets.model import warranty
from services.tickets.tests.factories import a_ticket

BUILT = date(2024, 12, 1)


@pytest.mark.parametrize(
    ("category", "problem", "covers", "until"),
    [
        ("CIV", "roof_leak", "waterproofing", date(2029, 12, 1)),
        ("PLB", "leak", "pipes_and_wires", date(2026, 12, 1)),
        ("ELC", None, "pipes_and_wires", date(2026, 12, 1)),
        ("CIV", "broken_tile", "fit_out", date(2026, 12, 1)),
        ("HVA", None, "heating", date(2026, 3, 31)),
        ("CIV", "crack", "structure", None),
    ],
)
def test_each_item_is_covered_as_long_as_the_law_says_at_least(category, problem, covers, until):
    cover = warranty.cover_of(category, problem)

    assert (cover.code, cover.until(BUILT)) == (covers, until)


@pytest.mark.parametrize(
    ("today", "payer"),
    [(date(2026, 12, 1), Payer.DEVELOPER_WARRANTY), (date(2026, 12, 2), Payer.OWNER)],
)
def test_on_its_last_day_the_developer_pays_and_on_the_next_the_owner(today, payer):
    ticket = a_ticket(category="PLB", problem="leak", unit_id=new_id())

    assert warranty.propose(ticket, BUILT, today).payer is payer


def test_what_is_common_is_paid_by_all_and_the_structure_by_the_developer_at_any_age():
    lamp = a_ticket(category="ELC", problem="corridor_light")
    crack = a_ticket(category="CIV", problem="crack", unit_id=new_id())

    assert warranty.propose(lamp, date(2001, 1, 1), date(2026, 11, 23)).payer is Payer.COMMON
    assert warranty.propose(crack, date(2001, 1, 1), date(2026, 11, 23)).payer is Payer.DEVELOPER_WARRANTY


def test_of_a_building_whose_age_nobody_told_no_warranty_is_proposed():
    assert warranty.propose(a_ticket(category="PLB", unit_id=new_id()), None, BUILT).payer is Payer.OWNER


def test_nobody_pays_for_an_answer():
    assert warranty.propose(a_ticket(kind=Kind.COMPLAINT), BUILT, BUILT).payer is None


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1)))
def test_two_seasons_are_more_than_one_winter_and_no_more_than_two(built):
    until = warranty.HEATING.until(built)

    assert 365 < (until - built).days + 1 <= 2 * 366


def test_the_review_is_proposed_a_payer_and_keeps_until_when_the_developer_is_bound(garden, tickets):
    manager = tickets.client(garden.manager)
    assert manager.post(f"/estates/{garden.estate_id}/handovers", {"accepted_on": "2015-06-30"}).status_code == 200
    own = {"building": "3", "accepted_on": "2025-06-30"}
    assert manager.post(f"/estates/{garden.estate_id}/handovers", own).json == {
        **own,
        "estate_id": str(garden.estate_id),
    }
    ticket = garden.report(unit_id=str(garden.home), category="PLB", problem="leak")

    proposed = tickets.client(garden.dispatcher).get(f"/tickets/{ticket['id']}/payer-proposal").json
    decided = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept", "payer": proposed["payer"]})

    assert (proposed["payer"], proposed["covers"]["years"], proposed["until"]) == (
        "developer_warranty",
        2,
        "2027-06-30",
    )
    assert (decided["payer"], decided["warranty_until"]) == ("developer_warranty", "2027-06-30")
    (said,) = [event for event in tickets.said() if event.type == "tickets.ticket.reviewed.v1"]
    assert said.data["warranty_until"] == "2027-06-30"


def test_the_review_may_decide_otherwise(garden, tickets):
    garden.report()
    ticket = garden.report(unit_id=str(garden.home), category="PLB")

    decided = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept", "payer": "third_party"})

    assert (decided["payer"], decided["warranty_until"]) == ("third_party", None)


def test_a_wrong_day_is_corrected_and_only_by_managers(garden, tickets):
    path = f"/estates/{garden.estate_id}/handovers"
    for day in ("2024-01-01", "2025-01-01"):
        assert tickets.client(garden.manager).post(path, {"accepted_on": day}).status_code == 200

    assert tickets.client(garden.dispatcher).post(path, {"accepted_on": "2020-01-01"}).status_code == 403
    items = tickets.client(garden.dispatcher).get(path).json["items"]
    assert [item["accepted_on"] for item in items] == ["2025-01-01"]
