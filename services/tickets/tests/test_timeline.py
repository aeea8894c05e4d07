"""What happened to a ticket over HTTP: its timeline, comments and files, and who sees them."""

import io

from PIL import Image


def timeline(garden, who, ticket):
    return garden.tickets.client(who).get(f"/tickets/{ticket['id']}/timeline").json["items"]


def test_the_timeline_shows_who_did_what_when_and_before_and_after(garden):
    ticket = garden.bring_to("dispatched", description="厨房水管漏水")

    moments = timeline(garden, garden.owner, ticket)

    assert [each["action"] for each in moments] == [
        "tickets.ticket.submitted.v1",
        "tickets.clock.started.v1",
        "tickets.ticket.reviewed.v1",
        "tickets.clock.met.v1",
        "tickets.ticket.dispatched.v1",
        "tickets.clock.started.v1",
        "tickets.clock.started.v1",
    ]
    accepted = moments[2]
    assert accepted["actor"] == {"kind": "person", "id": str(garden.dispatcher.id), "name": "李师傅"}
    assert accepted["changes"]["state"] == {"before": "submitted", "after": "accepted"}
    assert "厨房水管漏水" not in str(moments)


def test_the_timeline_comes_in_pages(garden):
    ticket = garden.bring_to("dispatched")
    client = garden.tickets.client(garden.owner)

    first = client.get(f"/tickets/{ticket['id']}/timeline?limit=4").json
    second = client.get(f"/tickets/{ticket['id']}/timeline?limit=4&after={first['next']}").json

    assert len(first["items"] + second["items"]) == 7


def test_residents_see_public_comments_only(garden):
    ticket = garden.report()
    garden.do(garden.dispatcher, ticket, "comments", {"text": "师傅下午到"}, expect=201)
    garden.do(garden.dispatcher, ticket, "comments", {"text": "他总是催", "internal": True}, expect=201)
    garden.do(garden.owner, ticket, "comments", {"text": "好的"}, expect=201)

    def comments(who):
        return [each["comment"]["text"] for each in timeline(garden, who, ticket) if each["comment"]]

    assert comments(garden.owner) == ["师傅下午到", "好的"]
    assert comments(garden.dispatcher) == ["师傅下午到", "他总是催", "好的"]
    assert "催" not in str(timeline(garden, garden.owner, ticket))


def test_residents_write_no_internal_comments(garden):
    garden.do(garden.owner, garden.report(), "comments", {"text": "你好", "internal": True}, expect=403)


def test_photos_come_with_the_report_and_the_completion(garden):
    ticket = garden.report(unit_id=str(garden.home), attachment_ids=[photo(garden, garden.owner)])
    garden.do(garden.dispatcher, ticket, "review", {"decision": "accept"})
    garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})
    garden.do(garden.technician, ticket, "start")
    before, after = photo(garden, garden.technician), photo(garden, garden.technician)
    done = {"resolution": "好了", "before_ids": [before], "attachment_ids": [after]}
    garden.do(garden.technician, ticket, "completion", done)

    files = garden.tickets.client(garden.owner).get(f"/tickets/{ticket['id']}/attachments").json

    assert {stage: len(found) for stage, found in files.items()} == {
        "report": 1,
        "answer": 0,
        "completion": 1,
        "reply": 0,
        "before": 1,
    }
    assert garden.tickets.client().get(files["report"][0]["url"].partition("8080")[2]).status_code == 200


def test_nobody_attaches_somebody_elses_upload(garden):
    body = {
        "kind": "repair",
        "estate_id": str(garden.estate_id),
        "description": "漏水",
        "attachment_ids": [photo(garden, garden.neighbour)],
    }

    answer = garden.tickets.client(garden.owner).post("/tickets", body)

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["attachment_ids"])


def photo(garden, who) -> str:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "blue").save(picture, "PNG")
    picture.seek(0)
    answer = garden.tickets.client(who).post("/attachments", data={"file": (picture, "leak.png")})
    assert answer.status_code == 201, answer.json
    return answer.json["id"]
