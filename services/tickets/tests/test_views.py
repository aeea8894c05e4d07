"""Door 1: tickets over HTTP, who sees them, and what is refused how."""

from datetime import date

import pytest

from services.tickets.events import State
from services.tickets.tests import factories


def see(garden, who, ticket):
    return garden.tickets.client(who).get(f"/tickets/{ticket['id']}").status_code


def numbers(garden, who, query=""):
    answer = garden.tickets.client(who).get(f"/tickets{query}")
    assert answer.status_code == 200, answer.json
    return [each["number"][-1] for each in answer.json["items"]]


# ── the way of a repair ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_repair_goes_from_the_owners_report_to_the_owners_rating(garden):
    ticket = garden.report(unit_id=str(garden.home), category="给排水", problem="leak")
    assert (ticket["state"], ticket["number"], ticket["category"]) == ("submitted", "HY-E-01-2026-000001", "PLB")
    assert ticket["dues"] == [
        {
            "clock": "review",
            "due_at": "2026-11-24T01:00:00Z",
            "warned_at": None,
            "breached_at": None,
            "met_at": None,
        }
    ]

    ticket = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept", "payer": "owner"})
    ticket = garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})
    ticket = garden.do(garden.technician, ticket, "start")
    done = {
        "resolution": "换了阀芯",
        "parts": [{"name": "阀芯", "quantity": 2, "price_fen": 3500}],
        "labour_minutes": 40,
    }
    ticket = garden.do(garden.technician, ticket, "completion", done)
    ticket = garden.do(garden.owner, ticket, "rating", {"score": 5, "aspects": {"speed": 5}, "tags": ["准时"]})

    assert ticket["state"] == "completed"
    assert ticket["ratings"][0]["score"] == 5
    assert ticket["assignee"] == {"id": str(garden.technician.id), "name": "李师傅"}
    assert [each.type.split(".")[2] for each in garden.tickets.said() if each.subject.startswith("ticket/")] == [
        "submitted",
        "reviewed",
        "dispatched",
        "started",
        "completed",
        "rated",
    ]


def test_a_question_is_answered_and_the_review_goes_on(garden):
    ticket = garden.report()

    asked = garden.do(garden.dispatcher, ticket, "review", {"decision": "ask", "reason": "哪个房间？"})
    answered = garden.do(garden.owner, ticket, "answer", {"text": "厨房"})

    assert (asked["state"], asked["question"]) == ("needs_answer", "哪个房间？")
    assert (answered["state"], answered["answer"]) == ("submitted", "厨房")


def test_a_rejection_needs_a_reason(garden):
    ticket = garden.report()

    refused = garden.do(garden.dispatcher, ticket, "review", {"decision": "reject"}, expect=422)
    rejected = garden.do(garden.dispatcher, ticket, "review", {"decision": "reject", "reason": "重复"})

    assert "reason" in str(refused["errors"])
    assert (rejected["state"], rejected["reason"]) == ("rejected", "重复")


def test_a_ticket_is_held_and_goes_on_where_it_was(garden):
    ticket = garden.bring_to("started")

    held = garden.do(garden.technician, ticket, "hold", {"reason": "等配件"})
    resumed = garden.do(garden.technician, ticket, "resumption")

    assert (held["state"], resumed["state"]) == ("on_hold", "started")


def test_an_owner_cancels_and_reopens(garden):
    cancelled = garden.do(garden.owner, garden.report(), "cancellation", {"reason": "不需要了"})
    reopened = garden.do(garden.owner, garden.bring_to("completed"), "reopening", {"reason": "又漏了"})

    assert cancelled["state"] == "cancelled"
    assert (reopened["state"], reopened["reopened"]) == ("accepted", 1)


def test_the_desk_sees_candidates_and_everybody_the_taxonomy(garden):
    ticket = garden.bring_to("accepted", category="PLB")

    candidates = garden.tickets.client(garden.dispatcher).get(f"/tickets/{ticket['id']}/candidates").json["items"]
    categories = garden.tickets.client(garden.owner).get("/taxonomy").json["items"]

    assert [each["technician_id"] for each in candidates] == [str(garden.technician.id)]
    assert {"code": "PLB", "skill": "plumber"}.items() <= categories[1].items()
    assert categories[0]["problems"][0]["limits"] == {"review": 5, "arrival": 30, "resolution": 120}


# ── who sees it ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_repair_of_a_home_exists_for_the_home_and_its_estates_staff_only(garden):
    wife = garden.resident(garden.home, role="co_owner")
    head_office = garden.staff("head_office", scope="operator")
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    foreign = factories.Garden(garden.tickets, operator_id=factories.QY, code="QY-01")
    ticket = garden.report(unit_id=str(garden.home))

    for somebody in (garden.owner, wife, garden.dispatcher, garden.technician, head_office):
        assert see(garden, somebody, ticket) == 200
    for nobody in (garden.neighbour, elsewhere.dispatcher, elsewhere.owner, foreign.dispatcher, foreign.owner):
        assert see(garden, nobody, ticket) == 404
        assert numbers(garden, nobody) == []


def test_what_is_not_yours_is_absent_for_every_act(garden):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    ticket = garden.report(unit_id=str(garden.home))
    acts = {
        "review": (elsewhere.dispatcher, {"decision": "accept"}),
        "dispatch": (elsewhere.dispatcher, {"technician_id": str(garden.technician.id)}),
        "start": (elsewhere.technician, {}),
        "completion": (elsewhere.technician, {"resolution": "好了"}),
        "hold": (elsewhere.technician, {"reason": "等配件"}),
        "resumption": (elsewhere.technician, {}),
        "answer": (garden.neighbour, {"text": "厨房"}),
        "rating": (garden.neighbour, {"score": 1}),
        "reopening": (garden.neighbour, {"reason": "又漏了"}),
        "cancellation": (garden.neighbour, {"reason": "不需要了"}),
        "comments": (garden.neighbour, {"text": "你好"}),
    }

    for act, (stranger, body) in acts.items():
        garden.do(stranger, ticket, act, body, expect=404)


def test_a_public_places_ticket_exists_for_its_reporter_and_staff(garden):
    ticket = garden.report(place="3栋大堂")

    assert see(garden, garden.owner, ticket) == 200
    assert see(garden, garden.dispatcher, ticket) == 200
    assert see(garden, garden.neighbour, ticket) == 404


def test_whoever_moves_in_sees_the_homes_tickets_and_whoever_moved_out_does_not(garden):
    ticket = garden.report(garden.dispatcher, unit_id=str(garden.home))
    tomorrow = garden.resident(garden.home, role="occupier", since=date(2026, 11, 24))
    assert (see(garden, garden.owner, ticket), see(garden, tomorrow, ticket)) == (200, 404)

    garden.hear(garden.occupancy(garden.owner, garden.home, until=date(2026, 11, 23)), sequence=2)
    garden.tickets.clock.advance(hours=15)  # midnight in Shanghai

    assert (see(garden, garden.owner, ticket), see(garden, tomorrow, ticket)) == (404, 200)


def test_the_role_decides_once_the_ticket_is_seen(garden):
    ticket = garden.report(unit_id=str(garden.home))

    for who, act, body in (
        (garden.owner, "dispatch", {"technician_id": str(garden.technician.id)}),
        (garden.technician, "review", {"decision": "accept"}),
        (garden.dispatcher, "rating", {"score": 5}),
        (garden.dispatcher, "start", {}),
    ):
        garden.do(who, ticket, act, body, expect=403)


def test_another_technicians_job_is_forbidden_and_says_why(garden):
    other = garden.staff("technician")
    ticket = garden.bring_to("dispatched")

    refused = garden.do(other, ticket, "start", expect=403)

    assert "他人" in refused["detail"]


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_list_is_filtered_by_what_it_names(garden):
    first = garden.report(category="PLB", description="厨房水管漏水")
    garden.report(kind="complaint", place="3栋大堂", description="太吵")
    garden.report(garden.neighbour, unit_id=str(garden.other_home), description="100%_确定")
    garden.do(garden.dispatcher, first, "review", {"decision": "reject", "reason": "重复"})
    desk = garden.dispatcher

    assert numbers(garden, desk, f"?estate_id={garden.estate_id}") == ["3", "2", "1"]
    assert numbers(garden, desk, "?sort=filed_at") == ["1", "2", "3"]
    assert numbers(garden, desk, "?state=rejected") == ["1"]
    assert numbers(garden, desk, "?open=true") == ["3", "2"]
    assert numbers(garden, desk, "?kind=complaint") == ["2"]
    assert numbers(garden, desk, "?category=PLB") == ["1"]
    assert numbers(garden, desk, f"?unit_id={garden.other_home}") == ["3"]
    assert numbers(garden, desk, "?q=水管") == ["1"]
    assert numbers(garden, desk, "?q=大堂") == ["2"]
    assert numbers(garden, desk, "?q=100%25_") == ["3"]
    assert numbers(garden, desk, "?q=HY-E-01-2026-000002") == ["2"]
    assert numbers(garden, garden.owner) == ["2", "1"]


def test_a_technicians_own_list_holds_what_they_were_sent(garden):
    garden.report()
    sent = garden.bring_to("dispatched")

    assert numbers(garden, garden.technician, "?mine=true") == [sent["number"][-1]]
    assert numbers(garden, garden.dispatcher, f"?assignee={garden.technician.id}") == [sent["number"][-1]]


def test_a_long_list_comes_in_pages_that_new_tickets_do_not_shift(garden):
    for _ in range(5):
        garden.report()
    first = garden.tickets.client(garden.owner).get("/tickets?limit=2").json

    garden.report()
    second = garden.tickets.client(garden.owner).get(f"/tickets?limit=3&after={first['next']}").json

    assert [each["number"][-1] for each in first["items"] + second["items"]] == ["5", "4", "3", "2", "1"]
    assert second["next"] is None


@pytest.mark.parametrize("query", ["?colour=red", "?state=broken", "?sort=reporter_id", "?limit=201", "?after=x"])
def test_a_query_we_do_not_know_is_refused(garden, query):
    assert garden.tickets.client(garden.owner).get(f"/tickets{query}").status_code == 422


# ── bad input ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "wish"),
        ("description", ""),
        ("description", "a\u0000b"),
        ("description", None),
        ("urgency", "soon"),
        ("contact_phone", "call me"),
        ("preferred_times", [{"from": "2026-11-24T02:00:00Z", "to": "2026-11-24T01:00:00Z"}]),
        ("state", "closed"),
        ("attachment_ids", ["x"]),
    ],
)
def test_a_report_that_cannot_be_accepted_names_the_field(garden, field, value):
    body = {"kind": "repair", "estate_id": str(garden.estate_id), "description": "漏水", field: value}

    answer = garden.tickets.client(garden.owner).post("/tickets", body)

    assert answer.status_code == 422
    assert any(name.startswith(field) for name in answer.json["errors"])


def test_preferred_times_and_a_masked_phone_come_back(garden):
    span = {"from": "2026-11-24T01:00:00+00:00", "to": "2026-11-24T03:00:00+00:00"}

    ticket = garden.report(preferred_times=[span], contact_phone="13812345678")
    shown = garden.tickets.client(garden.dispatcher).get(f"/tickets/{ticket['id']}").json

    assert (shown["preferred_times"], shown["contact_phone"]) == ([span], "138****5678")


def test_the_phone_in_full_is_for_the_desk_whoever_was_sent_and_the_reporter(garden):
    ticket = garden.report(contact_phone="13812345678")
    another = garden.staff("technician")
    address = f"/tickets/{ticket['id']}/contact"

    assert garden.tickets.client(garden.technician).get(address).status_code == 403
    garden.do(garden.dispatcher, ticket, "review", {"decision": "accept"})
    garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})

    for person in (garden.technician, garden.dispatcher, garden.owner):
        assert garden.tickets.client(person).get(address).json["phone"] == "13812345678"
    assert garden.tickets.client(another).get(address).status_code == 403
    assert garden.tickets.client(garden.neighbour).get(address).status_code == 404


def test_staff_do_not_see_a_complaint_about_themselves(garden):
    ticket = garden.report(kind="complaint", complained_of=[str(garden.manager.id)])

    assert garden.tickets.client(garden.manager).get(f"/tickets/{ticket['id']}").status_code == 404
    assert numbers(garden, garden.manager) == []
    assert garden.tickets.client(garden.dispatcher).get(f"/tickets/{ticket['id']}").status_code == 200


def test_a_wrong_move_names_the_state(garden):
    refused = garden.do(garden.technician, garden.report(), "start", expect=409)

    assert "submitted" in refused["detail"]


@pytest.mark.parametrize("score", [0, 6, "5", 4.5])
def test_a_rating_is_a_whole_number_from_1_to_5(garden, score):
    garden.do(garden.owner, garden.bring_to("completed"), "rating", {"score": score}, expect=422)


def test_a_repeated_post_with_one_key_files_one_ticket(garden):
    body = {"kind": "repair", "estate_id": str(garden.estate_id), "description": "漏水"}
    client = garden.tickets.client(garden.owner)

    first, again = (client.post("/tickets", body, headers={"Idempotency-Key": "one"}) for _ in range(2))

    assert first.json["id"] == again.json["id"]
    assert len(garden.tickets.said("tickets.ticket.submitted.v1")) == 1


def test_every_state_can_be_asked_for(garden):
    for state in State:
        assert numbers(garden, garden.dispatcher, f"?state={state}") == []
