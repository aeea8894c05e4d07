"""From the words of a report to what a person confirms it to be."""

import pytest

from services.tickets.tests import factories


def due_in_minutes(ticket) -> int:
    """How long the review may take."""
    begun, due = (factories.datetime.fromisoformat(each) for each in (ticket["filed_at"], ticket["dues"][0]["due_at"]))
    return round((due - begun).total_seconds() / 60)


def test_the_reviewer_sees_what_the_words_propose_and_which_spoke(garden):
    ticket = garden.report(description="厨房水管漏水", unit_id=str(garden.home))

    assert (ticket["category"], ticket["urgency"]) == (None, "normal")
    assert (ticket["proposed"]["category"], ticket["proposed"]["problem"]) == ("PLB", "leak")
    assert {each["speaks_for"] for each in ticket["proposed"]["words"]} == {"PLB", "PLB/leak"}


def test_words_that_say_nothing_propose_nothing(garden):
    assert garden.report(description="请回电话")["proposed"] is None


def test_what_is_proposed_can_be_asked_before_filing(garden):
    answer = garden.tickets.client(garden.owner).post("/proposals", {"description": "电梯困人了"})

    assert answer.status_code == 200
    assert (answer.json["category"], answer.json["urgency"]) == ("ELV", "emergency")


def test_who_accepts_confirms_what_it_is_and_the_timeline_tells(garden):
    ticket = garden.report(description="水管漏水", category="ENV")
    said = {"decision": "accept", "payer": "common", "category": "给排水", "problem": "leak", "urgency": "urgent"}

    ticket = garden.do(garden.dispatcher, ticket, "review", said)

    assert (ticket["category"], ticket["problem"], ticket["urgency"]) == ("PLB", "leak", "urgent")
    assert ticket["title_en"] == "Water and drains: Leak"
    line = garden.tickets.client(garden.dispatcher).get(f"/tickets/{ticket['id']}/timeline").json["items"]
    reviewed = next(each for each in line if each["action"] == "tickets.ticket.reviewed.v1")
    assert reviewed["changes"]["category"] == {"before": "ENV", "after": "PLB"}
    assert reviewed["changes"]["urgency"] == {"before": "normal", "after": "urgent"}


def test_who_accepts_without_a_word_leaves_it_as_it_was_filed(garden):
    ticket = garden.report(description="水管漏水", category="PLB", problem="burst", urgency="urgent")

    ticket = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept"})

    assert (ticket["category"], ticket["problem"], ticket["urgency"]) == ("PLB", "burst", "urgent")


@pytest.mark.parametrize("wrong", [{"category": "XYZ"}, {"category": "PLB", "problem": "trapped"}, {"problem": "leak"}])
def test_what_the_taxonomy_does_not_have_is_refused_and_nothing_moves(garden, wrong):
    ticket = garden.report()

    garden.do(garden.dispatcher, ticket, "review", {"decision": "accept", **wrong}, expect=422)

    assert garden.tickets.client(garden.owner).get(f"/tickets/{ticket['id']}").json["state"] == "submitted"


def test_what_it_is_is_said_only_by_who_accepts(garden):
    ticket = garden.report()

    garden.do(
        garden.dispatcher, ticket, "review", {"decision": "reject", "reason": "重复", "category": "PLB"}, expect=422
    )


def test_words_that_cry_for_help_shorten_the_review_whatever_it_was_filed_as(garden):
    trapped = garden.report(description="电梯困人了，快来", category="ELV", problem="noise")
    calm = garden.report(description="电梯有点响", category="ELV", problem="noise")

    assert (due_in_minutes(trapped), due_in_minutes(calm)) == (5, 60)
    assert (trapped["urgency"], trapped["proposed"]["urgency"]) == ("normal", "emergency")


def test_no_words_lengthen_a_limit(garden):
    ticket = garden.report(description="楼道灯坏了", category="ELV", problem="trapped")

    assert due_in_minutes(ticket) == 5


def test_the_words_are_not_told_in_events_or_the_record(garden):
    garden.report(description="厨房水管漏水", unit_id=str(garden.home))

    said = garden.tickets.said()
    assert "水管" not in "".join(event.to_json().decode() for event in said)
    ticket = garden.tickets.client(garden.owner).get("/tickets").json["items"][0]
    line = garden.tickets.client(garden.dispatcher).get(f"/tickets/{ticket['id']}/timeline").text
    assert "水管" not in line
