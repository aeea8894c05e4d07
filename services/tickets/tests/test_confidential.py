"""A confidential complaint hides the complainant: as the person complained of and as ordinary staff we try every door."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import orjson
import pytest
from sqlalchemy import select

from chassis import tables
from chassis.private import unseal
from services.tickets.model import Confidence, Ticket

CONTRACT = Path(__file__).parents[3] / "contracts/openapi/tickets.json"
PHONE = "13812345678"
NAME = "王秀英"
WORDS = "门卫夜里睡觉"
NOT_ALLOWED = (403, 404)


@pytest.fixture
def accused(garden):
    return garden.staff("service_desk", name="赵门卫")


@pytest.fixture
def complaint(garden, accused):
    """A confidential complaint of the home's owner about a member of the desk."""
    return garden.report(
        kind="complaint",
        confidential=True,
        unit_id=str(garden.home),
        complained_of=[str(accused.id)],
        contact_phone=PHONE,
        description=WORDS,
    )


def traces(garden, text: str) -> list[str]:
    """What in a text would give the complainant away."""
    return [each for each in (str(garden.owner.id), str(garden.home), NAME, PHONE) if each in text]


def doors(ticket: dict) -> list[str]:
    base = f"/tickets/{ticket['id']}"
    return [base, f"{base}/timeline?limit=200", f"{base}/contact", f"{base}/attachments"]


def lived(garden, complaint) -> dict:
    """The complaint after words from both sides, an answer, an objection, another answer and a rating."""
    manager = {"responsible_id": str(garden.manager.id)}
    garden.do(garden.dispatcher, complaint, "review", {"decision": "ask", "reason": "哪一天？"})
    garden.do(garden.owner, complaint, "answer", {"text": "周三"})
    garden.do(garden.dispatcher, complaint, "review", {"decision": "accept"})
    garden.do(garden.owner, complaint, "comments", {"text": "请保密"}, expect=201)
    garden.do(garden.dispatcher, complaint, "comments", {"text": "好的"}, expect=201)
    garden.do(garden.dispatcher, complaint, "assignment", manager)
    garden.do(garden.manager, complaint, "reply", {"text": "已处理", "outcome": "upheld"})
    garden.do(garden.owner, complaint, "contest", {"reason": "没有"})
    garden.do(garden.dispatcher, complaint, "reply", {"text": "已调岗", "outcome": "upheld"})
    garden.do(garden.owner, complaint, "rating", {"score": 2})
    return garden.do(garden.owner, complaint, "confirmation")


# ── who must not know ────────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_complained_of_finds_nothing_at_any_door(garden, tickets, accused, complaint):
    lived(garden, complaint)
    client = tickets.client(accused)

    assert [client.get(door).status_code for door in doors(complaint)] == [404] * 4
    for asked in (
        "",
        "?kind=complaint",
        f"?unit_id={garden.home}",
        f"?q={WORDS}",
        f"?q={complaint['number']}",
        "?mine=true",
    ):
        assert complaint["id"] not in client.get(f"/tickets{asked}").text
    for act in ("disclosure", "comments", "review"):
        assert client.post(f"/tickets/{complaint['id']}/{act}", {"reason": "谁？"}).status_code in (403, 404, 422)


@pytest.mark.parametrize("role", ["technician", "cashier", "inspector", "admin"])
def test_staff_who_do_not_decide_do_not_see_the_complaint(garden, tickets, complaint, role):
    client = tickets.client(garden.staff(role))

    assert [client.get(door).status_code for door in doors(complaint)] == [404] * 4
    assert complaint["id"] not in client.get("/tickets").text


@pytest.mark.parametrize("role", ["service_desk", "dispatcher", "estate_manager"])
def test_staff_who_decide_see_the_complaint_and_not_who_it_is_from(garden, tickets, complaint, role):
    lived(garden, complaint)
    client = tickets.client(garden.staff(role, name="钱主管"))

    seen = {door: client.get(door) for door in doors(complaint)}

    assert [answer.status_code for answer in seen.values()] == [200, 200, 403, 200]
    assert [traces(garden, answer.text) for answer in seen.values()] == [[]] * 4
    shown = seen[doors(complaint)[0]].json
    assert (shown["unit_id"], shown["reporter"], shown["contact_phone"]) == (None, None, None)
    assert WORDS in shown["description"]
    moments = seen[doors(complaint)[1]].json["items"]
    alias = {moment["actor"]["id"] for moment in moments if moment["action"] == "tickets.ticket.submitted.v1"}
    assert alias == {shown["reporter_id"]}


def test_no_filter_and_no_search_tells_who_it_is_from(garden, tickets, complaint):
    client = tickets.client(garden.dispatcher)

    for asked in (f"unit_id={garden.home}", f"q={NAME}", f"q={PHONE}", f"unit_id={garden.home}&q={WORDS}"):
        assert client.get(f"/tickets?{asked}").json["items"] == []
    (line,) = client.get("/tickets?kind=complaint").json["items"]
    assert line["unit_id"] is None


def test_the_neighbours_in_the_same_home_do_not_see_it(garden, tickets, complaint):
    spouse = garden.resident(garden.home, role="co_owner")

    assert tickets.client(spouse).get(f"/tickets/{complaint['id']}").status_code == 404
    assert tickets.client(spouse).get("/tickets").json["items"] == []


def test_no_event_and_no_audit_row_names_the_complainant(garden, tickets, complaint):
    lived(garden, complaint)

    said = [event for event in tickets.said() if not event.type.startswith("directory.")]
    with tickets.work() as work:
        rows = [str(dict(row)) for row in work.execute(select(tables.audit)).mappings()]

    assert len(said) > 15
    assert [traces(garden, orjson.dumps(event.to_dict()).decode()) for event in said] == [[]] * len(said)
    assert [traces(garden, row) for row in rows] == [[]] * len(rows)


def test_every_complaint_has_an_alias_of_its_own(garden, complaint):
    other = garden.report(kind="complaint", confidential=True)

    assert len({complaint["reporter_id"], other["reporter_id"], str(garden.owner.id)}) == 3


def test_the_ticket_itself_does_not_know_who_it_is_from(garden, tickets, complaint):
    lived(garden, complaint)
    with tickets.work() as work:
        row = work.session.execute(select(Ticket.__table__)).mappings().one()
        ratings = [rating.rated_by for rating in work.scalars(select(Ticket)).pop().ratings]

    assert traces(garden, str({**row})) == []
    assert garden.owner.id not in ratings


def every_door(ticket: dict, garden) -> list[str]:
    """Every route that can be read with what we have, from the contract: a new one joins by itself."""
    paths = [path for path, acts in orjson.loads(CONTRACT.read_bytes())["paths"].items() if "get" in acts]
    known = {"{ticket_id}": ticket["id"], "{estate_id}": str(garden.estate_id)}
    for name, id in known.items():
        paths = [path.replace(name, id) for path in paths]
    return [path.removeprefix("/api/tickets/v1") for path in paths if "{" not in path]


def written(answer) -> str:
    """What an answer says, also where it comes packed."""
    if "spreadsheet" not in answer.content_type:
        return answer.text
    with ZipFile(BytesIO(answer.data)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


@pytest.mark.parametrize(
    "role", ["service_desk", "dispatcher", "estate_manager", "technician", "region_manager", "head_office"]
)
def test_no_route_gives_the_complainant_away(garden, tickets, complaint, role):
    lived(garden, complaint)
    scopes = {"region_manager": f"region:{garden.region_id}", "head_office": "operator"}
    client = tickets.client(garden.staff(role, scope=scopes.get(role), name="钱主管"))
    doors = every_door(complaint, garden)

    read = {door: client.get(door) for door in doors}

    assert len(doors) > 20
    assert sum(answer.status_code == 200 for answer in read.values()) > 5
    assert {door: found for door, answer in read.items() if (found := traces(garden, written(answer)))} == {}


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_complainant_follows_it_from_their_own_sign_in(garden, tickets, complaint):
    client = tickets.client(garden.owner)

    for asked in ("", "?mine=true"):
        assert [line["id"] for line in client.get(f"/tickets{asked}").json["items"]] == [complaint["id"]]
    assert client.get(f"/tickets/{complaint['id']}").json["confidential"] is True
    assert lived(garden, complaint)["state"] == "closed"


def test_the_complainant_is_told_of_each_step_under_seal(garden, tickets, complaint):
    lived(garden, complaint)

    told = [event for event in tickets.said() if event.type == "tickets.confidence.told.v1"]

    assert {unseal(event.data["reporter_sealed"]) for event in told} == {str(garden.owner.id)}
    assert [event.data["step"].split(".")[2] for event in told] == [
        "submitted", "asked", "reviewed", "added", "assigned", "replied", "replied", "closed",
    ]  # fmt: skip


def test_a_manager_looks_up_who_it_is_and_that_is_kept_and_told(garden, tickets, complaint):
    found = garden.do(garden.manager, complaint, "disclosure", {"reason": "需上门道歉"})

    assert found == {"reporter_id": str(garden.owner.id), "unit_id": str(garden.home), "name": NAME, "phone": PHONE}
    (said,) = [event for event in tickets.said() if event.type == "tickets.confidence.disclosed.v1"]
    assert (said.data["disclosed_to"], said.actor) == (str(garden.manager.id), f"person/{garden.manager.id}")
    assert unseal(said.data["reporter_sealed"]) == str(garden.owner.id)
    with tickets.work() as work:
        assert work.scalars(select(Confidence))[0].disclosed_for == "需上门道歉"


@pytest.mark.parametrize("role", ["service_desk", "dispatcher", "technician", "cashier"])
def test_nobody_below_a_manager_looks_it_up(garden, tickets, complaint, role):
    answer = tickets.client(garden.staff(role)).post(f"/tickets/{complaint['id']}/disclosure", {"reason": "好奇"})

    assert answer.status_code in NOT_ALLOWED
    assert traces(garden, answer.text) == []


def test_a_manager_who_is_complained_of_looks_nothing_up(garden, tickets):
    ticket = garden.report(kind="complaint", confidential=True, complained_of=[str(garden.manager.id)])

    assert (
        tickets.client(garden.manager).post(f"/tickets/{ticket['id']}/disclosure", {"reason": "谁"}).status_code == 404
    )


def test_there_is_nothing_to_disclose_of_an_open_complaint(garden):
    refused = garden.do(garden.manager, garden.report(kind="complaint"), "disclosure", {"reason": "查"}, expect=409)

    assert "submitted" in refused["detail"]


def test_who_has_it_to_answer_sees_it_whatever_their_role(garden, tickets, complaint):
    inspector = garden.staff("inspector", name="孙主管")
    garden.do(garden.dispatcher, complaint, "review", {"decision": "accept"})
    garden.do(garden.dispatcher, complaint, "assignment", {"responsible_id": str(inspector.id)})

    shown = tickets.client(inspector).get(f"/tickets/{complaint['id']}")

    assert shown.status_code == 200 and traces(garden, shown.text) == []


def test_what_staff_file_for_a_complainant_is_as_confidential(garden, tickets):
    ticket = garden.report(
        garden.dispatcher, kind="complaint", confidential=True, channel="phone", reporter_id=str(garden.owner.id)
    )

    shown = tickets.client(garden.manager).get(f"/tickets/{ticket['id']}")
    assert traces(garden, shown.text) == []
    assert shown.json["filed_by"] == str(garden.dispatcher.id)
    assert tickets.client(garden.owner).get(f"/tickets/{ticket['id']}").status_code == 200


def test_only_a_complaint_is_confidential(garden, tickets):
    body = {"kind": "repair", "estate_id": str(garden.estate_id), "description": "漏水", "confidential": True}

    assert tickets.client(garden.owner).post("/tickets", body).status_code == 422
