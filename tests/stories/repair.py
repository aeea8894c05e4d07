"""What people do with a repair, for stories to tell."""

import io

from PIL import Image

from tests.world import World

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


def shown(world: World, ticket: dict) -> dict:
    return world.client("tickets", "HY-E-01 dispatcher").get(f"/tickets/{ticket['id']}").json
