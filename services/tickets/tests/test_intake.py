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


# ── who may report for whom ──────────────────────────────────────────────────────────────────────────────────────


def filed(garden, who, *, expect=201, **facts):
    body = {"kind": "repair", "estate_id": str(garden.estate_id), "description": "漏水", **facts}
    answer = garden.tickets.client(who).post("/tickets", body)
    assert answer.status_code == expect, answer.json
    return answer.json


@pytest.mark.parametrize("role", ["owner", "co_owner", "household_member", "occupier"])
def test_everybody_who_holds_the_home_reports_for_it_and_sees_what_the_others_reported(garden, role):
    lives_there = garden.resident(garden.home, role=role)

    ticket = filed(garden, lives_there, unit_id=str(garden.home))

    assert ticket["reporter_id"] == ticket["filed_by"] == str(lives_there.id)
    assert garden.tickets.client(garden.owner).get(f"/tickets/{ticket['id']}").status_code == 200
    assert garden.tickets.client(garden.neighbour).get(f"/tickets/{ticket['id']}").status_code == 404


@pytest.mark.parametrize("role", ["co_owner", "household_member"])
def test_the_desk_files_for_any_of_the_home_and_keeps_both_persons_and_the_channel(garden, role):
    lives_there = garden.resident(garden.home, role=role)

    who = {"unit_id": str(garden.home), "reporter_id": str(lives_there.id), "channel": "phone"}
    ticket = filed(garden, garden.dispatcher, **who)

    assert (ticket["reporter_id"], ticket["filed_by"], ticket["channel"]) == (
        str(lives_there.id),
        str(garden.dispatcher.id),
        "phone",
    )
    assert garden.tickets.client(lives_there).get(f"/tickets/{ticket['id']}").status_code == 200


def test_the_desk_files_for_nobody_who_moved_out_or_has_not_moved_in(garden):
    former = garden.resident(garden.home, until=factories.date(2026, 11, 22))
    coming = garden.resident(garden.home, since=factories.date(2026, 11, 24))

    for person in (former, coming):
        who = {"reporter_id": str(person.id), "channel": "phone"}
        answer = filed(garden, garden.dispatcher, unit_id=str(garden.home), expect=422, **who)
        assert "reporter_id" in answer["errors"]
        filed(garden, garden.dispatcher, expect=422, **who)


def test_the_desk_files_for_no_unit_of_another_estate(garden):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")

    theirs = {"unit_id": str(elsewhere.home), "reporter_id": str(elsewhere.owner.id), "channel": "phone"}
    filed(garden, garden.dispatcher, expect=404, **theirs)
    filed(garden, garden.dispatcher, expect=422, reporter_id=str(elsewhere.owner.id), channel="phone")
    filed(garden, garden.dispatcher, expect=404, estate_id=str(elsewhere.estate_id))


def test_the_neighbour_is_not_whom_the_desk_files_for_in_this_home(garden):
    who = {"unit_id": str(garden.home), "reporter_id": str(garden.neighbour.id), "channel": "desk"}

    filed(garden, garden.dispatcher, expect=422, **who)


def test_a_technician_files_what_they_found_but_for_nobody_else(garden):
    found = filed(garden, garden.technician, place="3栋大堂", channel="patrol")

    assert found["reporter_id"] == str(garden.technician.id)
    filed(garden, garden.technician, reporter_id=str(garden.owner.id), channel="phone", expect=403)
