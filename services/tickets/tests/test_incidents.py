"""One fault that many feel, and outages announced ahead."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select, text

from chassis.actor import SYSTEM
from chassis.ids import new_id
from services.tickets import diagrams, reactions
from services.tickets.events import IncidentState
from services.tickets.handlers import incidents as handlers
from services.tickets.jobs.incidents import settle_joined_reports
from services.tickets.model import Incident, IncidentReport
from services.tickets.model.incident import INCIDENT_MOVES, Act, IllegalIncidentMove
from services.tickets.tests import factories

NEWS = {"text_zh": "维修人员已到场。", "text_en": "The engineers are here."}
LIFT = {
    "category": "ELV",
    "problem": "stopped",
    "text_zh": "2单元电梯停运，正在抢修。",
    "text_en": "The lift is stopped.",
}


def call(garden, who, path, body, *, method="post", expect=200, version=None):
    headers = {"If-Match": f'"{version}"'} if version is not None else {}
    answer = garden.tickets.client(who).open(f"/incidents{path}", method=method.upper(), json=body, headers=headers)
    assert answer.status_code == expect, answer.text
    return answer.json if answer.data else None


def opened(garden, **facts):
    body = {"estate_id": str(garden.estate_id), "entrances": ["3-2"], **LIFT, **facts}
    return call(garden, garden.dispatcher, "", body, expect=201)


def planned(garden, *, in_hours=96.0, hours=4, **facts):
    starts = garden.tickets.clock.now() + timedelta(hours=in_hours)
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=hours)).isoformat()}
    water = {"category": "PLB", "problem": "no_water", "text_zh": "水箱清洗停水。", "text_en": "Tank cleaning."}
    body = {"estate_id": str(garden.estate_id), "whole_estate": True, **water, **times, **facts}
    answer = garden.tickets.client(garden.dispatcher).post("/outages", body)
    assert answer.status_code == 201, answer.text
    return answer.json


def seen(garden, who, query=""):
    return [each["id"] for each in garden.tickets.client(who).get(f"/incidents{query}").json["items"]]


def said(garden, aggregate="incident"):
    return [each.type.split(".")[2] for each in garden.tickets.said() if each.subject.startswith(f"{aggregate}/")]


def settled(garden, incident):
    """Let the clock end what was joined. → the counts"""
    garden.tickets.clock.advance(seconds=6)
    garden.tickets.tick()
    return call(garden, garden.dispatcher, f"/{incident['id']}", None, method="get")["reports"]


# ── where it is felt, and who sees it ────────────────────────────────────────────────────────────────────────────


def test_an_entrance_is_the_units_behind_it(garden):
    incident = opened(garden)

    assert set(incident["unit_ids"]) == {str(garden.home), str(garden.other_home)}
    assert incident["title_zh"] == "电梯：停梯"


def test_residents_see_what_concerns_their_home_and_no_other(garden):
    mine = opened(garden, entrances=[], unit_ids=[str(garden.home)])
    everybodys = opened(garden, entrances=[], whole_estate=True)
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    strangers = factories.Garden(garden.tickets, operator_id=factories.QY, code="QY-01")

    assert seen(garden, garden.owner) == [everybodys["id"], mine["id"]]
    assert seen(garden, garden.neighbour) == [everybodys["id"]]
    assert seen(garden, garden.technician) == [everybodys["id"], mine["id"]]
    for other in (elsewhere, strangers):
        assert seen(garden, other.owner) == seen(garden, other.manager) == []
        assert garden.tickets.client(other.owner).get(f"/incidents/{everybodys['id']}").status_code == 404


def test_whoever_moved_out_sees_the_estates_incidents_no_more(garden):
    former = garden.resident(garden.home, until=factories.date(2026, 11, 22))
    opened(garden, entrances=[], whole_estate=True)

    assert seen(garden, former) == []


@pytest.mark.parametrize(
    "where",
    [
        {"entrances": []},
        {"entrances": ["3-2"], "whole_estate": True},
        {"entrances": ["9-9"]},
        {"entrances": [], "unit_ids": [str(new_id())]},
        {"entrances": ["3-2"], "unit_ids": [str(new_id())]},
    ],
)
def test_it_must_be_somewhere(garden, where):
    body = {"estate_id": str(garden.estate_id), **LIFT, **where}
    call(garden, garden.dispatcher, "", body, expect=422)


def test_a_code_is_the_whole_of_its_part(garden):
    """Building 3 is not building 30."""
    far = new_id()
    garden.hear(reactions.UnitFacts(unit_id=far, estate_id=garden.estate_id, code="30-1-0101"))

    assert str(far) not in opened(garden, entrances=[], buildings=["3"])["unit_ids"]


def test_residents_open_nothing_and_join_nothing(garden):
    incident, ticket = opened(garden), garden.report()

    call(garden, garden.owner, "", {"estate_id": str(garden.estate_id), "whole_estate": True, **LIFT}, expect=403)
    call(garden, garden.owner, f"/{incident['id']}/reports", {"ticket_ids": [ticket["id"]]}, expect=403)
    call(garden, garden.owner, f"/{incident['id']}/resolution", NEWS, expect=403)
    assert garden.tickets.client(garden.owner).get(f"/incidents/{incident['id']}/reports").status_code == 403


# ── many reports, one answer ─────────────────────────────────────────────────────────────────────────────────────


def test_the_desk_joins_many_reports_and_is_told_which_cannot_be(garden):
    incident = opened(garden)
    first, second, cancelled = (garden.report(description="电梯停了") for _ in range(3))
    garden.do(garden.owner, cancelled, "cancellation", {"reason": "好了"})
    nobodys = str(new_id())

    ids = [first["id"], second["id"], cancelled["id"], nobodys]
    answer = call(garden, garden.dispatcher, f"/{incident['id']}/reports", {"ticket_ids": ids})

    assert set(answer["joined"]) == {first["id"], second["id"]}
    assert {each["ticket_id"] for each in answer["refused"]} == {cancelled["id"], nobodys}
    assert garden.tickets.client(garden.owner).get(f"/tickets/{first['id']}").json["incident_id"] == incident["id"]
    again = call(garden, garden.dispatcher, f"/{incident['id']}/reports", {"ticket_ids": [first["id"]]})
    assert (again["joined"], len(again["refused"])) == ([], 1)


def test_a_reporter_joins_by_filing_and_only_what_they_can_see(garden):
    incident = opened(garden, entrances=[], unit_ids=[str(garden.home)])

    ticket = garden.report(description="电梯停了", incident_id=incident["id"])
    assert ticket["incident_id"] == incident["id"]

    body = {
        "kind": "repair",
        "estate_id": str(garden.estate_id),
        "description": "电梯停了",
        "incident_id": incident["id"],
    }
    assert garden.tickets.client(garden.neighbour).post("/tickets", body).status_code == 404


def test_everybody_who_reported_is_named_once_in_the_news(garden):
    incident = opened(garden)
    for _ in range(2):
        garden.report(incident_id=incident["id"])
    garden.report(garden.neighbour, incident_id=incident["id"])

    told = call(garden, garden.dispatcher, f"/{incident['id']}/updates", NEWS)

    news = [each for each in garden.tickets.said() if each.type == "tickets.incident.updated.v1"]
    assert len(news) == 1 and news[0].data["news_en"] == NEWS["text_en"]
    assert sorted(news[0].data["reporter_ids"]) == sorted({str(garden.owner.id), str(garden.neighbour.id)})
    assert [each["text_zh"] for each in told["updates"]] == [NEWS["text_zh"]]


def test_resolving_ends_the_joined_reports_by_their_own_tables(garden):
    incident = opened(garden)
    waiting = garden.report(incident_id=incident["id"])
    sent = garden.bring_to("dispatched", incident_id=incident["id"])
    at_work = garden.bring_to("started", incident_id=incident["id"])
    asked = garden.report(kind="inquiry", incident_id=incident["id"])
    complaint = garden.report(kind="complaint", incident_id=incident["id"])

    call(garden, garden.dispatcher, f"/{incident['id']}/resolution", NEWS)
    counts = settled(garden, incident)

    state = {
        each["ticket_id"]: (each["state"], each["outcome"], each["reason"])
        for each in call(garden, garden.dispatcher, f"/{incident['id']}/reports", None, method="get")["items"]
    }
    assert counts == {"joined": 5, "waiting": 0, "settled": 3, "left": 2}
    assert state[waiting["id"]] == state[sent["id"]] == ("completed", "settled", None)
    assert state[asked["id"]] == ("replied", "settled", None)
    assert state[at_work["id"]] == ("started", "left", "started")
    assert state[complaint["id"]] == ("submitted", "left", "complaint")
    ended = garden.tickets.client(garden.owner).get(f"/tickets/{waiting['id']}").json
    assert ended["resolution"] == NEWS["text_zh"] and all(due["met_at"] for due in ended["dues"])
    assert said(garden)[-1] == "settled"


def test_what_ended_with_an_incident_is_rated_like_any_other(garden):
    incident = opened(garden)
    ticket = garden.report(incident_id=incident["id"])
    call(garden, garden.dispatcher, f"/{incident['id']}/resolution", NEWS)
    settled(garden, incident)

    assert garden.do(garden.owner, ticket, "rating", {"score": 4})["ratings"][0]["score"] == 4


def test_a_thousand_reports_end_in_batches_each_once(garden):
    incident = opened(garden)
    first = garden.report(incident_id=incident["id"])
    _copies_of(garden, first["id"], 450)

    call(garden, garden.dispatcher, f"/{incident['id']}/resolution", NEWS)
    counts = settled(garden, incident)

    assert counts == {"joined": 451, "waiting": 0, "settled": 451, "left": 0}
    completed = [each.subject for each in garden.tickets.said() if each.type == "tickets.ticket.completed.v1"]
    assert len(completed) == len(set(completed)) == 451


def test_ending_a_batch_asks_no_more_of_the_database_the_more_reports_there_are(garden):
    def questions(count: int) -> int:
        incident = opened(garden)
        for _ in range(count):
            garden.report(incident_id=incident["id"])
        call(garden, garden.dispatcher, f"/{incident['id']}/resolution", NEWS)
        asked = []
        listen = lambda conn, cursor, statement, *_: asked.append(statement)  # noqa: E731
        event.listen(garden.tickets.runtime.system_engine, "before_cursor_execute", listen)
        with garden.tickets.runtime.work(SYSTEM, system=True) as work:
            assert settle_joined_reports(work) == count
        event.remove(garden.tickets.runtime.system_engine, "before_cursor_execute", listen)
        return len([statement for statement in asked if statement.startswith("SELECT")])

    assert questions(6) == questions(2)


def test_a_report_that_is_held_elsewhere_ends_in_the_next_turn(garden):
    incident = opened(garden)
    ticket = garden.report(incident_id=incident["id"])
    call(garden, garden.dispatcher, f"/{incident['id']}/resolution", NEWS)

    with garden.tickets.work() as work:
        work.execute(text("SELECT id FROM ticket WHERE id = :id FOR UPDATE"), {"id": ticket["id"]})
        assert settled(garden, incident)["waiting"] == 1
    assert settled(garden, incident) == {"joined": 1, "waiting": 0, "settled": 1, "left": 0}


def test_a_report_taken_out_again_goes_on_by_itself(garden):
    incident = opened(garden)
    ticket = garden.report(incident_id=incident["id"])

    call(garden, garden.dispatcher, f"/{incident['id']}/reports/{ticket['id']}", None, method="delete", expect=204)
    call(garden, garden.dispatcher, f"/{incident['id']}/resolution", NEWS)

    assert settled(garden, incident)["joined"] == 0
    shown = garden.tickets.client(garden.owner).get(f"/tickets/{ticket['id']}").json
    assert (shown["state"], shown["incident_id"]) == ("submitted", None)
    assert said(garden, "ticket") == ["submitted", "joined", "parted"]


def test_what_is_over_takes_no_reports(garden):
    incident, ticket = opened(garden), garden.report()
    call(garden, garden.dispatcher, f"/{incident['id']}/resolution", NEWS)

    call(garden, garden.dispatcher, f"/{incident['id']}/reports", {"ticket_ids": [ticket["id"]]}, expect=409)
    call(garden, garden.dispatcher, f"/{incident['id']}/resolution", NEWS, expect=409)


# ── outages announced ahead ──────────────────────────────────────────────────────────────────────────────────────


def test_an_outage_is_announced_each_of_its_hours_ahead_and_begins(garden):
    planned(garden, in_hours=96)
    assert seen(garden, garden.owner) == []

    for hours, announced in ((23, 0), (2, 1), (46, 1), (2, 2), (24, 2)):
        garden.tickets.clock.advance(hours=hours)
        garden.tickets.tick()
        assert said(garden).count("announced") == announced
    assert said(garden)[-1] == "begun"
    assert len(seen(garden, garden.owner)) == 1


def test_an_outage_planned_late_is_announced_at_once_and_only_once(garden):
    planned(garden, in_hours=5)

    for _ in range(2):
        garden.tickets.clock.advance(minutes=2)
        garden.tickets.tick()

    assert said(garden) == ["planned", "announced"]


def test_a_change_is_told_and_plans_the_announcements_anew(garden):
    outage = planned(garden, in_hours=96)
    later = garden.tickets.clock.now() + timedelta(hours=200)
    times = {"starts_at": later.isoformat(), "ends_at": (later + timedelta(hours=2)).isoformat()}

    call(garden, garden.dispatcher, f"/{outage['id']}", times, method="patch", expect=428)
    call(garden, garden.dispatcher, f"/{outage['id']}", times, method="patch", version=7, expect=412)
    call(garden, garden.dispatcher, f"/{outage['id']}", times, method="patch", version=outage["version"])
    garden.tickets.clock.advance(hours=100)
    garden.tickets.tick()

    assert said(garden) == ["planned", "changed"]


def test_a_cancelled_outage_is_neither_announced_nor_begun(garden):
    outage = planned(garden, in_hours=30)
    call(garden, garden.dispatcher, f"/{outage['id']}/cancellation", NEWS)

    garden.tickets.clock.advance(hours=40)
    garden.tickets.tick()

    assert said(garden) == ["planned", "cancelled"]


def test_it_ends_later_than_it_starts_and_than_now(garden):
    with pytest.raises(AssertionError, match="422"):
        planned(garden, hours=-1)
    with pytest.raises(AssertionError, match="422"):
        planned(garden, in_hours=-10)


# ── the table of moves ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("state", IncidentState)
def test_an_act_is_possible_where_the_table_says_and_nowhere_else(act, state):
    incident = Incident(state=state)
    begins, leads_to = INCIDENT_MOVES[act]

    if state in begins:
        incident._move(act)
        assert incident.state is (leads_to or state)
    else:
        with pytest.raises(IllegalIncidentMove, match=state):
            incident._move(act)


def test_news_are_never_rewritten(garden):
    incident = opened(garden)
    call(garden, garden.dispatcher, f"/{incident['id']}/updates", NEWS)

    with garden.tickets.work(garden.dispatcher) as work:
        rights = work.execute(
            text("SELECT has_table_privilege('incident_update', 'UPDATE'), has_table_privilege('incident', 'DELETE')")
        )
        assert rights.one() == (False, False)


def test_the_readmes_picture_is_the_table(garden):
    readme = diagrams.README.read_text()
    assert diagrams.redrawn(readme) == readme


def _copies_of(garden, ticket_id, count):
    """More reports like this one, with their clocks, joined to the same incident."""
    with garden.tickets.work(garden.dispatcher) as work:
        for table, key in (("ticket", "id"), ("clock", "ticket_id"), ("incident_report", "ticket_id")):
            columns = work.scalars(
                text("SELECT column_name FROM information_schema.columns WHERE table_name = :t"), {"t": table}
            )
            new = {
                "id": "md5(:t || n)::uuid",
                "ticket_id": "md5('ticket' || n)::uuid",
                "number": "'HY-E-01-2026-9' || lpad(n::text, 5, '0')",
            }
            chosen = ", ".join(new.get(each, each) for each in columns)
            named = ", ".join(f'"{each}"' for each in columns)
            work.execute(
                text(
                    f"INSERT INTO {table} ({named}) SELECT {chosen} FROM {table}, generate_series(1, :count) n WHERE {key} = :id"
                ),
                {"t": table, "count": count, "id": ticket_id},
            )
    with garden.tickets.work(garden.dispatcher) as work:
        assert len(work.scalars(select(IncidentReport.id))) == count + 1


# ── what a report looks like ─────────────────────────────────────────────────────────────────────────────────────


def alike(ticket):
    return [(each["type"], each["id"], each["title_en"]) for each in ticket["similar"]]


def test_a_report_that_looks_like_a_known_incident_is_told_so_and_can_join_it(garden):
    incident = opened(garden)
    opened(garden, category="PLB", problem="leak")

    ticket = garden.report(description="电梯又不动了", unit_id=str(garden.home))

    assert alike(ticket) == [("incident", incident["id"], "Lift: Stopped")]
    joined = garden.do(garden.owner, ticket, "incident", {"incident_id": incident["id"]})
    assert joined["incident_id"] == incident["id"]
    garden.do(garden.owner, ticket, "incident", {"incident_id": incident["id"]}, expect=409)


def test_the_same_home_twice_in_a_day_is_told_so(garden):
    first = garden.report(description="厨房水管漏水", unit_id=str(garden.home))
    garden.report(garden.neighbour, description="厨房水管漏水", unit_id=str(garden.other_home))
    garden.report(description="楼道灯坏了", unit_id=str(garden.home))

    again = garden.report(description="水管还在漏水", unit_id=str(garden.home))
    assert alike(again) == [("ticket", first["id"], "Repair")]

    incident = opened(garden)
    joined = garden.report(description="水管还在漏水", unit_id=str(garden.home), incident_id=incident["id"])
    assert {id for _, id, _ in alike(joined)} == {first["id"], again["id"]}
    garden.tickets.clock.advance(hours=25)
    assert alike(garden.report(description="水管漏水", unit_id=str(garden.home))) == []


def test_nobody_is_told_of_what_they_may_not_see(garden):
    opened(garden, entrances=[], unit_ids=[str(garden.home)])
    planned(garden, category="ELV", problem="stopped", in_hours=400)
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    opened(elsewhere)

    assert alike(garden.report(garden.neighbour, description="电梯停了", unit_id=str(garden.other_home))) == []


def test_a_report_of_another_estate_is_not_about_this_incident(garden):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    incident = opened(garden)
    ticket = elsewhere.report(description="电梯停了")
    head_office = garden.staff("head_office", scope="operator")

    garden.do(head_office, ticket, "incident", {"incident_id": incident["id"]}, expect=409)
    garden.do(elsewhere.owner, ticket, "incident", {"incident_id": incident["id"]}, expect=404)


# ── the guards, one against another ──────────────────────────────────────────────────────────────────────────────


def test_nobody_ends_an_incident_while_somebody_joins_it(garden):
    """Whoever joins holds the incident, beside others who join; whoever ends it waits. So no report is left behind."""
    incident = opened(garden)
    first, second = (garden.report(description="电梯停了") for _ in range(2))
    reports = f"/{incident['id']}/reports"

    with ThreadPoolExecutor(1) as thread:
        with garden.tickets.work(garden.dispatcher, permission="tickets:announce") as work:
            handlers.join(work, UUID(incident["id"]), ticket_ids=[UUID(first["id"])])
            work.session.flush()
            call(garden, garden.dispatcher, reports, {"ticket_ids": [second["id"]]})
            over = thread.submit(call, garden, garden.dispatcher, f"/{incident['id']}/resolution", NEWS)
            with pytest.raises(TimeoutError):
                over.result(timeout=1)
        over.result()

    assert settled(garden, incident) == {"joined": 2, "waiting": 0, "settled": 2, "left": 0}


def test_whoever_joins_while_it_is_being_ended_waits_and_is_refused(garden):
    incident, ticket = opened(garden), garden.report(description="电梯停了")
    reports = f"/{incident['id']}/reports"

    with ThreadPoolExecutor(1) as thread:
        with garden.tickets.work(garden.dispatcher, permission="tickets:announce") as work:
            handlers.resolve(work, UUID(incident["id"]), **NEWS)
            work.session.flush()
            late = thread.submit(call, garden, garden.dispatcher, reports, {"ticket_ids": [ticket["id"]]}, expect=409)
            with pytest.raises(TimeoutError):
                late.result(timeout=1)
        late.result()

    assert settled(garden, incident)["joined"] == 0


def test_row_level_security_keeps_other_estates_incidents_apart(garden):
    incident = opened(garden)
    garden.report(incident_id=incident["id"])
    call(garden, garden.dispatcher, f"/{incident['id']}/updates", NEWS)
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")

    for table in ("incident", "incident_update", "incident_report"):
        with garden.tickets.work(elsewhere.manager) as work:
            assert work.scalar(text(f"SELECT count(*) FROM {table}")) == 0
        with garden.tickets.work(garden.manager) as work:
            assert work.scalar(text(f"SELECT count(*) FROM {table}")) == 1
