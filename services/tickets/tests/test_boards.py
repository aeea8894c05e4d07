"""What staff work from: whose, in which order, at which cost."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from services.tickets.model import Ticket
from services.tickets.queries import boards
from services.tickets.tests import factories


def listed(garden, who, path) -> list[dict]:
    answer = garden.tickets.client(who).get(path)
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def board(garden, who=None, expect=200) -> dict:
    answer = garden.tickets.client(who or garden.dispatcher).get(f"/estates/{garden.estate_id}/board")
    assert answer.status_code == expect, answer.json
    return {each["state"]: each for each in answer.json["lanes"]} if expect == 200 else {}


def due(garden, ticket, hours) -> None:
    """Let the ticket's running limits pass in so many hours."""
    with garden.tickets.work() as work:
        for clock in work.get(Ticket, ticket["id"]).clocks:
            clock.due_at = work.now + timedelta(hours=hours)
            clock.met_at = None


# ── my open work ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_my_work_is_emergencies_first_and_then_what_is_due_soonest(garden):
    jobs = {
        "later": garden.bring_to("dispatched"),
        "urgent": garden.bring_to("dispatched", urgency="urgent"),
        "sooner": garden.bring_to("started"),
        "emergency": garden.bring_to("dispatched", urgency="emergency"),
    }
    for name, hours in {"later": 9, "urgent": 8, "sooner": 2, "emergency": 20}.items():
        due(garden, jobs[name], hours)
    undated = garden.bring_to("dispatched")

    found = listed(garden, garden.technician, "/my-work")

    assert [each["id"] for each in found[:4]] == [
        jobs[name]["id"] for name in ("emergency", "urgent", "sooner", "later")
    ]
    assert found[2]["next_due_at"] == "2026-11-23T03:00:00Z"
    assert undated["id"] in {each["id"] for each in found}


def test_my_work_is_mine_and_open(garden):
    other = garden.staff("technician")
    garden.bring_to("completed")
    garden.bring_to("accepted")
    job = garden.bring_to("dispatched")

    assert [each["id"] for each in listed(garden, garden.technician, "/my-work")] == [job["id"]]
    assert listed(garden, other, "/my-work") == []
    assert garden.tickets.client(garden.owner).get("/my-work").status_code == 403


def test_pages_of_my_work_follow_each_other_without_gap_or_repeat(garden):
    jobs = [garden.bring_to("dispatched", urgency=urgency) for urgency in ("normal", "emergency", "normal", "urgent")]
    client, seen, after = garden.tickets.client(garden.technician), [], ""
    for _ in range(4):
        page = client.get(f"/my-work?limit=1{after}").json
        seen += [each["id"] for each in page["items"]]
        after = f"&after={page['next']}"

    assert page["next"] is None
    assert [seen[0], seen[1]] == [jobs[1]["id"], jobs[3]["id"]] and sorted(seen) == sorted(each["id"] for each in jobs)


# ── what is due next stands on the ticket ────────────────────────────────────────────────────────────────────────────


def next_due(garden, ticket):
    with garden.tickets.work() as work:
        return work.scalar(
            text("SELECT nullif(next_due_at, '9999-01-01Z') FROM ticket WHERE id = :id"), {"id": ticket["id"]}
        )


def test_a_limit_that_runs_pauses_is_met_or_moved_by_a_statement_is_followed(garden):
    ticket = garden.report()
    filed = next_due(garden, ticket)
    garden.do(garden.dispatcher, ticket, "review", {"decision": "ask", "reason": "哪里？"})
    paused = next_due(garden, ticket)
    garden.tickets.clock.advance(hours=1)
    garden.do(garden.owner, ticket, "answer", {"text": "厨房"})
    resumed = next_due(garden, ticket)
    with garden.tickets.work() as work:
        work.execute(text("UPDATE clock SET due_at = due_at - interval '3 hours'"))
    moved = next_due(garden, ticket)
    garden.do(garden.dispatcher, ticket, "cancellation", {"reason": "重复"})

    assert (resumed - filed, resumed - moved) == (timedelta(hours=1), timedelta(hours=3))
    assert (paused, next_due(garden, ticket)) == (None, None)


# ── the estate's board ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_board_counts_each_lane_and_shows_its_most_urgent_ten(garden):
    tickets = [garden.report() for _ in range(12)]
    job = garden.bring_to("dispatched")
    garden.do(garden.dispatcher, garden.report(), "review", {"decision": "reject", "reason": "重复"})
    due(garden, tickets[7], hours=-1)

    lanes = board(garden)

    assert {state: (lane["tickets"], lane["overdue"]) for state, lane in lanes.items()} == {
        "submitted": (12, 1),
        "dispatched": (1, 0),
    }
    assert len(lanes["submitted"]["first"]) == 10
    assert lanes["submitted"]["first"][0]["id"] == tickets[7]["id"]
    assert lanes["dispatched"]["first"][0]["assignee"]["id"] == str(garden.technician.id)
    assert lanes["dispatched"]["first"][0]["id"] == job["id"]


def test_a_lane_is_listed_whole_page_by_page(garden):
    tickets = {garden.report()["id"] for _ in range(5)}
    client = garden.tickets.client(garden.dispatcher)
    path = f"/estates/{garden.estate_id}/board/tickets?state=submitted&limit=3"

    first = client.get(path).json
    second = client.get(f"{path}&after={first['next']}").json

    assert (len(first["items"]), len(second["items"]), second["next"]) == (3, 2, None)
    assert {each["id"] for each in first["items"] + second["items"]} == tickets


def test_a_board_is_the_estates_staffs_and_no_one_elses(garden):
    garden.report()
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    foreign = factories.Garden(garden.tickets, operator_id=factories.QY, code="QY-01")

    board(garden, elsewhere.manager, expect=404)
    board(garden, foreign.manager, expect=404)
    board(garden, garden.owner, expect=403)


def test_whoever_is_complained_of_sees_nothing_of_it_on_any_list(garden):
    ticket = garden.report(kind="repair", complained_of=[str(garden.technician.id)])

    assert board(garden, garden.technician) == {}
    assert listed(garden, garden.technician, "/due-soon?within_minutes=1440") == []
    assert listed(garden, garden.dispatcher, "/due-soon?within_minutes=1440")[0]["id"] == ticket["id"]


# ── what runs out ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_runs_out_within_the_hour_is_neither_late_nor_paused_nor_later(garden):
    soon, sooner, late, later, asked = (garden.report() for _ in range(5))
    for ticket, hours in ((soon, 0.9), (sooner, 0.5), (late, -0.1), (later, 1.1), (asked, 0.5)):
        due(garden, ticket, hours)
    garden.do(garden.dispatcher, asked, "review", {"decision": "ask", "reason": "哪里？"})

    found = listed(garden, garden.dispatcher, "/due-soon")

    assert [(each["id"], each["clock"]) for each in found] == [(sooner["id"], "review"), (soon["id"], "review")]
    assert found[0]["due_at"] == "2026-11-23T01:30:00Z"


def test_what_runs_out_is_listed_over_the_estates_one_has(garden):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    here, there = garden.report(), elsewhere.report()
    whole = garden.staff("head_office", scope="operator")
    path = "/due-soon?within_minutes=1440"

    assert {each["id"] for each in listed(garden, whole, path)} == {here["id"], there["id"]}
    assert [each["id"] for each in listed(garden, garden.manager, path)] == [here["id"]]
    assert listed(garden, garden.manager, f"{path}&estate_id={elsewhere.estate_id}") == []


# ── what they cost ───────────────────────────────────────────────────────────────────────────────────────────────────

MANY = """
INSERT INTO ticket (id, operator_id, estate_id, version, number, kind, state, channel, reporter_id, filed_by, complained_of,
  description, urgency, assignee_id, reopened, filed_at, next_due_at)
SELECT gen_random_uuid(), %(operator)s, %(estate)s, 1, 'N' || n, 'repair',
  CASE n %% %(share)s WHEN 0 THEN 'dispatched' ELSE 'closed' END,
  'portal', %(someone)s, %(someone)s, '{}', '漏水', CASE n %% 40 WHEN 0 THEN 'emergency' ELSE 'normal' END, %(technician)s, 0,
  timestamptz '2026-11-01' + n * interval '1 minute', timestamptz '2026-12-01' + n * interval '1 minute'
FROM generate_series(1, 20000) AS n"""
CLOCKS = """
INSERT INTO clock
  (id, operator_id, estate_id, version, ticket_id, clock, started_at, target, counting, counted_by, warn_at, due_at)
SELECT gen_random_uuid(), operator_id, estate_id, 1, id, 'review', filed_at, 86400, 'natural', 0, next_due_at, next_due_at FROM ticket
WHERE state = 'dispatched'"""


@pytest.fixture
def busy(garden):
    """An estate with 20,000 tickets, of which a technician has 1,000; and another operator with 20,000 open ones."""
    other = factories.Garden(garden.tickets, operator_id=factories.QY, code="QY-01")
    admin = garden.tickets._admin  # past the triggers, which have nothing to do here
    for here, share in ((garden, 20), (other, 1)):
        where = {"operator": here.operator_id, "estate": here.estate_id, "someone": here.owner.id}
        admin.execute(MANY, {**where, "technician": here.technician.id, "share": share})
    admin.execute(CLOCKS)
    admin.execute("ANALYZE ticket, clock")
    return garden


LISTS = {
    "my work": ("ticket_work", lambda work, garden, **page: boards.my_work(work, **page)),
    "a lane": (
        "ticket_lane",
        lambda work, garden, **page: boards.lane(work, garden.estate_id, state="dispatched", **page),
    ),
    "what runs out": (
        "clock_next",
        lambda work, garden, **page: boards.running_out(work, within_minutes=60 * 24 * 60, **page),
    ),
}


def plan_of(work, statement, parameters) -> list[dict]:
    """Every node of the plan by which PostgreSQL ran a statement."""
    plan = (
        work.session.connection()
        .exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
        .scalar()
    )
    waiting, nodes = [plan[0]["Plan"]], []
    while waiting:
        nodes.append(waiting.pop())
        waiting += nodes[-1].get("Plans", [])
    return nodes


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_in_its_indexs_order_and_the_last_page_costs_what_the_first_does(busy, name, statements):
    index, ask = LISTS[name]
    with busy.tickets.work(busy.technician, permission="tickets:oversee") as work:
        pages, after = [], None
        for _ in range(20):
            with statements(work) as asked:
                page = ask(work, busy, limit=50, after=after)
            assert len([each for each in asked if "ticket" in each]) == 1, asked
            pages.append(plan_of(work, *asked.last))
            after = page.next

    costs = [
        sum(node.get("Shared Hit Blocks", 0) + node.get("Shared Read Blocks", 0) for node in plan[:1]) for plan in pages
    ]
    for plan in (pages[0], pages[-1]):
        used = {node.get("Index Name", "") for node in plan}
        assert any(each.endswith(index.removeprefix("ticket")) for each in used), used  # of each year's table
        sorted_rows = [node["Plans"][0]["Actual Rows"] for node in plan if node["Node Type"] == "Sort"]
        assert name == "what runs out" or sum(sorted_rows) <= 51  # what is due within the hour may as well be sorted
    assert len(page.items) == 50
    assert max(costs) <= 1.2 * costs[0], costs
