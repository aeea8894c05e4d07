"""An operator's own taxonomy: its names, limits, additions, and what it does not offer."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from chassis.testing import a_person
from services.tickets.model import own_taxonomy
from services.tickets.model.taxonomy import STANDARD
from services.tickets.tests import factories
from services.tickets.tests.test_intake import due_in_minutes

LIFT = {"code": "ELV", "zh": "升降梯", "limits": {"review": 30}}


@pytest.fixture(autouse=True)
def _nothing_is_remembered():
    own_taxonomy.forget()
    yield
    own_taxonomy.forget()


@pytest.fixture
def head_office(garden):
    return garden.staff("head_office", scope="operator")


def shape(garden, who, version=0, *, expect=200, **own):
    client = garden.tickets.client(who)
    answer = client.put("/taxonomy/own", json=own, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == expect, answer.text
    return answer.json


def shown(garden, who):
    answer = garden.tickets.client(who).get("/taxonomy").json
    return {each["code"]: each for each in answer["items"]}, {each["code"]: each for each in answer["places"]}


def test_everybody_starts_with_the_standard_one(garden):
    categories, places = shown(garden, garden.owner)

    assert list(categories) == [each.code for each in STANDARD.categories]
    assert categories["ELV"]["limits"] == {"review": 60, "arrival": 120, "resolution": 1440}
    assert "lobby" in places


def test_head_office_renames_limits_switches_off_and_adds(garden, head_office):
    pool = {
        "code": "POL",
        "zh": "泳池",
        "en": "Pool",
        "skill": "pool",
        "problems": [{"code": "cold", "zh": "水凉", "en": "Cold"}],
    }
    water = {"code": "PLB", "problems": [{"code": "leak", "urgency": "urgent", "limits": {"review": 45}}]}

    shape(
        garden,
        head_office,
        categories=[LIFT, {"code": "SUG", "off": True}, water, pool],
        places=[{"code": "roof", "off": True}],
    )

    categories, places = shown(garden, garden.owner)
    assert (categories["ELV"]["zh"], categories["ELV"]["en"], categories["ELV"]["skill"]) == (
        "升降梯",
        "Lift",
        "elevator",
    )
    assert categories["ELV"]["limits"] == {"review": 30, "arrival": None, "resolution": None}
    assert "SUG" not in categories and "roof" not in places
    assert categories["POL"]["problems"][0]["en"] == "Cold"
    leak = next(each for each in categories["PLB"]["problems"] if each["code"] == "leak")
    assert (leak["zh"], leak["urgency"], leak["limits"]["review"]) == ("漏水", "urgent", 45)


def test_it_holds_at_once_for_what_is_filed_and_how_long_it_may_take(garden, head_office):
    assert due_in_minutes(garden.report(category="ELV", problem="noise")) == 60

    shape(garden, head_office, categories=[LIFT, {"code": "ENV", "off": True}])

    ticket = garden.report(category="升降梯", problem="noise")
    assert (ticket["title_zh"], ticket["title_en"]) == ("升降梯：异响", "Lift: Strange noise")
    assert due_in_minutes(ticket) == 30
    body = {"kind": "repair", "estate_id": str(garden.estate_id), "description": "脏", "category": "ENV"}
    assert garden.tickets.client(garden.owner).post("/tickets", body).status_code == 422


def test_it_holds_for_the_way_and_the_work_too(garden, head_office):
    water = {"code": "PLB", "limits": {"review": 60, "arrival": 30, "resolution": 90}}
    shape(garden, head_office, categories=[water])
    ticket = garden.bring_to("dispatched", category="PLB")
    now = garden.tickets.clock.now()
    due = {each["clock"]: datetime.fromisoformat(each["due_at"]) - now for each in ticket["dues"]}
    assert (due["arrival"], due["resolution"]) == (timedelta(minutes=30), timedelta(minutes=90))


def test_tickets_keep_the_title_they_were_given(garden, head_office):
    before = garden.report(category="ELV", problem="noise")
    shape(garden, head_office, categories=[LIFT])
    between = garden.report(category="ELV", problem="noise")
    shape(garden, head_office, 1, categories=[{"code": "ELV", "zh": "梯"}])

    listed = {
        each["id"]: each["title_zh"] for each in garden.tickets.client(garden.owner).get("/tickets").json["items"]
    }

    assert listed == {before["id"]: "电梯：异响", between["id"]: "升降梯：异响"}
    told = [each.data["title_zh"] for each in garden.tickets.said() if each.type == "tickets.ticket.submitted.v1"]
    assert told == ["电梯：异响", "升降梯：异响"]


def test_a_ticket_keeps_a_code_that_is_offered_no_more(garden, head_office):
    ticket = garden.report(category="ELV", problem="noise")
    shape(garden, head_office, categories=[{"code": "ELV", "off": True}])

    ticket = garden.do(garden.dispatcher, ticket, "review", {"decision": "accept"})

    assert (ticket["category"], ticket["title_zh"]) == ("ELV", "电梯：异响")
    garden.do(garden.dispatcher, garden.report(), "review", {"decision": "accept", "category": "ELV"}, expect=422)


def test_who_accepts_gives_the_operators_title(garden, head_office):
    shape(garden, head_office, categories=[LIFT])

    ticket = garden.do(garden.dispatcher, garden.report(), "review", {"decision": "accept", "category": "ELV"})
    assert ticket["title_zh"] == "升降梯"


def test_what_was_added_asks_for_its_skill(garden, head_office):
    shape(garden, head_office, categories=[{"code": "POL", "zh": "泳池", "en": "Pool", "skill": "pool"}])
    keeper = garden.staff("technician", skills=["pool"])
    ticket = garden.report(category="Pool")

    found = garden.tickets.client(garden.dispatcher).get(f"/tickets/{ticket['id']}/candidates").json["items"]

    assert found[0]["technician_id"] == str(keeper.id)


def test_the_words_of_what_was_added_are_proposed(garden, head_office):
    shape(garden, head_office, categories=[{"code": "POL", "zh": "泳池", "en": "Swimming pool", "skill": "pool"}])

    assert garden.report(description="泳池今天没开")["proposed"]["category"] == "POL"


def test_one_operators_is_not_anothers(garden, head_office):
    strangers = factories.Garden(garden.tickets, operator_id=factories.QY, code="QY-01")
    shape(garden, head_office, categories=[LIFT])

    assert shown(garden, strangers.owner)[0]["ELV"]["zh"] == "电梯"
    theirs = strangers.staff("head_office", scope="operator")
    assert garden.tickets.client(theirs).get("/taxonomy/own").json == {"version": 0, "categories": [], "places": []}


def test_one_at_a_time_can_be_added_and_none_twice(garden, head_office):
    client = garden.tickets.client(head_office)
    pool = {"code": "POL", "zh": "泳池", "en": "Pool", "skill": "pool"}
    cold = {"category": "POL", "code": "cold", "zh": "水凉", "en": "Cold"}
    jam = {"category": "ELV", "code": "door", "zh": "门卡住", "en": "Door jams"}
    deck = {"code": "deck", "zh": "泳池边", "en": "Pool deck"}

    for path, body in (("categories", pool), ("problems", cold), ("problems", jam), ("places", deck)):
        assert client.post(f"/taxonomy/{path}", body).status_code == 201
        assert client.post(f"/taxonomy/{path}", body).status_code == 409

    categories, places = shown(garden, garden.owner)
    assert [each["code"] for each in categories["POL"]["problems"]] == ["cold"]
    assert categories["ELV"]["problems"][-1]["code"] == "door" and "deck" in places
    assert client.post("/taxonomy/problems", {**cold, "category": "NONE"}).status_code == 422
    assert client.get("/taxonomy/own").json["version"] == 4


@pytest.mark.parametrize(
    "own",
    [
        {"categories": [{"code": "POL", "zh": "泳池", "en": "Pool"}]},
        {"categories": [{"code": "POL", "zh": "泳池", "skill": "pool"}]},
        {"categories": [{"code": "POL", "zh": "电梯", "en": "Pool", "skill": "pool"}]},
        {"categories": [LIFT, LIFT]},
        {"categories": [{"code": "ELV", "problems": [{"code": "new"}]}]},
        {"categories": [{"code": "ELV", "problems": [{"code": "noise", "urgency": "soon"}]}]},
        {"categories": [{"code": "ELV", "limits": {"review": 0}}]},
        {"categories": [{"code": "no space"}]},
        {"categories": [{"code": "ELV", "zh": "电\n梯"}]},
        {"places": [{"code": "deck"}]},
    ],
)
def test_what_has_no_name_or_means_two_things_is_refused_and_nothing_changes(garden, head_office, own):
    shape(garden, head_office, expect=422, **own)

    assert garden.tickets.client(head_office).get("/taxonomy/own").json["version"] == 0


def test_two_who_shape_it_at_once_do_not_overwrite_each_other(garden, head_office):
    shape(garden, head_office, categories=[LIFT])

    shape(garden, head_office, 0, categories=[], expect=412)
    without = garden.tickets.client(head_office).put("/taxonomy/own", json={"categories": []})
    assert without.status_code == 428


def test_it_is_head_offices_and_the_administrators_of_the_whole_operator(garden, head_office):
    narrow = a_person(operator_id=garden.operator_id, roles=[f"admin@estate:{garden.estate_id}"])

    for who in (garden.owner, garden.dispatcher, garden.manager, narrow):
        shape(garden, who, categories=[LIFT], expect=403)
        assert garden.tickets.client(who).get("/taxonomy/own").status_code == 403
    shape(garden, garden.staff("admin", scope="operator"), categories=[LIFT])


def test_the_change_is_an_event_with_the_whole_of_it(garden, head_office):
    shape(garden, head_office, categories=[LIFT])

    (changed,) = [each for each in garden.tickets.said() if each.type == "tickets.taxonomy.changed.v1"]
    lift = next(each for each in changed.data["categories"] if each["code"] == "ELV")
    assert (lift["zh"], lift["review_minutes"], lift["arrival_minutes"]) == ("升降梯", 30, None)
    assert len(changed.data["categories"]) == len(STANDARD.categories)


# ── remembering ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_filing_and_lists_do_not_ask_for_it_each_time(garden, head_office):
    shape(garden, head_office, categories=[LIFT])
    garden.report(category="ELV")
    asked = []
    listen = lambda conn, cursor, statement, *_: asked.append(statement)  # noqa: E731
    event.listen(garden.tickets.runtime.engine, "before_cursor_execute", listen)

    for _ in range(3):
        garden.report(category="ELV")
        garden.tickets.client(garden.owner).get("/tickets")

    event.remove(garden.tickets.runtime.engine, "before_cursor_execute", listen)
    assert asked and not [statement for statement in asked if "operator_taxonomy" in statement]


def test_another_process_hears_of_a_change_within_seconds(garden, head_office, monkeypatch):
    """What it remembers is good for FRESH; then it asks for the version, and reads anew only when that is another."""
    now = [1000.0]
    monkeypatch.setattr(own_taxonomy.time, "monotonic", lambda: now[0])
    garden.report(category="ELV")
    elsewhere = dict(own_taxonomy._seen)
    shape(garden, head_office, categories=[LIFT])
    own_taxonomy._seen.update(elsewhere)  # as another process has it

    assert garden.report(category="ELV")["title_zh"] == "电梯"
    now[0] += own_taxonomy.FRESH + 0.1
    assert garden.report(category="ELV")["title_zh"] == "升降梯"
    assert own_taxonomy.FRESH <= 5


def test_what_did_not_change_is_not_read_again(garden, head_office, monkeypatch):
    shape(garden, head_office, categories=[LIFT])
    with garden.tickets.work(garden.owner) as work:
        first = own_taxonomy.current(work)
        monkeypatch.setattr(own_taxonomy.time, "monotonic", lambda: 1e12)
        assert own_taxonomy.current(work) is first
        assert own_taxonomy.current(work).limits("ELV", None).review == timedelta(minutes=30)
