"""What can be done with a ticket, and where it leads: a table of moves for each kind, in one notation.

    Move.REOPEN: way(State.COMPLETED, State.CLOSED, to=State.ACCEPTED, only=[in_warranty])

reads: from `completed` and `closed` a ticket may be reopened, which leads to `accepted`, only while `in_warranty` lets it.
A guard is a function that raises what it refuses with; it is given the ticket and the particulars of the move.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from chassis.errors import Conflict
from services.tickets.events import Kind, State


class IllegalMove(Conflict):
    en = "A ticket that is {state} does not allow “{move}”; reload it and look at its state."
    zh = "工单当前为「{state}」，不能执行「{move}」，请刷新后再试。"


class AlreadyRated(Conflict):
    en = "This work is rated already, the ticket is {state}; reopen it if it is not mended."
    zh = "本次服务已评价，工单当前为「{state}」；如问题未解决，请重新打开工单。"


class TooLate(Conflict):
    en = "This ticket is {state} and could be reopened until {until}; report it anew, with its id as `follows_id`."
    zh = "工单当前为「{state}」，重新打开的期限为 {until}，请重新报修，并以 follows_id 关联原工单。"


class ComplainedOf(Conflict):
    en = "This person is complained of, the ticket is {state}; give it to somebody else."
    zh = "此人为被投诉人，工单当前为「{state}」，请交由他人处理。"


class AlreadyContested(Conflict):
    en = "The answer was contested once already, the ticket is {state}; report anew what is new."
    zh = "该答复已提出过一次异议，工单当前为「{state}」；如有新情况，请重新提交。"


class OwnAnswer(Conflict):
    en = "The answer is contested, the ticket is {state}; somebody else than who gave it must answer now."
    zh = "答复已被提出异议，工单当前为「{state}」，须由原答复人以外的人员重新答复。"


class NotConfidential(Conflict):
    en = "This ticket, which is {state}, is not confidential; its reporter stands on it."
    zh = "该工单（{state}）并非保密投诉，报事人信息可直接查看。"


class NotDecided(Conflict):
    en = "The ticket is {state} and its owner has not decided on the quote; wait for that, or make another quote."
    zh = "工单当前为「{state}」，业主尚未确认报价，请等待确认或重新报价。"


class BeyondQuote(Conflict):
    en = "The ticket is {state} and its owner agreed to {agreed_fen} fen at most; quote what goes beyond it first."
    zh = "工单当前为「{state}」，业主同意的上限为 {agreed_fen} 分，超出部分须先报价并经业主同意。"


class Move(StrEnum):
    """What can be done with a ticket."""

    ASK = "ask"
    ANSWER = "answer"
    ACCEPT = "accept"
    REJECT = "reject"
    DISPATCH = "dispatch"
    TRANSFER = "transfer"
    RETURN = "return"
    DECLINE = "decline"
    START = "start"
    HOLD = "hold"
    RESUME = "resume"
    COMPLETE = "complete"
    RATE = "rate"
    CONFIRM = "confirm"
    SETTLE = "settle"  # with the incident that it is about
    REOPEN = "reopen"
    CLOSE = "close"
    CANCEL = "cancel"
    ASSIGN = "assign"
    REPLY = "reply"
    CONTEST = "contest"
    PUT_ON_AGENDA = "put_on_agenda"


# ── guards ───────────────────────────────────────────────────────────────────────────────────────────────────────

Guard = Callable[..., None]  # (ticket, **particulars of the move); raises a Conflict that names the state


def not_yet_rated(ticket, **_) -> None:
    if ticket.rated_at:
        raise AlreadyRated(state=ticket.state)


def in_warranty(ticket, *, at, **_) -> None:
    if ticket.reopen_until and at > ticket.reopen_until:
        raise TooLate(state=ticket.state, until=ticket.reopen_until.date(), errors={"follows_id": [str(ticket.id)]})


def quote_decided(ticket, **_) -> None:
    if ticket.open_quote:
        raise NotDecided(state=ticket.state)


def within_consent(ticket, *, charge_fen, **_) -> None:
    """Nobody finds on a bill what they were not asked about."""
    if charge_fen > ticket.agreed_fen:
        raise BeyondQuote(state=ticket.state, agreed_fen=ticket.agreed_fen)


def not_complained_of(ticket, *, who, **_) -> None:
    if who in ticket.complained_of:
        raise ComplainedOf(state=ticket.state)


def not_ones_own_answer(ticket, *, who, **_) -> None:
    if ticket.contested_at and who == ticket.replied_by:
        raise OwnAnswer(state=ticket.state)


def not_yet_contested(ticket, **_) -> None:
    if ticket.contested_at:
        raise AlreadyContested(state=ticket.state)


# ── the tables ───────────────────────────────────────────────────────────────────────────────────────────────────

BACK = None  # to the state in which it was held


class Way(NamedTuple):
    """From which states a move starts, where it leads, and what else must hold."""

    begins: frozenset[State]
    leads_to: State | None
    guards: tuple[Guard, ...]


def way(*begins: State, to: State | None, only: list[Guard] = ()) -> Way:
    return Way(frozenset(begins), to, tuple(only))


REVIEW = {  # how every kind begins
    Move.ASK: way(State.SUBMITTED, to=State.NEEDS_ANSWER),
    Move.ANSWER: way(State.NEEDS_ANSWER, to=State.SUBMITTED),
    Move.ACCEPT: way(State.SUBMITTED, to=State.ACCEPTED),
    Move.REJECT: way(State.SUBMITTED, State.NEEDS_ANSWER, to=State.REJECTED),
}
REPAIR = REVIEW | {
    Move.DISPATCH: way(State.ACCEPTED, to=State.DISPATCHED),
    Move.TRANSFER: way(State.DISPATCHED, State.STARTED, to=State.DISPATCHED),
    Move.RETURN: way(State.DISPATCHED, State.STARTED, to=State.ACCEPTED),
    Move.DECLINE: way(State.DISPATCHED, to=State.ACCEPTED),
    Move.START: way(State.DISPATCHED, to=State.STARTED),
    Move.HOLD: way(State.ACCEPTED, State.DISPATCHED, State.STARTED, to=State.ON_HOLD),
    Move.RESUME: way(State.ON_HOLD, to=BACK),
    Move.COMPLETE: way(State.STARTED, to=State.COMPLETED, only=[quote_decided, within_consent]),
    Move.RATE: way(State.COMPLETED, to=State.COMPLETED, only=[not_yet_rated]),
    Move.CONFIRM: way(State.COMPLETED, to=State.COMPLETED),
    Move.SETTLE: way(
        State.SUBMITTED, State.NEEDS_ANSWER, State.ACCEPTED, State.DISPATCHED, State.ON_HOLD, to=State.COMPLETED
    ),
    Move.REOPEN: way(State.COMPLETED, State.CLOSED, to=State.ACCEPTED, only=[in_warranty]),
    Move.CLOSE: way(State.COMPLETED, to=State.CLOSED),
    Move.CANCEL: way(
        State.SUBMITTED,
        State.NEEDS_ANSWER,
        State.ACCEPTED,
        State.DISPATCHED,
        State.ON_HOLD,
        to=State.CANCELLED,
    ),
}
ANSWERED = {  # how a kind ends that asks for words, not for work
    Move.RATE: way(State.REPLIED, to=State.REPLIED, only=[not_yet_rated]),
    Move.CONFIRM: way(State.REPLIED, to=State.CLOSED),
    Move.CLOSE: way(State.REPLIED, to=State.CLOSED),
}
COMPLAINT = (
    REVIEW
    | {
        Move.ASSIGN: way(
            State.ACCEPTED,
            State.ASSIGNED,
            State.CONTESTED,
            to=State.ASSIGNED,
            only=[not_complained_of, not_ones_own_answer],
        ),
        Move.REPLY: way(
            State.ASSIGNED, State.CONTESTED, to=State.REPLIED, only=[not_complained_of, not_ones_own_answer]
        ),
        Move.CONTEST: way(State.REPLIED, to=State.CONTESTED, only=[not_yet_contested]),
        Move.HOLD: way(State.ACCEPTED, State.ASSIGNED, State.CONTESTED, to=State.ON_HOLD),
        Move.RESUME: way(State.ON_HOLD, to=BACK),
        Move.CANCEL: way(
            State.SUBMITTED,
            State.NEEDS_ANSWER,
            State.ACCEPTED,
            State.ASSIGNED,
            State.ON_HOLD,
            to=State.CANCELLED,
        ),
    }
    | ANSWERED
)
SUGGESTION = (
    REVIEW
    | {
        Move.PUT_ON_AGENDA: way(State.ACCEPTED, to=State.ON_AGENDA),
        Move.REPLY: way(State.ACCEPTED, State.ON_AGENDA, to=State.REPLIED),
        Move.CANCEL: way(State.SUBMITTED, State.NEEDS_ANSWER, State.ACCEPTED, State.ON_AGENDA, to=State.CANCELLED),
    }
    | ANSWERED
)
INQUIRY = (
    REVIEW
    | {
        Move.ASSIGN: way(State.ACCEPTED, State.ASSIGNED, to=State.ASSIGNED),
        Move.REPLY: way(State.SUBMITTED, State.ACCEPTED, State.ASSIGNED, to=State.REPLIED),
        Move.REOPEN: way(State.REPLIED, State.CLOSED, to=State.ACCEPTED, only=[in_warranty]),
        Move.CANCEL: way(State.SUBMITTED, State.NEEDS_ANSWER, State.ACCEPTED, State.ASSIGNED, to=State.CANCELLED),
    }
    | ANSWERED
)
MOVES: dict[Kind, dict[Move, Way]] = {
    Kind.REPAIR: REPAIR,
    Kind.COMPLAINT: COMPLAINT,
    Kind.SUGGESTION: SUGGESTION,
    Kind.INQUIRY: INQUIRY,
}
ENDS = (State.CLOSED, State.REJECTED, State.CANCELLED)


def move(ticket, act: Move, **particulars) -> None:
    """Lead a ticket where its kind's table says.

    Raises:
        IllegalMove: the ticket's state does not allow it; or whatever one of the way's guards raises.
    """
    way = MOVES[ticket.kind].get(act)
    if way is None or ticket.state not in way.begins:
        raise IllegalMove(state=ticket.state, move=act)
    for guard in way.guards:
        guard(ticket, **particulars)
    ticket.state = way.leads_to or ticket.held_from


# ── as a picture ─────────────────────────────────────────────────────────────────────────────────────────────────


def drawn(kind: Kind) -> str:
    """A kind's table as a Mermaid state diagram; guards stand in [brackets]."""
    table = MOVES[kind]
    lines = ["stateDiagram-v2", f"    [*] --> {State.SUBMITTED}: file"]
    for act, (begins, to, guards) in table.items():
        only = f" [{', '.join(guard.__name__ for guard in guards)}]" if guards else ""
        for begin in sorted(begins, key=list(State).index):
            ends = [to] if to else sorted(table[Move.HOLD].begins, key=list(State).index)
            lines += [f"    {begin} --> {end}: {act}{only}" for end in ends]
    return "\n".join(lines)
