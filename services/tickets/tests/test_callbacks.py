"""Ratings from the owner's side only; who rated low or said nothing is called back; what comes later is linked."""

from datetime import date, datetime, timedelta

import pytest

from chassis.ids import new_id
from services.tickets.events import Kind, State, Urgency, Why
from services.tickets.model import CallbackPolicy
from services.tickets.model.callback import drawn
from services.tickets.tests.factories import HY, NOON, a_ticket


def said(tickets, *types) -> list:
    return [event for event in tickets.said() if event.type.removesuffix(".v1") in types]


def rated(garden, score, **facts) -> dict:
    return garden.do(garden.owner, garden.bring_to("completed", **facts), "rating", {"score": score})


def listed(tickets, who, asked="") -> list[dict]:
    return tickets.client(who).get(f"/callbacks{asked}").json["items"]


def let_it_close(tickets) -> None:
    tickets.clock.advance(days=7, minutes=1)
    tickets.tick()


# ── who rates ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_rates_their_own_work(garden, tickets):
    """A technician who lives here, on a token of the home alone."""
    ticket = garden.report(unit_id=str(garden.home))
    garden.hear(garden.occupancy(garden.technician, garden.home))
    garden.do(garden.dispatcher, ticket, "review", {"decision": "accept"})
    garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})
    garden.do(garden.technician, ticket, "start")
    garden.do(garden.technician, ticket, "completion", {"resolution": "好了"})
    at_home = garden.technician.__class__(
        **{**vars(garden.technician), "roles": [f"household_member@unit:{garden.home}"]}
    )

    garden.do(at_home, ticket, "rating", {"score": 5}, expect=403)
    garden.do(garden.technician, ticket, "rating", {"score": 5}, expect=403)
    assert garden.do(garden.owner, ticket, "rating", {"score": 4})["ratings"][0]["score"] == 4


def test_a_co_owner_rates_what_the_owner_reported_and_only_once(garden):
    ticket = garden.bring_to("completed")

    garden.do(garden.resident(garden.home, role="co_owner"), ticket, "rating", {"score": 4})

    garden.do(garden.owner, ticket, "rating", {"score": 5}, expect=409)


# ── who lives there ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_home_sees_its_tickets_and_who_moved_out_only_their_own(garden, tickets):
    gone = garden.resident(garden.home, role="occupier", until=date(2026, 11, 1))
    ticket = garden.report(unit_id=str(garden.home))

    for role in ("co_owner", "household_member", "occupier"):
        member = garden.resident(garden.home, role=role)
        assert tickets.client(member).get(f"/tickets/{ticket['id']}").status_code == 200
        assert [line["id"] for line in tickets.client(member).get("/tickets").json["items"]] == [ticket["id"]]
    assert tickets.client(gone).get(f"/tickets/{ticket['id']}").status_code == 404
    assert tickets.client(gone).get("/tickets").json["items"] == []


# ── low ratings ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("score", [1, 2])
def test_a_low_rating_is_called_back_by_the_manager_within_a_day(garden, tickets, score):
    ticket = rated(garden, score)

    (callback,) = listed(tickets, garden.manager, "?open=true")

    assert (callback["why"], callback["ticket_id"]) == ("low_rating", ticket["id"])
    (opened,) = said(tickets, "tickets.callback.opened")
    assert opened.data["told"] == [str(garden.manager.id)]
    assert datetime.fromisoformat(opened.data["due_at"]) == tickets.clock.now() + timedelta(hours=24)


def test_a_good_rating_is_not_called_back(garden, tickets):
    rated(garden, 3)
    let_it_close(tickets)

    assert listed(tickets, garden.manager) == []


def test_a_call_back_is_settled_once(garden, tickets):
    rated(garden, 1)
    (callback,) = listed(tickets, garden.manager)
    client = tickets.client(garden.manager)
    body = {"outcome": "satisfied", "note": "已道歉并重做"}

    settled = client.post(f"/callbacks/{callback['id']}/outcome", body)

    assert (settled.json["outcome"], settled.json["settled_by"]) == ("satisfied", str(garden.manager.id))
    again = client.post(f"/callbacks/{callback['id']}/outcome", body)
    assert again.status_code == 409 and "satisfied" in again.json["detail"]
    (fact,) = said(tickets, "tickets.callback.settled")
    assert "道歉" not in str(fact.data)
    assert listed(tickets, garden.manager, "?open=true") == []


def test_nobody_calls_back_about_their_own_work(garden, tickets):
    """Who answered the complaint is of the desk, which calls back."""
    desk = garden.staff("service_desk", name="周主管")
    ticket = garden.do(garden.dispatcher, garden.report(kind="complaint"), "review", {"decision": "accept"})
    garden.do(garden.dispatcher, ticket, "assignment", {"responsible_id": str(desk.id)})
    garden.do(desk, ticket, "reply", {"text": "无此事", "outcome": "not_upheld"})
    garden.do(garden.owner, ticket, "rating", {"score": 1})
    (callback,) = listed(tickets, desk)

    answer = tickets.client(desk).post(f"/callbacks/{callback['id']}/outcome", {"outcome": "satisfied"})

    assert answer.status_code == 403


def test_a_call_back_is_no_business_of_who_is_complained_of(garden, tickets):
    accused = garden.staff("service_desk", name="赵门卫")
    ticket = garden.report(kind="complaint", complained_of=[str(accused.id), str(garden.manager.id)])
    ticket = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept"})
    garden.do(garden.dispatcher, ticket, "assignment", {"responsible_id": str(garden.dispatcher.id)})
    garden.do(garden.dispatcher, ticket, "reply", {"text": "无此事", "outcome": "not_upheld"})
    region = garden.staff("region_manager", scope=f"region:{garden.region_id}", name="区域经理")
    garden.do(garden.owner, ticket, "rating", {"score": 1})

    assert listed(tickets, accused) == [] and listed(tickets, garden.manager) == []
    (callback,) = listed(tickets, region)
    assert said(tickets, "tickets.callback.opened")[0].data["told"] == [str(region.id)]
    assert (
        tickets.client(accused).post(f"/callbacks/{callback['id']}/outcome", {"outcome": "satisfied"}).status_code
        == 404
    )


def test_a_call_back_that_nobody_makes_goes_up_once(garden, tickets):
    region = garden.staff("region_manager", scope=f"region:{garden.region_id}", name="区域经理")
    rated(garden, 1)

    tickets.clock.advance(hours=23, minutes=59)
    tickets.tick()
    assert said(tickets, "tickets.callback.missed") == []
    for _ in range(2):
        tickets.clock.advance(minutes=2)
        tickets.tick()

    (missed,) = said(tickets, "tickets.callback.missed")
    assert missed.data["told"] == [str(region.id)]
    assert listed(tickets, garden.manager)[0]["missed_at"] is not None


# ── who said nothing ─────────────────────────────────────────────────────────────────────────────────────────────


def put_policy(garden, tickets, *, who=None, **policy):
    head_office = who or garden.staff("head_office", scope="operator", name="总部")
    client = tickets.client(head_office)
    version = client.get("/callback-policy").json["version"]
    body = {"sample_percent": 0, "always": [], "hours": 48, **policy}
    return client.put("/callback-policy", body, headers={"If-Match": f'"{version}"'})


@pytest.mark.parametrize(("percent", "called"), [(0, 0), (100, 1)])
def test_a_share_of_the_unrated_is_called_back(garden, tickets, percent, called):
    assert put_policy(garden, tickets, sample_percent=percent).status_code == 200
    garden.bring_to("completed")

    let_it_close(tickets)

    assert [each["why"] for each in listed(tickets, garden.manager)] == ["sample"] * called


def test_a_closed_ticket_that_the_policy_names_is_always_called_back(garden, tickets):
    put_policy(garden, tickets, always=["emergency"])
    garden.bring_to("completed", urgency="emergency")
    garden.bring_to("completed")

    let_it_close(tickets)

    assert [each["why"] for each in listed(tickets, garden.manager)] == ["policy"]


def test_what_the_owner_confirmed_or_rated_is_not_called_back(garden, tickets):
    put_policy(garden, tickets, sample_percent=100)
    garden.do(garden.owner, garden.bring_to("completed"), "confirmation")
    rated(garden, 5)

    let_it_close(tickets)

    assert listed(tickets, garden.manager) == []


def test_a_sample_is_as_good_as_chance_and_the_same_when_drawn_again():
    ids = [new_id() for _ in range(4000)]

    chosen = [id for id in ids if drawn(id, 0) < 20]

    assert 0.16 < len(chosen) / len(ids) < 0.24
    assert chosen == [id for id in ids if drawn(id, 0) < 20]
    assert chosen != [id for id in ids if drawn(id, 1) < 20]


def test_a_confidential_complainant_is_never_called_by_chance(garden):
    policy = CallbackPolicy(id=HY, sample_percent=100, always=["complaint"], hours=24)

    ordinary = a_ticket(kind=Kind.COMPLAINT, state=State.REPLIED)
    confidential = a_ticket(kind=Kind.COMPLAINT, state=State.REPLIED, confidential=True)

    assert (policy.asks_about(ordinary), policy.asks_about(confidential)) == (Why.POLICY, None)
    assert CallbackPolicy.usual(HY).asks_about(a_ticket(urgency=Urgency.EMERGENCY, at=NOON)) is Why.POLICY


@pytest.mark.parametrize("role", ["estate_manager", "dispatcher", "technician"])
def test_only_head_office_chooses_whom_the_operator_calls_back(garden, tickets, role):
    client = tickets.client(garden.staff(role))

    answer = client.put(
        "/callback-policy", {"sample_percent": 0, "always": [], "hours": 1}, headers={"If-Match": '"0"'}
    )

    assert answer.status_code == 403


def test_head_office_of_a_part_does_not_choose_for_the_whole(garden, tickets):
    of_one_estate = garden.staff("head_office", scope=f"estate:{garden.estate_id}")

    assert put_policy(garden, tickets, who=of_one_estate).status_code == 403


def test_a_policy_names_only_what_there_is(garden, tickets):
    assert put_policy(garden, tickets, always=["everything"]).status_code == 422


# ── what comes later ─────────────────────────────────────────────────────────────────────────────────────────────


def test_after_the_warranty_the_refusal_offers_a_linked_ticket(garden, tickets):
    ticket = garden.bring_to("completed")
    tickets.clock.advance(days=31)
    tickets.tick()

    refused = garden.do(garden.owner, ticket, "reopening", {"reason": "又漏了"}, expect=409)
    later = garden.report(unit_id=str(garden.home), follows_id=refused["errors"]["follows_id"][0])

    assert later["follows_id"] == ticket["id"]


def test_nobody_follows_a_ticket_they_do_not_see(garden, tickets):
    ticket = garden.report(unit_id=str(garden.home))
    body = {"kind": "repair", "estate_id": str(garden.estate_id), "description": "漏水", "follows_id": ticket["id"]}

    assert tickets.client(garden.neighbour).post("/tickets", body).status_code == 404


def test_what_follows_a_confidential_complaint_is_as_confidential(garden, tickets):
    ticket = garden.report(kind="complaint", confidential=True)

    later = garden.report(kind="complaint", follows_id=ticket["id"])

    assert later["confidential"] is True
    body = {"kind": "repair", "estate_id": str(garden.estate_id), "description": "漏水", "follows_id": ticket["id"]}
    assert tickets.client(garden.owner).post("/tickets", body).status_code == 422
