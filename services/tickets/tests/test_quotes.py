"""Work at the owner's cost: quoted, agreed to from the owner's own sign-in, and nothing charged beyond that."""

import pytest

from chassis.testing import a_person

LABOUR = {"kind": "labour", "name": "更换角阀", "quantity": 1, "price_fen": 8000}
VALVE = {"kind": "part", "name": "角阀", "quantity": 2, "price_fen": 3000}
DONE = {"resolution": "换了角阀"}


def at_owners_cost(garden, *, state="started") -> dict:
    """A repair of the owner's home that the owner is to pay for."""
    ticket = garden.report(unit_id=str(garden.home))
    ticket = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept", "payer": "owner"})
    if state == "started":
        garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})
        ticket = garden.do(garden.technician, ticket, "start")
    return ticket


def quoted(garden, ticket, *lines, who=None) -> dict:
    return garden.do(who or garden.technician, ticket, "quote", {"lines": [*lines] or [LABOUR, VALVE]}, expect=201)


def agreed(garden) -> dict:
    ticket = at_owners_cost(garden)
    garden.do(garden.owner, ticket, "consent", {"total_fen": quoted(garden, ticket)["total_fen"]})
    return ticket


def said(tickets, *types) -> list:
    return [event for event in tickets.said() if event.type.removesuffix(".v1") in types]


def test_what_the_owner_agreed_to_is_charged_when_the_work_is_done(garden, tickets):
    ticket = at_owners_cost(garden)
    quote = quoted(garden, ticket)
    assert (quote["state"], quote["labour_fen"], quote["parts_fen"], quote["total_fen"]) == (
        "offered",
        8000,
        6000,
        14000,
    )

    assert garden.do(garden.owner, ticket, "consent", {"total_fen": 14000})["state"] == "agreed"
    assert said(tickets, "tickets.charge.agreed") == []
    done = garden.do(garden.technician, ticket, "completion", DONE)

    assert done["charged_fen"] == 14000
    (charge,) = said(tickets, "tickets.charge.agreed")
    assert {name: charge.data[name] for name in ("amount_fen", "labour_fen", "parts_fen", "discount_fen")} == {
        "amount_fen": 14000, "labour_fen": 8000, "parts_fen": 6000, "discount_fen": 0,
    }  # fmt: skip
    assert (charge.data["unit_id"], charge.data["agreed_by"]) == (str(garden.home), str(garden.owner.id))
    assert "角阀" not in str(charge.data)
    assert said(tickets, "tickets.ticket.completed")[0].data["charged_fen"] == 14000


def test_less_than_agreed_may_be_charged_and_never_more(garden, tickets):
    ticket = agreed(garden)

    garden.do(garden.technician, ticket, "completion", {**DONE, "charge_fen": 14001}, expect=409)
    garden.do(garden.technician, ticket, "completion", {**DONE, "charge_fen": 9000})

    (charge,) = said(tickets, "tickets.charge.agreed")
    assert (charge.data["amount_fen"], charge.data["discount_fen"]) == (9000, 5000)


def test_work_does_not_end_while_its_owner_decides(garden):
    ticket = at_owners_cost(garden)
    quoted(garden, ticket)

    refused = garden.do(garden.technician, ticket, "completion", DONE, expect=409)

    assert "started" in refused["detail"]


@pytest.mark.parametrize("asked", [None, 0])
def test_nothing_is_charged_that_nobody_was_asked_about(garden, tickets, asked):
    ticket = at_owners_cost(garden)
    parts = [{"name": "角阀", "quantity": 1, "price_fen": 3000}]

    garden.do(garden.technician, ticket, "completion", {**DONE, "charge_fen": 1}, expect=409)
    done = garden.do(garden.technician, ticket, "completion", {**DONE, "parts": parts, "charge_fen": asked})

    assert (done["charged_fen"], said(tickets, "tickets.charge.agreed")) == (0, [])


def test_an_owner_who_refuses_is_charged_nothing(garden, tickets):
    ticket = at_owners_cost(garden)
    quoted(garden, ticket)

    refusal = garden.do(garden.owner, ticket, "refusal", {"total_fen": 14000, "reason": "太贵"})
    done = garden.do(garden.technician, ticket, "completion", {"resolution": "业主自行处理"})

    assert (refusal["state"], refusal["reason"], done["charged_fen"]) == ("refused", "太贵", 0)
    assert said(tickets, "tickets.charge.agreed") == []


def test_an_owner_agrees_to_the_price_they_read(garden, tickets):
    """The quote changed between reading and agreeing."""
    ticket = at_owners_cost(garden)
    quoted(garden, ticket)
    quoted(garden, ticket, {**LABOUR, "price_fen": 50000})

    garden.do(garden.owner, ticket, "consent", {"total_fen": 14000}, expect=409)
    garden.do(garden.owner, ticket, "consent", {"total_fen": 50000})

    items = tickets.client(garden.owner).get(f"/tickets/{ticket['id']}/quotes").json["items"]
    assert [(item["state"], item["total_fen"]) for item in items] == [("withdrawn", 14000), ("agreed", 50000)]


def test_more_work_needs_another_consent(garden):
    ticket = agreed(garden)
    quoted(garden, ticket, {**LABOUR, "price_fen": 20000})

    garden.do(garden.technician, ticket, "completion", DONE, expect=409)
    garden.do(garden.owner, ticket, "consent", {"total_fen": 20000})

    assert garden.do(garden.technician, ticket, "completion", DONE)["charged_fen"] == 20000


def test_after_a_reopening_the_owner_is_not_charged_again(garden, tickets):
    ticket = agreed(garden)
    garden.do(garden.technician, ticket, "completion", DONE)
    ticket = garden.do(garden.owner, ticket, "reopening", {"reason": "又漏了"})
    garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})
    garden.do(garden.technician, ticket, "start")

    garden.do(garden.technician, ticket, "completion", DONE)

    assert len(said(tickets, "tickets.charge.agreed")) == 1


@pytest.mark.parametrize("who", ["dispatcher", "manager", "technician", "neighbour"])
def test_nobody_but_an_owner_of_the_home_agrees(garden, tickets, who):
    ticket = at_owners_cost(garden)
    quoted(garden, ticket)

    answer = tickets.client(getattr(garden, who)).post(f"/tickets/{ticket['id']}/consent", {"total_fen": 14000})

    assert answer.status_code in (403, 404)


@pytest.mark.parametrize("role", ["occupier", "household_member"])
def test_who_only_lives_there_does_not_agree_for_the_owner(garden, role):
    ticket = at_owners_cost(garden)
    quoted(garden, ticket)

    garden.do(garden.resident(garden.home, role=role), ticket, "consent", {"total_fen": 14000}, expect=403)


def test_an_owner_of_another_home_who_lives_here_does_not_agree(garden):
    """The role is for their own home; here they are a member of the household."""
    ticket = at_owners_cost(garden)
    quoted(garden, ticket)
    garden.hear(garden.occupancy(garden.neighbour, garden.home))

    garden.do(garden.neighbour, ticket, "consent", {"total_fen": 14000}, expect=403)


def test_a_tenant_here_who_owns_another_home_does_not_agree(garden):
    ticket = at_owners_cost(garden)
    quoted(garden, ticket)
    roles = [f"occupier@unit:{garden.home}", f"owner@unit:{garden.other_home}"]
    tenant = a_person(operator_id=garden.operator_id, roles=roles)
    garden.hear(garden.occupancy(tenant, garden.home))

    garden.do(tenant, ticket, "consent", {"total_fen": 14000}, expect=403)


def test_a_co_owner_agrees(garden):
    ticket = at_owners_cost(garden)
    quoted(garden, ticket)

    assert garden.do(garden.resident(garden.home, role="co_owner"), ticket, "consent", {"total_fen": 14000})


@pytest.mark.parametrize("payer", ["common", "developer_warranty", None])
def test_what_the_owner_does_not_pay_is_not_quoted(garden, payer):
    ticket = garden.report(unit_id=str(garden.home))
    ticket = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept", "payer": payer})

    refused = garden.do(garden.dispatcher, ticket, "quote", {"lines": [LABOUR]}, expect=409)

    assert "accepted" in refused["detail"]


def test_another_technician_does_not_quote(garden):
    ticket = at_owners_cost(garden)

    garden.do(garden.staff("technician", skills=["plumber"]), ticket, "quote", {"lines": [LABOUR]}, expect=403)


def test_a_completion_names_its_cause_from_the_list(garden, tickets):
    codes = [cause["code"] for cause in tickets.client(garden.technician).get("/causes").json["items"]]
    ticket = garden.bring_to("started")

    garden.do(garden.technician, ticket, "completion", {**DONE, "cause_code": "gremlins"}, expect=422)
    done = garden.do(garden.technician, ticket, "completion", {**DONE, "cause_code": codes[0], "cause": "垫圈老化"})

    assert (done["cause_code"], done["cause"]) == (codes[0], "垫圈老化")
    assert said(tickets, "tickets.ticket.completed")[0].data["cause_code"] == codes[0]
