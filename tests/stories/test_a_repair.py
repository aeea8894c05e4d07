"""A repair, from the owner's report to the owner's rating, across three services."""

import pytest

from tests.stories.repair import act, live_through, mended, report, shown, templates


def test_a_repair_goes_from_the_owners_report_to_the_owners_rating(world):
    live_through(world)


def test_the_service_desk_files_for_an_owner_who_phoned(world):
    owner2 = world.people["HY-E-01 owner2"]
    ticket = report(
        world,
        "HY-E-01 service_desk",
        "HY-E-01 1-1-0102",
        channel="phone",
        reporter_id=str(owner2.id),
        category="ELC",
        problem=None,
    )

    assert ticket["reporter_id"] == str(owner2.id)
    assert ticket["filed_by"] == str(world.people["HY-E-01 service_desk"].id) and ticket["channel"] == "phone"
    world.platform.settle()
    assert templates(world, "HY-E-01 owner2", ticket)


def test_a_question_is_put_to_the_owner_and_answered(world):
    ticket = report(world)

    asked = act(world, "HY-E-01 dispatcher", ticket, "review", {"decision": "ask", "reason": "哪个水龙头？"})
    assert asked["state"] == "needs_answer"
    assert any("asked" in template for template in templates(world, "HY-E-01 owner", ticket))

    answered = act(world, "HY-E-01 owner", ticket, "answer", {"text": "水槽下"})
    assert answered["state"] == "submitted"


def test_a_request_that_nobody_takes_up_warns_breaches_and_climbs_the_roster(world):
    ticket = report(world, category=None, problem=None)
    world.platform.settle()

    world.platform.tick(hours=18, seconds=1)
    warned = shown(world, ticket)["dues"][0]
    world.platform.tick(hours=6)
    breached = shown(world, ticket)["dues"][0]

    assert warned["warned_at"] and not warned["breached_at"]
    assert breached["breached_at"]
    said = {e.type for e in world.platform["tickets"].said()}
    assert {"tickets.clock.warned.v1", "tickets.clock.breached.v1", "tickets.clock.escalated.v1"} <= said
    climbed = [e.data for e in world.platform["tickets"].said("tickets.clock.escalated.v1")]
    assert climbed, "somebody on the roster is told"
    told = [who for who in world.people if any("escalated" in t for t in templates(world, who, ticket))]
    assert told and all("HY-E-01" in who or who.startswith("HY ") for who in told), told


def test_a_finished_repair_closes_by_itself_and_silence_is_no_rating(world):
    ticket = mended(world)

    world.platform.tick(days=3, seconds=1)
    assert any("reminded" in t for t in templates(world, "HY-E-01 owner", ticket))
    world.platform.tick(days=4)

    closed = shown(world, ticket)
    assert closed["state"] == "closed" and closed["ratings"] == []


@pytest.mark.parametrize(
    "stranger",
    [
        "HY-E-01 owner2",
        "HY-E-02 dispatcher",
        "HY-E-02 estate_manager",
        "QY-01 owner",
        "QY-01 estate_manager",
        "QY head_office",
    ],
)
def test_for_everybody_else_the_repair_does_not_exist(world, stranger):
    ticket = report(world)

    answer = world.client("tickets", stranger).get(f"/tickets/{ticket['id']}")

    assert answer.status_code == 404
    listed = world.client("tickets", stranger).get("/tickets?limit=200").json["items"]
    assert ticket["id"] not in [line["id"] for line in listed]


def test_the_household_sees_its_homes_repair_and_a_technician_may_not_start_anothers(world):
    ticket = report(world)

    assert world.client("tickets", "HY-E-01 household").get(f"/tickets/{ticket['id']}").status_code == 200
    act(world, "HY-E-01 dispatcher", ticket, "review", {"decision": "accept", "payer": "owner"})
    sent = {"technician_id": str(world.people["HY-E-01 technician"].id)}
    act(world, "HY-E-01 dispatcher", ticket, "dispatch", sent)
    act(world, "HY-E-01 technician2", ticket, "start", expect=403)


def test_events_heard_five_times_and_out_of_order_have_one_effect(world):
    ticket = mended(world)
    before = {who: templates(world, who, ticket) for who in world.people}
    notify = world.platform["notify"]
    said = [e for e in world.platform["tickets"].said() if e.type in notify.service.hears]

    for again in (reversed(said), said[::2], said[1::2], said, reversed(said)):
        notify.deliver(*again)

    assert {who: templates(world, who, ticket) for who in world.people} == before
