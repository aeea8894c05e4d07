"""What tickets are and how they move: state and facts, without a database."""

from datetime import timedelta
from itertools import product

import pytest

from chassis.ids import new_id
from services.tickets import diagrams, events
from services.tickets.events import Kind, Outcome, Payer, State
from services.tickets.model import MOVES, AlreadyRated, IllegalMove, Move, Ticket, TooLate, taxonomy
from services.tickets.tests.factories import DAY, NOON, STEPS, TERMS, a_report, a_ticket, said

HOUR = timedelta(hours=1)
SOMEBODY = new_id()
DO = {
    Move.ASK: lambda ticket: ticket.ask("哪个房间？", cap=DAY, at=NOON),
    Move.ANSWER: lambda ticket: ticket.take_answer("厨房", at=NOON),
    Move.ACCEPT: lambda ticket: ticket.accept(Payer.OWNER, at=NOON),
    Move.REJECT: lambda ticket: ticket.reject("重复", at=NOON),
    Move.DISPATCH: lambda ticket: ticket.dispatch(SOMEBODY, at=NOON),
    Move.TRANSFER: lambda ticket: ticket.transfer(SOMEBODY, by=SOMEBODY, reason="休假", at=NOON),
    Move.RETURN: lambda ticket: ticket.give_back("不会修", review_within=DAY, at=NOON),
    Move.DECLINE: lambda ticket: ticket.decline("在别处", review_within=DAY, at=NOON),
    Move.START: lambda ticket: ticket.start(at=NOON),
    Move.HOLD: lambda ticket: ticket.hold("等配件"),
    Move.RESUME: lambda ticket: ticket.resume(),
    Move.COMPLETE: lambda ticket: ticket.complete("换了阀芯", terms=TERMS, at=NOON),
    Move.RATE: lambda ticket: ticket.rate(5, by=SOMEBODY, at=NOON),
    Move.REOPEN: lambda ticket: ticket.reopen("又漏了", review_within=DAY, at=NOON),
    Move.CLOSE: lambda ticket: ticket.close(at=NOON),
    Move.CANCEL: lambda ticket: ticket.cancel("不需要了", at=NOON),
    Move.CONFIRM: lambda ticket: ticket.confirm(at=NOON),
    Move.SETTLE: lambda ticket: ticket.complete("已恢复", terms=TERMS, at=NOON, act=Move.SETTLE),
    Move.ASSIGN: lambda ticket: ticket.assign(SOMEBODY, at=NOON),
    Move.REPLY: lambda ticket: ticket.reply("已核实", Outcome.UPHELD, by=SOMEBODY, terms=TERMS, at=NOON),
    Move.CONTEST: lambda ticket: ticket.contest("没有解决", review_within=DAY, at=NOON),
    Move.PUT_ON_AGENDA: lambda ticket: ticket.put_on_agenda(at=NOON),
}
SAYS = {
    Move.ASK: events.TicketAsked,
    Move.ANSWER: events.TicketAnswered,
    Move.ACCEPT: events.TicketReviewed,
    Move.REJECT: events.TicketRejected,
    Move.DISPATCH: events.TicketDispatched,
    Move.TRANSFER: events.TicketTransferred,
    Move.RETURN: events.TicketReturned,
    Move.DECLINE: events.TicketDeclined,
    Move.START: events.TicketStarted,
    Move.HOLD: events.TicketHeld,
    Move.RESUME: events.TicketResumed,
    Move.COMPLETE: events.TicketCompleted,
    Move.RATE: events.TicketRated,
    Move.REOPEN: events.TicketReopened,
    Move.CLOSE: events.TicketClosed,
    Move.CANCEL: events.TicketCancelled,
    Move.CONFIRM: events.TicketConfirmed,
    Move.SETTLE: events.TicketCompleted,
    Move.ASSIGN: events.TicketAssigned,
    Move.REPLY: events.TicketReplied,
    Move.CONTEST: events.TicketContested,
    Move.PUT_ON_AGENDA: events.SuggestionPutOnAgenda,
}


def allows(kind, move, state) -> bool:
    return move in MOVES[kind] and state in MOVES[kind][move].begins


LEGAL = [(kind, move, state) for kind in Kind for move in Move for state in State if allows(kind, move, state)]
ILLEGAL = [
    (kind, move, state)
    for kind, move, state in product(Kind, Move, State)
    if state in STEPS[kind] and not allows(kind, move, state)
]


# ── moves ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_ticket_is_submitted_and_its_review_clock_runs():
    ticket = Ticket.filed(**a_report(kind=Kind.REPAIR), number="HY-E-01-2026-000001", review_within=DAY, at=NOON)

    assert ticket.state is State.SUBMITTED
    assert [type(fact) for fact in said(ticket)] == [events.TicketSubmitted]
    assert [type(fact) for fact in said(ticket.clocks[0])] == [events.ClockStarted]
    assert said(ticket)[0].dues[0].due_at == NOON + DAY


@pytest.mark.parametrize(("kind", "move", "state"), LEGAL)
def test_a_legal_move_leads_where_the_table_says_and_is_told_once(kind, move, state):
    ticket = a_ticket(kind=kind, state=state)

    DO[move](ticket)

    held = State.DISPATCHED if kind is Kind.REPAIR else State.ASSIGNED
    closed_by_it = [events.TicketClosed] if move is Move.CONFIRM and kind is not Kind.REPAIR else []
    assert ticket.state is (MOVES[kind][move].leads_to or held)
    assert [type(fact) for fact in said(ticket)] == [SAYS[move], *closed_by_it]
    assert said(ticket)[0].state is ticket.state


@pytest.mark.parametrize("kind", Kind)
def test_the_states_of_a_kind_are_those_that_its_table_leads_to(kind):
    reached = {way.leads_to for way in MOVES[kind].values()} - {None}

    assert reached | {State.SUBMITTED} == set(STEPS[kind])


@pytest.mark.parametrize(("kind", "move", "state"), ILLEGAL)
def test_an_illegal_move_is_refused_by_name_and_changes_nothing(kind, move, state):
    ticket = a_ticket(kind=kind, state=state)

    with pytest.raises(IllegalMove) as refused:
        DO[move](ticket)

    assert f"A ticket that is {state} does not allow “{move}”" in refused.value.sentence("en")
    assert f"「{state}」" in refused.value.sentence("zh")
    assert ticket.state is state
    assert said(ticket) == []


@pytest.mark.parametrize("state", [State.ACCEPTED, State.DISPATCHED, State.STARTED])
def test_a_held_ticket_goes_on_where_it_was_held(state):
    ticket = a_ticket(state=state)

    ticket.hold("等配件")
    ticket.resume()

    assert ticket.state is state


def test_facts_about_a_ticket_name_its_category_and_never_its_words():
    ticket = a_ticket(category="PLB", problem="leak", contact_phone="13812345678", description="王秀英 13812345678")

    ticket.accept(Payer.OWNER, at=NOON)

    fact = said(ticket)[0]
    assert (fact.title_zh, fact.title_en) == ("给排水：漏水", "Water and drains: Leak")
    assert "13812345678" not in str(fact)
    assert "王秀英" not in str(fact)


def test_the_readme_draws_the_moves_as_the_tables_have_them():
    text = diagrams.README.read_text()

    assert diagrams.redrawn(text) == text


# ── rating, reopening, closing ───────────────────────────────────────────────────────────────────────────────────


def test_finished_work_says_when_it_closes_what_the_parts_cost_and_how_long_the_warranty_lasts():
    ticket = a_ticket(state=State.STARTED)

    ticket.complete("换了阀芯", parts=[{"name": "阀芯", "quantity": 2, "price_fen": 3500}], terms=TERMS, at=NOON)

    fact = said(ticket)[0]
    assert (fact.parts_fen, fact.closes_at, fact.reopen_until) == (7000, NOON + 7 * DAY, NOON + 30 * DAY)
    assert ticket.remind_at == NOON + 3 * DAY


def test_a_closure_is_rated_once_and_after_a_reopening_anew():
    ticket = a_ticket(state=State.COMPLETED)
    ticket.rate(2, by=SOMEBODY, at=NOON)

    with pytest.raises(AlreadyRated):
        ticket.rate(5, by=SOMEBODY, at=NOON)
    ticket.reopen("又漏了", review_within=DAY, at=NOON)
    for move in (Move.DISPATCH, Move.START, Move.COMPLETE):
        DO[move](ticket)
    ticket.rate(5, by=SOMEBODY, at=NOON)

    assert [(rating.closure, rating.score) for rating in ticket.ratings] == [(0, 2), (1, 5)]


def test_a_rating_needs_no_reminder():
    ticket = a_ticket(state=State.COMPLETED)

    ticket.rate(4, by=SOMEBODY, at=NOON)

    assert ticket.remind_at is None


@pytest.mark.parametrize(("rated", "days"), [(True, 7), (False, 7)])
def test_a_closed_ticket_says_whether_it_was_rated(rated, days):
    ticket = a_ticket(state=State.COMPLETED)
    if rated:
        ticket.rate(4, by=SOMEBODY, at=NOON)

    ticket.close(at=NOON + days * DAY)

    assert said(ticket)[-1].rated is rated


def test_a_reopened_ticket_is_counted_has_nobody_and_must_be_dispatched_in_time_again():
    ticket = a_ticket(state=State.CLOSED)

    ticket.reopen("又漏了", review_within=DAY, at=NOON + 30 * DAY)

    assert (ticket.reopened, ticket.assignee_id, ticket.closes_at) == (1, None, None)
    assert [clock.due_at for clock in ticket.clocks if clock.met_at is None] == [NOON + 31 * DAY]


@pytest.mark.parametrize("state", [State.COMPLETED, State.CLOSED])
def test_after_the_warranty_a_ticket_is_not_reopened(state):
    ticket = a_ticket(state=state)

    with pytest.raises(TooLate):
        ticket.reopen("又漏了", review_within=DAY, at=NOON + 30 * DAY + timedelta(seconds=1))

    assert ticket.state is state


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", [State.DISPATCHED, State.REJECTED, State.CANCELLED])
def test_the_review_clock_is_met_when_somebody_is_sent_or_nobody_needs_to_be(state):
    assert a_ticket(state=state).clocks[0].met_at == NOON


def test_accepting_alone_does_not_stop_the_review_clock():
    assert a_ticket(state=State.ACCEPTED).clocks[0].met_at is None


def test_a_question_stops_the_clock_by_the_time_the_answer_took():
    ticket = a_ticket()
    clock = ticket.clocks[0]

    ticket.ask("哪个房间？", cap=DAY, at=NOON + HOUR)
    ticket.take_answer("厨房", at=NOON + 6 * HOUR)

    assert (clock.due_at, clock.warn_at) == (NOON + DAY + 5 * HOUR, NOON + 18 * HOUR + 5 * HOUR)
    assert [type(fact) for fact in said(clock)] == [events.ClockPaused, events.ClockResumed]


def test_a_question_stops_the_clock_no_longer_than_its_cap():
    ticket = a_ticket()

    ticket.ask("哪个房间？", cap=DAY, at=NOON)
    ticket.take_answer("厨房", at=NOON + 9 * DAY)

    assert ticket.clocks[0].due_at == NOON + 2 * DAY


def test_only_the_first_question_stops_the_clock():
    ticket = a_ticket()
    ticket.ask("哪个房间？", cap=DAY, at=NOON)
    ticket.take_answer("厨房", at=NOON + HOUR)

    ticket.ask("哪个水管？", cap=DAY, at=NOON + 2 * HOUR)
    ticket.take_answer("冷水管", at=NOON + 20 * HOUR)

    assert ticket.clocks[0].due_at == NOON + DAY + HOUR


def test_a_limit_that_is_met_late_climbs_no_further_and_says_that_it_passed():
    clock = a_ticket().clocks[0]
    clock.breached_at, clock.escalate_at = NOON + DAY, NOON + 28 * HOUR
    clock.meet(NOON + 26 * HOUR)

    assert clock.escalate_at is None
    assert [type(fact) for fact in said(clock)] == [events.ClockMet]
    assert said(clock)[-1].breached_at == NOON + DAY


# ── taxonomy ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["PLB", "plb", "给排水", "water and drains"])
def test_a_category_is_known_by_code_and_by_name_in_both_languages(name):
    assert taxonomy.category(name).code == "PLB"


def test_a_grave_problem_has_limits_of_its_own():
    assert taxonomy.limits("PLB", "burst").review == timedelta(minutes=15)
    assert taxonomy.limits("PLB", "leak").review == DAY
    assert taxonomy.limits(None, None).review is None
