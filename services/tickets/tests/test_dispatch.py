"""Who does the work: claimed, passed on, given back, declined, urged; and how an estate sends people out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import select

from chassis.ids import new_id
from services.tickets.events import Kind
from services.tickets.handlers import dispatch
from services.tickets.model import Assignment, Left, Staff, Ticket, taxonomy
from services.tickets.queries import candidates
from services.tickets.tests import factories

POLICY = {"automatic": [], "choice": "best", "claims": False, "urge_every_hours": 4}
TRANSFERRED, RETURNED, DECLINED = (f"tickets.ticket.{fact}.v1" for fact in ("transferred", "returned", "declined"))


def the_policy(garden, *, version=0, who=None, expect=200, **chosen):
    client = garden.tickets.client(who or garden.manager)
    path = f"/estates/{garden.estate_id}/dispatch-policy"
    answer = client.put(path, {**POLICY, **chosen}, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == expect, answer.json
    return answer.json


def sent_to(person) -> dict:
    return {"technician_id": str(person.id)}


def assignments(garden, ticket) -> list[Assignment]:
    with garden.tickets.work() as work:
        return work.scalars(select(Assignment).where(Assignment.ticket_id == ticket["id"]).order_by(Assignment.id))


def last_said(garden, type):
    return garden.tickets.said(type)[-1].data


# ── one wins ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_second_of_two_dispatchers_is_told_who_has_it(garden):
    ticket = garden.bring_to("accepted")
    other = garden.staff("technician", name="赵师傅")
    garden.do(garden.dispatcher, ticket, "dispatch", sent_to(garden.technician))

    refused = garden.do(garden.manager, ticket, "dispatch", sent_to(other), expect=409)

    assert "李师傅" in refused["detail"] and "dispatched" in refused["detail"]
    assert len(garden.tickets.said("tickets.ticket.dispatched.v1")) == 1


def test_of_fifty_technicians_who_claim_at_once_one_wins_and_49_are_told_who(garden):
    the_policy(garden, claims=True)
    crowd = [garden.staff("technician", skills=["plumber"], name=f"技工{n:02}") for n in range(50)]
    ticket = garden.bring_to("accepted", category="PLB")
    together = Barrier(len(crowd))
    actors = [garden.tickets.actor(each) for each in crowd]

    def grab(actor):
        together.wait(timeout=60)
        try:
            with garden.tickets.work(actor, permission="tickets:work") as work:
                return dispatch.claim(work, ticket["id"]).assignee_id
        except dispatch.AlreadySent as told:
            return told.facts["who"]

    with ThreadPoolExecutor(len(crowd)) as pool:
        outcomes = list(pool.map(grab, actors))

    (winner,) = [each for each in outcomes if not isinstance(each, str)]
    assert outcomes.count(f"技工{[each.id for each in crowd].index(winner):02}") == 49
    assert [each.technician_id for each in assignments(garden, ticket)] == [winner]
    assert len(garden.tickets.said("tickets.ticket.dispatched.v1")) == 1


# ── claiming ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_technicians_claim_only_where_the_estate_lets_them(garden):
    ticket = garden.bring_to("accepted", category="PLB")

    garden.do(garden.technician, ticket, "claim", expect=403)
    the_policy(garden, claims=True)
    claimed = garden.do(garden.technician, ticket, "claim")

    assert (claimed["state"], claimed["assignee_id"]) == ("dispatched", str(garden.technician.id))
    assert last_said(garden, "tickets.ticket.dispatched.v1")["way"] == "claim"


@pytest.mark.parametrize(
    ("category", "skills", "expires_on"),
    [("PLB", ["handyman"], None), ("ELC", ["electrician"], date(2026, 1, 1))],
    ids=["without the skill", "with an expired certificate"],
)
def test_nobody_claims_what_they_are_not_suitable_for(garden, category, skills, expires_on):
    the_policy(garden, claims=True)
    hopeful = garden.staff("technician", skills=skills, expires_on=expires_on)

    refused = garden.do(hopeful, garden.bring_to("accepted", category=category), "claim", expect=422)

    assert list(refused["errors"]) == ["technician_id"]


def test_a_technician_of_another_estate_cannot_claim(garden):
    the_policy(garden, claims=True)
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")

    garden.do(elsewhere.technician, garden.bring_to("accepted"), "claim", expect=404)


# ── passing on ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_technician_passes_their_own_job_to_a_colleague_who_begins_anew(garden):
    ticket, colleague = garden.bring_to("started"), garden.staff("technician", skills=["plumber"])

    passed = garden.do(garden.technician, ticket, "transfer", {**sent_to(colleague), "reason": "家中有事"})

    assert (passed["state"], passed["assignee_id"], passed["started_at"]) == ("dispatched", str(colleague.id), None)
    assert last_said(garden, TRANSFERRED)["former_id"] == str(garden.technician.id)
    first, second = assignments(garden, ticket)
    assert (first.left_as, first.reason, second.technician_id) == (Left.TRANSFERRED, "家中有事", colleague.id)
    garden.do(garden.technician, ticket, "start", expect=403)
    garden.do(colleague, ticket, "start")


def test_a_technician_does_not_pass_on_what_is_another_ones(garden):
    other = garden.staff("technician")

    garden.do(other, garden.bring_to("dispatched"), "transfer", {**sent_to(other), "reason": "我来"}, expect=403)


def test_a_dispatcher_sends_somebody_else_to_any_job(garden):
    other = garden.staff("technician")
    ticket = garden.bring_to("dispatched")

    sent = garden.do(garden.dispatcher, ticket, "transfer", {**sent_to(other), "reason": "太忙"})

    assert sent["assignee_id"] == str(other.id)
    again = garden.do(garden.dispatcher, ticket, "transfer", {**sent_to(other), "reason": "太忙"}, expect=422)
    assert "errors" in again


def test_what_nobody_has_is_not_passed_on(garden):
    body = {**sent_to(garden.technician), "reason": "派错"}

    garden.do(garden.dispatcher, garden.bring_to("accepted"), "transfer", body, expect=409)


def test_nobody_is_sent_to_a_ticket_that_complains_of_them(garden):
    ticket = garden.report(kind="repair", complained_of=[str(garden.technician.id)])
    garden.do(garden.dispatcher, ticket, "review", {"decision": "accept"})

    garden.do(garden.dispatcher, ticket, "dispatch", sent_to(garden.technician), expect=422)


# ── giving back ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("act", "said", "how"), [("return", RETURNED, Left.RETURNED), ("decline", DECLINED, Left.DECLINED)]
)
def test_a_job_given_back_waits_to_be_sent_anew_under_a_new_limit_and_counts(garden, act, said, how):
    ticket = garden.bring_to("dispatched")

    back = garden.do(garden.technician, ticket, act, {"reason": "需要专业设备"})

    assert (back["state"], back["assignee"], back["returned"], back["reason"]) == ("accepted", None, 1, "需要专业设备")
    assert [due["met_at"] for due in back["dues"] if due["clock"] == "review"][-1] is None
    assert last_said(garden, said)["former_id"] == str(garden.technician.id)
    assert [each.left_as for each in assignments(garden, ticket)] == [how]


def test_begun_work_is_returned_but_no_longer_declined(garden):
    ticket = garden.bring_to("started")

    garden.do(garden.technician, ticket, "decline", {"reason": "不会"}, expect=409)
    assert garden.do(garden.technician, ticket, "return", {"reason": "不会"})["started_at"] is None


@pytest.mark.parametrize("act", ["return", "decline"])
def test_nobody_gives_back_anothers_job(garden, act):
    garden.do(garden.staff("technician"), garden.bring_to("dispatched"), act, {"reason": "不会"}, expect=403)


def test_who_gave_it_back_comes_last_for_this_job_and_not_for_others(garden):
    clumsy = garden.staff("technician", skills=["handyman"])
    ticket = garden.bring_to("dispatched", category="PLB")
    garden.do(garden.technician, ticket, "return", {"reason": "不会修"})

    first, last = ranked(garden, ticket)
    elsewhere, _ = ranked(garden, garden.bring_to("accepted", category="PLB"))

    assert (first["technician_id"], last["technician_id"]) == (str(clumsy.id), str(garden.technician.id))
    assert {"factor": "returned", "found": "1", "points": -100.0} in last["factors"]
    assert elsewhere["technician_id"] == str(garden.technician.id)


# ── ranking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def ranked(garden, ticket) -> list[dict]:
    answer = garden.tickets.client(garden.dispatcher).get(f"/tickets/{ticket['id']}/candidates")
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def found(candidate: dict, factor: str) -> str:
    return next(each["found"] for each in candidate["factors"] if each["factor"] == factor)


def test_who_had_fewer_of_the_last_jobs_comes_first(garden):
    rested = garden.staff("technician", skills=["plumber"])
    for _ in range(3):
        done = garden.bring_to("started")
        garden.do(garden.technician, done, "completion", {"resolution": "好了"})

    first, second = ranked(garden, garden.bring_to("accepted", category="PLB"))

    assert (first["technician_id"], found(first, "fairness")) == (str(rested.id), "0 of 3")
    assert (second["technician_id"], found(second, "fairness")) == (str(garden.technician.id), "3 of 3")
    assert found(second, "load") == "0"


def test_jobs_of_long_ago_are_not_held_against_anybody(garden):
    garden.bring_to("dispatched")
    garden.tickets.clock.advance(days=15)

    assert found(ranked(garden, garden.bring_to("accepted"))[0], "fairness") == "0 of 0"


def test_whoever_is_complained_of_is_barred_and_says_why(garden):
    ticket = garden.report(kind="repair", complained_of=[str(garden.technician.id)])

    assert ranked(garden, ticket)[0]["barred"] == "complained_of"


def test_whoever_left_is_no_candidate(garden):
    garden.hear(
        factories.reactions.StaffFacts(
            person_id=garden.technician.id, roles=[], skills=["plumber"], certificates=[], active=False
        ),
        estate_id=None,
        sequence=2,
    )
    ticket = garden.bring_to("accepted")

    assert ranked(garden, ticket) == []
    garden.do(garden.dispatcher, ticket, "dispatch", sent_to(garden.technician), expect=422)


def test_a_ranking_is_one_query_however_many_there_are(garden, statements):
    ticket = garden.bring_to("accepted", category="PLB")
    counts = []
    for _ in range(2):
        with garden.tickets.work(garden.dispatcher, permission="tickets:dispatch") as work:
            found = work.find(Ticket, ticket["id"])
            with statements(work) as asked:
                candidates.candidates(work, found)
        counts.append(len([each for each in asked if "staff" in each]))
        for _ in range(5):
            garden.staff("technician", skills=["plumber"])

    assert counts == [1, 1]


# ── by itself ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_the_estate_switched_on_is_sent_at_acceptance_with_what_spoke_for_it(garden):
    the_policy(garden, automatic=["PLB"])

    ticket = accept(garden, category="PLB")

    assert (ticket["state"], ticket["assignee_id"]) == ("dispatched", str(garden.technician.id))
    (sent,) = assignments(garden, ticket)
    assert (sent.way, sent.sent_by) == ("best", None)
    assert {each["factor"] for each in sent.factors} == set(candidates.WEIGHTS)
    assert last_said(garden, "tickets.ticket.dispatched.v1")["way"] == "best"


def accept(garden, **facts) -> dict:
    return garden.do(garden.dispatcher, garden.report(**facts), "review", {"decision": "accept"})


def test_other_categories_and_other_kinds_wait_for_a_dispatcher(garden):
    the_policy(garden, automatic=["PLB"])

    assert accept(garden, category="ELC")["state"] == "accepted"
    assert accept(garden, kind=Kind.COMPLAINT, category="PLB")["state"] != "dispatched"
    the_policy(garden, automatic=["*"], version=1)
    assert accept(garden)["state"] == "dispatched"


def test_nobody_unsuitable_is_sent_by_itself_and_the_clock_tries_again(garden):
    the_policy(garden, automatic=["*"])
    garden.staff("technician", skills=["electrician"], expires_on=date(2026, 1, 1))
    ticket = accept(garden, category="ELC")
    assert ticket["state"] == "accepted"

    sparky = garden.staff("technician", skills=["electrician"])
    garden.tickets.tick()
    assert shown(garden, ticket)["state"] == "accepted"
    garden.tickets.clock.advance(minutes=15)
    garden.tickets.tick()

    assert shown(garden, ticket)["assignee_id"] == str(sparky.id)


def shown(garden, ticket) -> dict:
    return garden.tickets.client(garden.dispatcher).get(f"/tickets/{ticket['id']}").json


def test_two_clocks_at_once_send_a_waiting_ticket_once(garden):
    the_policy(garden, automatic=["*"])
    ticket = accept(garden, category="ELC")
    garden.staff("technician", skills=["electrician"])
    garden.tickets.clock.advance(minutes=15)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: garden.tickets.tick(), range(2)))

    assert len(assignments(garden, ticket)) == 1


def test_who_gives_an_automatic_job_back_is_not_sent_again(garden):
    the_policy(garden, automatic=["PLB"])
    ticket = accept(garden, category="PLB")
    colleague = garden.staff("technician", skills=["plumber"])

    passed = garden.do(garden.technician, ticket, "decline", {"reason": "在别处"})

    assert (passed["state"], passed["assignee_id"]) == ("dispatched", str(colleague.id))
    left = garden.do(colleague, ticket, "decline", {"reason": "也在别处"})
    assert (left["state"], left["returned"]) == ("accepted", 2)


def test_a_round_goes_to_whoever_was_sent_the_longest_ago(garden):
    the_policy(garden, automatic=["PLB"], choice="round_robin")
    others = [garden.staff("technician", skills=["plumber"]) for _ in range(2)]

    sent = []
    for _ in range(6):
        sent.append(accept(garden, category="PLB")["assignee_id"])
        garden.tickets.clock.advance(minutes=1)

    assert set(sent[:3]) == {str(each.id) for each in (garden.technician, *others)}
    assert sent[3:] == sent[:3]


# ── urging ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_owner_urges_once_in_the_estates_interval(garden):
    the_policy(garden, urge_every_hours=2)
    ticket = garden.bring_to("dispatched")

    first = garden.do(garden.owner, ticket, "urge")
    refused = garden.tickets.client(garden.owner).post(f"/tickets/{ticket['id']}/urge", {})
    garden.tickets.clock.advance(hours=2)
    second = garden.do(garden.owner, ticket, "urge")

    assert (first["urged"], second["urged"]) == (1, 2)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7201")
    assert [each.data["urged"] for each in garden.tickets.said("tickets.ticket.urged.v1")] == [1, 2]


def test_staff_do_not_urge_and_finished_work_is_not_urged(garden):
    garden.do(garden.dispatcher, garden.bring_to("dispatched"), "urge", expect=403)
    garden.do(garden.owner, garden.bring_to("completed"), "urge", expect=409)


def test_staff_who_live_there_urge_as_staff_and_are_refused(garden):
    caretaker = factories.Person(
        garden.operator_id, (*garden.technician.roles, f"owner@unit:{garden.home}"), id=garden.technician.id
    )
    garden.hear(garden.occupancy(caretaker, garden.home))

    garden.do(caretaker, garden.bring_to("accepted"), "urge", expect=403)


# ── the policy ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_policy_is_replaced_by_managers_under_the_version_they_read(garden):
    client = garden.tickets.client(garden.manager)
    path = f"/estates/{garden.estate_id}/dispatch-policy"
    before = client.get(path)

    changed = the_policy(garden, automatic=["PLB"], claims=True)

    assert (before.json["version"], before.headers["ETag"], before.json["claims"]) == (0, '"0"', False)
    assert (changed["version"], changed["automatic"], changed["claims"]) == (1, ["PLB"], True)
    assert last_said(garden, "tickets.dispatch_policy.changed.v1")["automatic"] == ["PLB"]
    the_policy(garden, version=0, expect=412)
    the_policy(garden, version=1)


@pytest.mark.parametrize(
    ("who", "expect"), [("dispatcher", 403), ("technician", 403), ("owner", 403), ("manager", 422)]
)
def test_only_managers_choose_and_only_known_categories(garden, who, expect):
    the_policy(garden, who=getattr(garden, who), automatic=["XYZ"], expect=expect)


def test_every_category_of_the_taxonomy_can_be_switched_on(garden):
    codes = sorted(each.code for each in taxonomy.CATEGORIES)

    assert the_policy(garden, automatic=codes)["automatic"] == codes


def test_nobody_chooses_for_an_estate_that_is_not_theirs(garden):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")

    the_policy(garden, who=elsewhere.manager, expect=404)
    with garden.tickets.work() as work:
        assert work.get(Staff, new_id()) is None
