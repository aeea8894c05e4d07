"""One person's data: taken away by themselves and by head office, erased at their request; and what nobody may change."""

import itertools

import pytest
from sqlalchemy import text

from services.tickets import reactions
from services.tickets.tests.factories import QY, Garden
from services.tickets.tests.test_timeline import photo

PHONE = "13800000001"
SECRET = "主卧卫生间"


@pytest.fixture
def told(garden):
    """A repair on which the owner wrote in every way, and the neighbour's report beside it."""
    garden.report(garden.neighbour, unit_id=str(garden.other_home), description="隔壁也漏水")
    files = [photo(garden, garden.owner)]
    ticket = garden.report(
        unit_id=str(garden.home), description="漏水，王秀英", contact_phone=PHONE, attachment_ids=files
    )
    garden.do(garden.dispatcher, ticket, "review", {"decision": "ask", "reason": "哪里"})
    garden.do(garden.owner, ticket, "answer", {"text": SECRET})
    garden.do(garden.dispatcher, ticket, "review", {"decision": "accept", "payer": "common"})
    garden.do(garden.dispatcher, ticket, "dispatch", {"technician_id": str(garden.technician.id)})
    garden.do(garden.technician, ticket, "start")
    garden.do(garden.technician, ticket, "completion", {"resolution": "换了阀芯"})
    garden.do(garden.owner, ticket, "comments", {"text": "请周末来"}, expect=201)
    garden.do(garden.owner, ticket, "rating", {"score": 2, "comment": "还在滴"})
    return ticket


def record(garden, who, of):
    return garden.tickets.client(who).get(f"/people/{of.id}/record")


def erase(garden, who) -> None:
    garden.hear(reactions.PersonFacts(person_id=who.id, name="已注销"), estate_id=None, of=who.id, sequence=2)
    garden.hear(reactions.PersonErased(person_id=who.id), estate_id=None, of=who.id, sequence=3)


def everything(garden) -> str:
    """All that the database holds, but what was said to others and is swept within a week."""
    with garden.tickets.work() as work:
        rows = [work.scalars(text(f'SELECT "{name}"::text FROM "{name}"')) for name in work.scalars(text(TABLES))]
    return "\n".join(itertools.chain(*rows))


TABLES = """SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'outbox'
  AND relnamespace = 'public'::regnamespace"""


def test_a_person_takes_away_all_that_is_held_about_them(garden, told):
    answer = record(garden, garden.owner, garden.owner)

    assert answer.status_code == 200, answer.json
    held = answer.json
    (ticket,) = held["tickets"]
    assert (held["name"], held["homes"][0]["unit"]) == ("王秀英", "3-2-0601")
    assert (ticket["number"], ticket["description"], ticket["answer"]) == (told["number"], "漏水，王秀英", SECRET)
    assert ticket["contact_phone"] == PHONE
    assert [each["text"] for each in held["comments"]] == ["请周末来"]
    assert [(each["score"], each["comment"]) for each in held["ratings"]] == [(2, "还在滴")]
    assert [each["media_type"] for each in held["files"]] == ["image/png"]
    assert next(each["action"] for each in held["acts"]) == "tickets.ticket.submitted.v1"
    assert "隔壁" not in answer.text and "换了阀芯" not in answer.text


def test_head_office_takes_it_away_for_them_and_nobody_else_does(garden, told):
    head_office = garden.staff("head_office", scope="operator")
    other = Garden(garden.tickets, operator_id=QY, code="QY-E-01").staff("head_office", scope="operator")

    assert (
        record(garden, head_office, garden.owner).json["tickets"]
        == record(garden, garden.owner, garden.owner).json["tickets"]
    )
    for stranger in (garden.neighbour, garden.dispatcher, garden.manager, garden.technician, other):
        assert record(garden, stranger, garden.owner).status_code == 404


def test_of_confidential_complaints_the_person_alone_is_told(garden):
    complaint = garden.report(kind="complaint", confidential=True, description="保安态度差", contact_phone=PHONE)

    (own,) = record(garden, garden.owner, garden.owner).json["tickets"]
    assert (own["number"], own["contact_phone"]) == (complaint["number"], PHONE)
    assert record(garden, garden.staff("head_office", scope="operator"), garden.owner).json["tickets"] == []


def test_an_erased_persons_words_are_nowhere_and_the_facts_stay(garden, told):
    neighbours = garden.tickets.client(garden.neighbour).get("/tickets").json["items"]
    words = ("漏水，王秀英", SECRET, "请周末来", "还在滴")
    held = everything(garden)
    assert [word for word in words if word not in held] == []

    erase(garden, garden.owner)

    held = everything(garden)
    assert not [word for word in words if word in held]
    desk = garden.tickets.client(garden.dispatcher)
    ticket = desk.get(f"/tickets/{told['id']}").json
    assert (ticket["description"], ticket["answer"], ticket["reporter"]["name"]) == ("", None, "已注销")
    assert (ticket["resolution"], ticket["ratings"][0]["score"], ticket["state"]) == ("换了阀芯", 2, "completed")
    for q in ("秀英", "主卧", "周末", "还在滴"):
        assert desk.get("/tickets", query_string={"q": q, "unit_id": str(garden.home)}).json["items"] == [], q
    assert desk.get(f"/tickets/{told['id']}/attachments").json["report"] == []
    assert garden.tickets.client(garden.neighbour).get("/tickets").json["items"] == neighbours
    assert desk.get("/tickets", query_string={"q": "隔壁"}).json["items"]


def test_who_complained_in_confidence_is_known_to_nobody_after_the_erasure(garden):
    complaint = garden.report(kind="complaint", confidential=True, description="保安态度差")

    erase(garden, garden.owner)

    with garden.tickets.work() as work:
        left = text("SELECT count(*) FROM confidence WHERE reporter_id = :who")
        assert work.scalar(left, {"who": garden.owner.id}) == 0
    ticket = garden.tickets.client(garden.manager).get(f"/tickets/{complaint['id']}").json
    assert ticket["description"] == ""


def test_an_erasure_ends_at_the_operators_wall(garden, told):
    other = Garden(garden.tickets, operator_id=QY, code="QY-E-01")

    other.hear(reactions.PersonErased(person_id=garden.owner.id), estate_id=None, of=garden.owner.id)

    assert record(garden, garden.owner, garden.owner).json["tickets"][0]["answer"] == SECRET


@pytest.mark.parametrize("role", ["app", "system"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE comment SET text = ''",
        "DELETE FROM comment",
        "UPDATE rating SET score = 5",
        "DELETE FROM rating",
        "DELETE FROM ticket",
        "UPDATE audit SET actor = ''",
        "DELETE FROM audit",
    ],
)
def test_what_was_said_and_done_is_changed_by_nobody(garden, role, change):
    with (
        pytest.raises(Exception, match="permission denied"),
        garden.tickets.runtime.transaction(system=role == "system") as it,
    ):
        it.execute(text(change))
