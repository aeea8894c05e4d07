"""Tickets in any state, and the estate they belong to; each says only what matters to its test."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from chassis.ids import new_id
from chassis.testing import Harness, Person, a_person
from services.tickets import reactions
from services.tickets.events import Channel, Kind, Payer, State, Urgency
from services.tickets.model import Ticket
from services.tickets.model.answering import OUTCOMES
from services.tickets.settings import Settings

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # in Shanghai
HY, QY = new_id(), new_id()  # two operators
TERMS = Settings()
DAY = timedelta(days=1)


# ── tickets without a database ───────────────────────────────────────────────────────────────────────────────────


def a_ticket(*, state: State = State.SUBMITTED, kind: Kind = Kind.REPAIR, at: datetime = NOON, **facts) -> Ticket:
    """A ticket that came to `state` on the ordinary way; what it said on the way is forgotten."""
    ticket = Ticket.filed(**{**a_report(kind=kind), "number": "HY-E-01-2026-000001", **facts}, review_within=DAY, at=at)
    for step in STEPS[kind][state]:
        step(ticket, at)
    for thing in (ticket, *ticket.clocks):
        vars(thing).pop("recorded", None)
    return ticket


def a_report(**facts) -> dict:
    report = {"estate_id": new_id(), "reporter_id": new_id(), "filed_by": new_id(), "channel": Channel.PORTAL}
    return {**report, "description": "厨房水管漏水", "urgency": Urgency.NORMAL, **facts}


def said(thing) -> list:
    """What an entity has recorded, in order."""
    return [fact for _, fact, _ in vars(thing).get("recorded", [])]


ACCEPT = lambda ticket, at: ticket.accept(Payer.COMMON, at=at)  # noqa: E731
SEND = lambda ticket, at: ticket.dispatch(new_id(), at=at)  # noqa: E731
START = lambda ticket, at: ticket.start(at=at)  # noqa: E731
FINISH = lambda ticket, at: ticket.complete("换了阀芯", terms=TERMS, at=at)  # noqa: E731
WORK = {
    State.SUBMITTED: [],
    State.NEEDS_ANSWER: [lambda ticket, at: ticket.ask("哪个房间？", cap=DAY, at=at)],
    State.ACCEPTED: [ACCEPT],
    State.DISPATCHED: [ACCEPT, SEND],
    State.STARTED: [ACCEPT, SEND, START],
    State.ON_HOLD: [ACCEPT, SEND, lambda ticket, at: ticket.hold("等配件")],
    State.COMPLETED: [ACCEPT, SEND, START, FINISH],
    State.CLOSED: [ACCEPT, SEND, START, FINISH, lambda ticket, at: ticket.close(at=at)],
    State.REJECTED: [lambda ticket, at: ticket.reject("重复", at=at)],
    State.CANCELLED: [lambda ticket, at: ticket.cancel("不需要了", at=at)],
}
ASSIGN = lambda ticket, at: ticket.assign(new_id(), at=at)  # noqa: E731
REPLY = lambda ticket, at: ticket.reply(  # noqa: E731
    "已核实", OUTCOMES[ticket.kind][0], by=ticket.assignee_id or new_id(), terms=TERMS, at=at
)
CONTEST = lambda ticket, at: ticket.contest("没有解决", review_within=DAY, at=at)  # noqa: E731
TABLE = lambda ticket, at: ticket.put_on_agenda(at=at)  # noqa: E731
CONFIRM = lambda ticket, at: ticket.confirm(at=at)  # noqa: E731
BEGINNINGS = {
    state: WORK[state]
    for state in (State.SUBMITTED, State.NEEDS_ANSWER, State.ACCEPTED, State.REJECTED, State.CANCELLED)
}
STEPS = {  # by kind, how a ticket of it comes to a state
    Kind.REPAIR: WORK,
    Kind.COMPLAINT: BEGINNINGS
    | {
        State.ASSIGNED: [ACCEPT, ASSIGN],
        State.ON_HOLD: [ACCEPT, ASSIGN, lambda ticket, at: ticket.hold("等监控录像")],
        State.REPLIED: [ACCEPT, ASSIGN, REPLY],
        State.CONTESTED: [ACCEPT, ASSIGN, REPLY, CONTEST],
        State.CLOSED: [ACCEPT, ASSIGN, REPLY, CONFIRM],
    },
    Kind.SUGGESTION: BEGINNINGS
    | {
        State.ON_AGENDA: [ACCEPT, TABLE],
        State.REPLIED: [ACCEPT, TABLE, REPLY],
        State.CLOSED: [ACCEPT, REPLY, CONFIRM],
    },
    Kind.INQUIRY: BEGINNINGS
    | {
        State.ASSIGNED: [ACCEPT, ASSIGN],
        State.REPLIED: [REPLY],
        State.CLOSED: [REPLY, CONFIRM],
    },
}


# ── an estate as the directory tells of it ───────────────────────────────────────────────────────────────────────


class Garden:
    """An estate with two homes, their owners, and its staff, all heard from the directory."""

    def __init__(self, tickets: Harness, *, operator_id: UUID = HY, code: str = "HY-E-01"):
        self.tickets = tickets
        self.operator_id = operator_id
        self.region_id, self.estate_id, self.home, self.other_home = (new_id() for _ in range(4))
        self.hear(
            reactions.EstateFacts(
                estate_id=self.estate_id, region_id=self.region_id, code=code, timezone="Asia/Shanghai"
            )
        )
        for unit_id, unit_code in ((self.home, "3-2-0601"), (self.other_home, "3-2-0602")):
            self.hear(reactions.UnitFacts(unit_id=unit_id, estate_id=self.estate_id, code=unit_code))
        self.owner = self.resident(self.home)
        self.neighbour = self.resident(self.other_home)
        self.dispatcher = self.staff("dispatcher")
        self.technician = self.staff("technician", skills=["plumber"])
        self.manager = self.staff("estate_manager")

    def hear(self, fact, **how):
        return self.tickets.hear(fact, operator_id=self.operator_id, **{"estate_id": self.estate_id, **how})

    def named(self, person_id: UUID, name: str) -> None:
        self.hear(reactions.PersonFacts(person_id=person_id, name=name), estate_id=None)

    def resident(
        self, unit_id: UUID, *, role: str = "owner", since: date = date(2020, 1, 1), until: date | None = None
    ):
        """Somebody who holds the unit, with a token that says so."""
        person = a_person(operator_id=self.operator_id, roles=[f"{role}@unit:{unit_id}"])
        self.named(person.id, "王秀英")
        self.hear(self.occupancy(person, unit_id, since=since, until=until))
        return person

    def occupancy(self, person: Person, unit_id: UUID, *, since=date(2020, 1, 1), until=None, void=False):
        """The fact that a person holds a unit; told again with the same person and unit it is the same occupancy."""
        return reactions.OccupancyFacts(
            occupancy_id=uuid5(person.id, str(unit_id)),
            estate_id=self.estate_id,
            unit_id=unit_id,
            person_id=person.id,
            starts_on=since,
            ends_on=until,
            void=void,
        )

    def staff(self, role: str, *, scope: str | None = None, skills=(), expires_on: date | None = None, name="李师傅"):
        """A member of staff; the certificate for each skill ends on `expires_on`."""
        scope = scope or f"estate:{self.estate_id}"
        person = a_person(operator_id=self.operator_id, roles=[f"{role}@{scope}"])
        self.named(person.id, name)
        licences = [reactions.CertificateFacts(skill=skill, expires_on=expires_on) for skill in skills]
        self.hear(
            reactions.StaffFacts(
                person_id=person.id,
                roles=[reactions.RoleFacts(role=role, scope=scope)],
                skills=list(skills),
                certificates=licences,
                active=True,
            ),
            estate_id=None,
        )
        return person

    def on_duty(self, person: Person, level: int, *, hours: float = 72) -> None:
        now = self.tickets.clock.now()
        self.hear(
            reactions.DutyFacts(
                duty_id=new_id(),
                estate_id=self.estate_id,
                person_id=person.id,
                starts_at=now,
                ends_at=now + timedelta(hours=hours),
                level=level,
                cancelled=False,
            )
        )

    # what happens there

    def report(self, who: Person | None = None, **facts) -> dict:
        """A repair filed over HTTP. → the ticket."""
        body = {"kind": "repair", "estate_id": str(self.estate_id), "description": "厨房水管漏水", **facts}
        answer = self.tickets.client(who or self.owner).post("/tickets", body)
        assert answer.status_code == 201, answer.json
        return answer.json

    def do(self, who: Person, ticket: dict, act: str, body: dict | None = None, *, expect: int = 200) -> dict:
        """An act on a ticket over HTTP. → what was answered."""
        answer = self.tickets.client(who).post(f"/tickets/{ticket['id']}/{act}", body or {})
        assert answer.status_code == expect, answer.json
        return answer.json

    def bring_to(self, state: str, **facts) -> dict:
        """A repair of the owner's home, brought to `state` by those whose work it is."""
        ticket = self.report(unit_id=str(self.home), **facts)
        ways = {
            "accepted": (self.dispatcher, "review", {"decision": "accept", "payer": "common"}),
            "dispatched": (self.dispatcher, "dispatch", {"technician_id": str(self.technician.id)}),
            "started": (self.technician, "start", {}),
            "completed": (self.technician, "completion", {"resolution": "换了阀芯"}),
        }
        for reached, (who, act, body) in ways.items():
            if ticket["state"] == state:
                break
            ticket = self.do(who, ticket, act, body)
            assert ticket["state"] == reached
        return ticket
