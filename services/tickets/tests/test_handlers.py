"""What people can do with tickets, on the database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text

from chassis import writing
from chassis.errors import Forbidden, Invalid, NotFound
from chassis.ids import new_id
from services.tickets.events import Channel, Kind, Side, State, Urgency
from services.tickets.handlers import dispatch, filing, owners, review
from services.tickets.handlers import work as working
from services.tickets.model import Comment, Estate, IllegalMove, Ticket
from services.tickets.queries import candidates
from services.tickets.tests import factories


def filed(garden, who, **facts):
    report = {"kind": Kind.REPAIR, "channel": Channel.PORTAL, "description": "漏水", "urgency": Urgency.NORMAL}
    with garden.tickets.work(who, permission="tickets:file") as work:
        return filing.file(work, **{**report, "estate_id": garden.estate_id, **facts})


# ── filing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_owner_reports_from_home_and_from_a_public_place(garden):
    at_home = filed(garden, garden.owner, unit_id=garden.home)
    outside = filed(garden, garden.owner, place="3栋大堂")

    assert (at_home.reporter_id, at_home.filed_by) == (garden.owner.id, garden.owner.id)
    assert outside.unit_id is None


def test_an_owner_does_not_report_for_another_home_or_another_person(garden):
    with pytest.raises(NotFound):
        filed(garden, garden.owner, unit_id=garden.other_home)
    with pytest.raises(Forbidden):
        filed(garden, garden.owner, reporter_id=garden.neighbour.id)


def test_an_owner_does_not_report_to_another_estate(garden):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")

    with pytest.raises(NotFound):
        filed(garden, garden.owner, estate_id=elsewhere.estate_id)


def test_whoever_moved_out_does_not_report_for_that_home_any_more(garden):
    former = garden.resident(garden.home, role="occupier", until=date(2026, 11, 22))

    with pytest.raises(NotFound):
        filed(garden, former, unit_id=garden.home)


def test_the_desk_files_for_an_owner_who_phoned_and_both_are_kept(garden):
    ticket = filed(garden, garden.dispatcher, unit_id=garden.home, reporter_id=garden.owner.id, channel=Channel.PHONE)

    assert (ticket.reporter_id, ticket.filed_by) == (garden.owner.id, garden.dispatcher.id)
    assert ticket.channel is Channel.PHONE


def test_the_desk_files_only_for_whoever_lives_there(garden):
    with pytest.raises(Invalid) as refused:
        filed(garden, garden.dispatcher, unit_id=garden.home, reporter_id=garden.neighbour.id)

    assert "reporter_id" in refused.value.errors


def test_a_technician_reports_what_a_round_found_but_not_for_others(garden):
    found = filed(garden, garden.technician, place="水泵房", channel=Channel.PATROL)

    assert found.reporter_id == garden.technician.id
    with pytest.raises(Forbidden):
        filed(garden, garden.technician, unit_id=garden.home, reporter_id=garden.owner.id)


def test_residents_do_not_claim_the_staffs_channels(garden):
    with pytest.raises(Invalid):
        filed(garden, garden.owner, channel=Channel.PHONE)


@pytest.mark.parametrize(
    ("category", "problem", "hours"), [("PLB", "burst", 0.25), ("PLB", "leak", 24), ("ORD", None, 2), (None, None, 24)]
)
def test_the_limit_is_the_taxonomys_and_else_24_hours(garden, category, problem, hours):
    ticket = filed(garden, garden.owner, category=category, problem=problem)

    assert ticket.clocks[0].due_at - ticket.filed_at == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("category", {"category": "屋顶花园"}),
        ("problem", {"category": "PLB", "problem": "困人"}),
        ("category", {"problem": "leak"}),
    ],
)
def test_a_category_or_problem_we_do_not_know_is_refused(garden, field, said):
    with pytest.raises(Invalid) as refused:
        filed(garden, garden.owner, **said)

    assert list(refused.value.errors) == [field]


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_numbers_follow_each_other_within_estate_and_year(garden):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    numbers = [filed(garden, garden.owner).number for _ in range(3)]
    garden.tickets.clock.advance(days=38, hours=15)  # new year in Shanghai, not yet in UTC
    next_year = filed(garden, garden.owner).number

    assert numbers == [f"HY-E-01-2026-00000{n}" for n in (1, 2, 3)]
    assert next_year == "HY-E-01-2027-000001"
    assert filed(elsewhere, elsewhere.owner).number == "HY-E-02-2027-000001"


def test_two_who_file_at_the_same_moment_do_not_wait_for_each_other_and_get_different_numbers(garden):
    filed(garden, garden.owner)
    with garden.tickets.work(garden.owner, permission="tickets:file") as first:
        one = filing._next_number(first, estate_of(first, garden))
        first.session.flush()
        with garden.tickets.work(garden.owner, permission="tickets:file") as second:
            second.execute(text("SET LOCAL lock_timeout = '1s'"))
            two = filing._next_number(second, estate_of(second, garden))

    assert one != two


def test_many_who_file_at_once_all_get_numbers_of_their_own(garden):
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: filed(garden, garden.owner).number, range(40)))

    assert len(set(numbers)) == 40


def estate_of(work, garden):
    return work.find(Estate, garden.estate_id)


# ── dispatch ─────────────────────────────────────────────────────────────────────────────────────────────────────


def send(garden, ticket_id, technician):
    with garden.tickets.work(garden.dispatcher, permission="tickets:dispatch") as work:
        return dispatch.dispatch(work, ticket_id, technician_id=technician.id)


def an_accepted(garden, **facts):
    ticket = filed(garden, garden.owner, unit_id=garden.home, **facts)
    with garden.tickets.work(garden.dispatcher, permission="tickets:review") as work:
        review.review(work, ticket.id, decision="accept")
    return ticket.id


def test_only_a_technician_who_reaches_the_estate_can_be_sent(garden):
    elsewhere = factories.Garden(garden.tickets, code="HY-E-02")
    ticket_id = an_accepted(garden)

    for nobody_suitable in (
        elsewhere.technician,
        garden.owner,
        garden.manager,
        factories.a_person(operator_id=factories.HY),
    ):
        with pytest.raises(dispatch.NotSuitable):
            send(garden, ticket_id, nobody_suitable)


@pytest.mark.parametrize("scope", ["operator", "region", "estate"])
def test_a_technician_of_the_region_or_the_whole_operator_can_be_sent(garden, scope):
    where = {"operator": "operator", "region": f"region:{garden.region_id}", "estate": f"estate:{garden.estate_id}"}
    technician = garden.staff("technician", scope=where[scope])

    assert send(garden, an_accepted(garden), technician).assignee_id == technician.id


@pytest.mark.parametrize(
    ("expires_on", "barred"), [(date(2026, 11, 22), True), (date(2026, 11, 23), False), (None, False)]
)
def test_an_expired_certificate_bars_from_work_that_asks_for_it(garden, expires_on, barred):
    electrician = garden.staff("technician", skills=["electrician"], expires_on=expires_on)
    ticket_id = an_accepted(garden, category="ELC")

    if barred:
        with pytest.raises(dispatch.NotSuitable) as refused:
            send(garden, ticket_id, electrician)
        assert "expired" in refused.value.errors["technician_id"][0]
    else:
        assert send(garden, ticket_id, electrician).state is State.DISPATCHED


def test_of_two_dispatchers_at_once_one_wins_and_the_other_is_told_the_state(garden):
    other = garden.staff("technician", skills=["plumber"])
    ticket_id = an_accepted(garden)

    def attempt(technician):
        try:
            return send(garden, ticket_id, technician).assignee_id
        except IllegalMove as refused:
            return refused

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(attempt, [garden.technician, other]))

    refusals = [outcome for outcome in outcomes if isinstance(outcome, IllegalMove)]
    assert len(refusals) == 1
    assert "dispatched" in refusals[0].sentence("en")
    with garden.tickets.work() as work:
        assert work.get(Ticket, ticket_id).assignee_id in outcomes


# ── candidates ───────────────────────────────────────────────────────────────────────────────────────────────────


def ranked(garden, ticket_id):
    with garden.tickets.work(garden.dispatcher, permission="tickets:dispatch") as work:
        return candidates.candidates(work, work.find(Ticket, ticket_id))


def test_candidates_are_ranked_with_every_factor_shown(garden):
    handyman = garden.staff("technician", skills=["handyman"])
    ticket_id = an_accepted(garden, category="PLB")

    first, second = ranked(garden, ticket_id)

    assert (first.technician_id, second.technician_id) == (garden.technician.id, handyman.id)
    assert {each.factor: each.found for each in first.factors} == {
        "skill": "yes",
        "certificate": "not_needed",
        "duty": "off_duty",
        "load": "0",
        "rating": "none",
        "distance": "estate",
        "fairness": "0 of 0",
    }
    assert first.score == pytest.approx(sum(each.points for each in first.factors))


def test_whoever_is_on_duty_here_and_free_comes_before_whoever_is_not(garden):
    busy = garden.staff("technician", skills=["plumber"])
    send(garden, an_accepted(garden), busy)
    on_duty = garden.staff("technician", skills=["plumber"])
    garden.on_duty(on_duty, level=0)

    order = [each.technician_id for each in ranked(garden, an_accepted(garden, category="PLB"))]

    assert order == [on_duty.id, garden.technician.id, busy.id]


def test_past_ratings_count(garden):
    liked = garden.staff("technician", skills=["plumber"])
    for technician, score in ((garden.technician, 1), (liked, 5)):
        ticket_id = an_accepted(garden)
        send(garden, ticket_id, technician)
        finish(garden, ticket_id, technician)
        with garden.tickets.work(garden.owner, permission="tickets:rate") as work:
            owners.rate(work, ticket_id, score=score)

    order = [each.technician_id for each in ranked(garden, an_accepted(garden, category="PLB"))]

    assert order == [liked.id, garden.technician.id]


def test_a_barred_person_is_shown_last_and_says_why(garden):
    expired = garden.staff("technician", skills=["electrician"], expires_on=date(2026, 1, 1))

    *_, last = ranked(garden, an_accepted(garden, category="ELC"))

    assert (last.technician_id, last.barred) == (expired.id, "certificate_expired")


def finish(garden, ticket_id, technician):
    with garden.tickets.work(technician, permission="tickets:work") as work:
        working.start(work, ticket_id)
        working.complete(work, ticket_id, resolution="换了阀芯")


# ── whose job, whose side ────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_starts_or_completes_another_technicians_job(garden):
    other = garden.staff("technician")
    ticket_id = an_accepted(garden)
    send(garden, ticket_id, garden.technician)

    for act in (working.start, lambda work, id: working.complete(work, id, resolution="好了")):
        with garden.tickets.work(other, permission="tickets:work") as work, pytest.raises(working.NotYourJob):
            act(work, ticket_id)


def test_a_job_that_nobody_has_is_held_by_those_who_dispatch_alone(garden):
    ticket_id = garden.bring_to("accepted")["id"]

    with garden.tickets.work(garden.technician, permission="tickets:hold") as work, pytest.raises(working.NotYourJob):
        working.hold(work, ticket_id, reason="等决定")
    with garden.tickets.work(garden.dispatcher, permission="tickets:hold") as work:
        assert working.hold(work, ticket_id, reason="等决定").state is State.ON_HOLD


def test_a_technician_holds_their_own_job_and_a_dispatcher_any(garden):
    other = garden.staff("technician")
    ticket_id = an_accepted(garden)
    send(garden, ticket_id, garden.technician)

    with garden.tickets.work(other, permission="tickets:hold") as work, pytest.raises(working.NotYourJob):
        working.hold(work, ticket_id, reason="等配件")
    with garden.tickets.work(garden.technician, permission="tickets:hold") as work:
        working.hold(work, ticket_id, reason="等配件")
    with garden.tickets.work(garden.dispatcher, permission="tickets:hold") as work:
        assert working.resume(work, ticket_id).state is State.DISPATCHED


def test_staff_never_rate_even_when_they_live_there(garden):
    caretaker = factories.Person(
        factories.HY, (*garden.technician.roles, f"owner@unit:{garden.home}"), id=garden.technician.id
    )
    garden.hear(garden.occupancy(caretaker, garden.home))
    ticket_id = an_accepted(garden)
    send(garden, ticket_id, garden.technician)
    finish(garden, ticket_id, garden.technician)

    with garden.tickets.work(caretaker, permission="tickets:rate") as work, pytest.raises(owners.OwnersOnly):
        owners.rate(work, ticket_id, score=5)


def test_whoever_lives_there_may_rate_what_a_co_owner_reported(garden):
    wife = garden.resident(garden.home, role="co_owner")
    ticket_id = an_accepted(garden)
    send(garden, ticket_id, garden.technician)
    finish(garden, ticket_id, garden.technician)

    with garden.tickets.work(wife, permission="tickets:rate") as work:
        ticket = owners.rate(work, ticket_id, score=4)

    assert ticket.ratings[0].rated_by == wife.id


def test_a_contact_phone_is_ciphertext_in_the_database(garden):
    ticket = filed(garden, garden.owner, contact_phone="13812345678")

    with garden.tickets.work() as work:
        kept = work.scalar(text("SELECT contact_phone FROM ticket WHERE id = :id"), {"id": ticket.id})
        audited = work.scalar(text("SELECT string_agg(changes::text, '') FROM audit"))
        assert work.get(Ticket, ticket.id).contact_phone == "13812345678"
    assert "13812345678" not in kept
    assert "13812345678" not in audited
    assert "13812345678" not in str([each.to_dict() for each in garden.tickets.said()])


def test_a_ticket_says_its_present_state_again_for_a_late_listener(garden):
    ticket = filed(garden, garden.owner, unit_id=garden.home)

    with garden.tickets.work() as work:
        said = work.get(Ticket, ticket.id).restated()

    assert (said.ticket_id, said.state, said.dues[0].met_at) == (ticket.id, State.SUBMITTED, None)


def test_an_unknown_ticket_is_not_found(garden):
    with garden.tickets.work(garden.dispatcher, permission="tickets:review") as work, pytest.raises(NotFound):
        review.review(work, new_id(), decision="accept")


# ── as it lies in the database ───────────────────────────────────────────────────────────────────────────────────


def test_what_points_at_a_ticket_is_written_after_it_also_by_several_statements(garden, monkeypatch):
    monkeypatch.setattr(writing, "MOST", 1)
    ticket = factories.a_ticket(operator_id=garden.operator_id, estate_id=garden.estate_id)
    comment = Comment.written(ticket, author_id=new_id(), side=Side.STAFF, internal=True, text="催过两次")
    comment.operator_id = ticket.operator_id

    with garden.tickets.work() as work:
        work.add(comment)

    with garden.tickets.work() as work:
        assert work.scalar(select(Comment.ticket_id)) == ticket.id


def test_times_that_are_taken_back_are_null_as_if_never_given(garden):
    ticket = factories.a_ticket(operator_id=garden.operator_id, estate_id=garden.estate_id, preferred_times=[])
    with garden.tickets.work() as work:
        work.add(ticket)
    with garden.tickets.work() as work:
        work.take(Ticket, ticket.id).preferred_times = None

    with garden.tickets.work() as work:
        assert work.scalar(select(func.count()).where(Ticket.preferred_times.is_(None))) == 1
