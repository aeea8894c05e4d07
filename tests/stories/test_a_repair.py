"""A repair, from the owner's report to the owner's rating, across three services."""

import io

import pytest
from PIL import Image

from chassis.testing import ConnectedPlatform
from tests.world import World, furnish

PIPE = {"kind": "repair", "category": "PLB", "problem": "漏水", "description": "厨房水管漏水", "urgency": "normal"}
DONE = {
    "resolution": "更换角阀",
    "cause": "老化",
    "parts": [{"name": "角阀", "quantity": 1, "price_fen": 6000}],
    "labour_minutes": 40,
}


def report(world: World, who="HY-E-01 owner", home="HY-E-01 1-1-0101", **more):
    """File a repair of this home. → the ticket as answered"""
    where = {"estate_id": str(world.estates["HY-E-01"]), "unit_id": str(world.units[home])}
    answer = world.client("tickets", who).post("/tickets", {**PIPE, **where, **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def act(world: World, who: str, ticket: dict, verb: str, body: dict | None = None, expect: int = 200):
    answer = world.client("tickets", who).post(f"/tickets/{ticket['id']}/{verb}", body or {})
    assert answer.status_code == expect, answer.json
    world.platform.settle()
    return answer.json


def templates(world: World, who: str, ticket: dict) -> list[str]:
    """What this person was told about the ticket, oldest first."""
    page = world.client("notify", who).get("/messages?limit=200").json
    return [m["template"] for m in reversed(page["items"]) if m["about"]["id"] == ticket["id"]]


def photo(world: World, who: str) -> str:
    kept = io.BytesIO()
    Image.new("RGB", (40, 30), "#888").save(kept, "JPEG")
    kept.seek(0)
    answer = world.client("tickets", who).post("/attachments", data={"file": (kept, "p.jpg", "image/jpeg")})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def mended(world: World) -> dict:
    """A repair that is done."""
    ticket = report(world, attachment_ids=[photo(world, "HY-E-01 owner")])
    world.platform.settle()
    act(world, "HY-E-01 dispatcher", ticket, "review", {"decision": "accept", "payer": "owner"})
    technician = str(world.people["HY-E-01 technician"].id)
    act(world, "HY-E-01 dispatcher", ticket, "dispatch", {"technician_id": technician})
    act(world, "HY-E-01 technician", ticket, "start")
    done = {**DONE, "attachment_ids": [photo(world, "HY-E-01 technician")]}
    return act(world, "HY-E-01 technician", ticket, "completion", done)


def live_through(world: World) -> None:
    ticket = mended(world)
    assert ticket["state"] == "completed"

    rated = act(world, "HY-E-01 owner", ticket, "rating", {"score": 5, "comment": "很快"})
    assert rated["state"] == "completed" and rated["ratings"][0]["score"] == 5

    told = templates(world, "HY-E-01 owner", ticket)
    for step in ("submitted", "reviewed", "dispatched", "started", "completed"):
        assert sum(step in template for template in told) == 1, (step, told)
    assert any("dispatched" in template for template in templates(world, "HY-E-01 technician", ticket))

    moments = world.client("tickets", "HY-E-01 owner").get(f"/tickets/{ticket['id']}/timeline?limit=100").json["items"]
    assert len(moments) >= 6


def test_a_repair_goes_from_the_owners_report_to_the_owners_rating(world):
    live_through(world)


@pytest.mark.connected
def test_the_same_repair_over_a_real_broker(installations, rabbitmq):
    with ConnectedPlatform(installations, rabbitmq, "directory", "tickets", "notify") as platform:
        live_through(furnish(platform))


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


def shown(world: World, ticket: dict) -> dict:
    return world.client("tickets", "HY-E-01 dispatcher").get(f"/tickets/{ticket['id']}").json


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
