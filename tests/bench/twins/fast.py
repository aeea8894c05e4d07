"""The FastAPI peer: SQLAlchemy's async ORM on asyncpg, pydantic models, uvicorn with uvloop."""

import os
from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Header, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import insert, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload, lazyload, load_only
from uuid_utils.compat import uuid7

from tests.bench.twins import common, shapes, words
from tests.bench.twins.shapes import Audit, Clock, Estate, Outbox, Pen, Person, Ticket, Unit

URL = os.environ["TWIN_DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://")
engine = create_async_engine(URL, pool_size=8, connect_args={"server_settings": {"application_name": "twin"}})
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI(openapi_url=None)
CONTEXT = text(common.CONTEXT.format(":operator", ":estates"))
EVERYWHERE = text(common.EVERYWHERE.format(":operator"))
REACH, REVOKED = text(common.REACH.format(":id")), text(common.REVOKED.format(":id"))
LIVES_THERE = text(common.LIVES_THERE.format(":person", ":unit"))
SIMILAR = text(common.SIMILAR.format(**{name: f":{name}" for name in common.SIMILAR_ASKED}))
SEEN_BY_STAFF = text(common.SEEN_BY_STAFF.format(person="CAST(:person AS uuid)"))
TAXONOMY = text(common.TAXONOMY.format(":id"))


class Report(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: str = Field(pattern="^(repair|complaint|suggestion|inquiry)$")
    estate_id: UUID
    unit_id: UUID
    category: str | None = Field(None, max_length=40)
    description: str = Field(min_length=1, max_length=4000)
    urgency: str = "normal"


class PersonOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: UUID
    name: str


class Short(BaseModel):
    """The seven fields."""

    model_config = ConfigDict(from_attributes=True)
    id: UUID
    number: str
    kind: str
    state: str
    estate_id: UUID
    unit_id: UUID | None
    filed_at: datetime


class Line(Short):
    version: int
    place: str | None
    category: str | None
    problem: str | None
    title_zh: str
    title_en: str
    urgency: str
    assignee: PersonOut | None


class DueOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    clock: str
    due_at: datetime
    warned_at: datetime | None
    breached_at: datetime | None
    met_at: datetime | None


class Whole(Line):
    channel: str
    reporter_id: UUID
    reporter: PersonOut | None
    filed_by: UUID
    description: str
    preferred_times: list | None
    contact_phone: str | None
    payer: str | None
    question: str | None
    answer: str | None
    reason: str | None
    assignee_id: UUID | None
    resolution: str | None
    cause: str | None
    parts: list | None
    labour_minutes: int | None
    reopened: int
    reviewed_at: datetime | None
    dispatched_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    rated_at: datetime | None
    closed_at: datetime | None
    closes_at: datetime | None
    reopen_until: datetime | None
    dues: list[DueOut]
    ratings: list
    follows_id: UUID | None
    confidential: bool
    incident_id: UUID | None
    proposed: dict | None
    warranty_until: date | None
    reply: str | None = Field(validation_alias="reply_text")
    outcome: str | None
    replied_at: datetime | None
    contested_at: datetime | None
    confirmed_at: datetime | None
    contractor_id: UUID | None
    contractor: PersonOut | None
    returned: int
    urged: int
    urged_at: datetime | None
    cause_code: str | None
    charged_fen: int
    appointed_from: datetime | None
    appointed_to: datetime | None
    arrived_at: datetime | None
    similar: list[dict]


class Page(BaseModel):
    items: list[Line]
    next: str | None


class ShortPage(BaseModel):
    items: list[Short]
    next: str | None


class Caller:
    """Who calls, and the session that is told so."""

    def __init__(self, session: AsyncSession, claims: dict, estate: UUID):
        self.session, self.estate = session, estate
        self.id, self.operator = UUID(claims["sub"]), UUID(claims["operator"])
        self.actor = f"person/{claims['sub']}"


async def caller(authorization: Annotated[str | None, Header()] = None) -> AsyncIterator[Caller]:
    try:
        claims = common.claims_of(authorization)
    except common.Refused as error:
        raise HTTPException(401) from error
    async with sessions.begin() as session:
        await _refuse_revoked(session, claims)
        estate = common.staff_estate(claims) or await _estate_of(session, claims)
        await session.execute(CONTEXT, {"operator": claims["operator"], "estates": estate})
        yield Caller(session, claims, UUID(estate))


Signed = Annotated[Caller, Depends(caller, scope="function")]


async def _refuse_revoked(session: AsyncSession, claims: dict) -> None:
    known = common.revoked.get(claims["operator"])
    if known is None:
        rows = await _ask(session, claims, REVOKED, claims["operator"])
        known = common.revoked.put(claims["operator"], dict(map(tuple, rows)))
    if claims["epoch"] < known.get(claims["sub"], 0):
        raise HTTPException(401)


async def _estate_of(session: AsyncSession, claims: dict) -> str:
    home = common.home_of(claims)
    if home not in common.homes:
        rows = await _ask(session, claims, REACH, home)
        common.homes[home] = str(rows[0][0])
    return common.homes[home]


async def _ask(session: AsyncSession, claims: dict, question, id: str):
    """Rows, read over all of the caller's operator."""
    await session.execute(EVERYWHERE, {"operator": claims["operator"]})
    return (await session.execute(question, {"id": UUID(id)})).all()


@app.get("/healthz")
async def healthz() -> dict:
    return {"status": "ok"}


@app.post("/tickets", status_code=201, response_model=Whole)
async def file_ticket(report: Report, who: Signed):
    """Everything the tickets service does: place, home, number, ticket, clock, two events, two audit rows."""
    session, at = who.session, common.now()
    estate = await session.scalar(
        select(Estate).where(Estate.id == report.estate_id, Estate.operator_id == who.operator)
    )
    unit = await session.scalar(select(Unit).where(Unit.id == report.unit_id, Unit.operator_id == who.operator))
    if estate is None or estate.id != who.estate or unit is None or unit.estate_id != estate.id:
        raise HTTPException(404)
    if not await session.scalar(LIVES_THERE, {"person": who.id, "unit": unit.id}):
        raise HTTPException(404)
    await _operators_taxonomy(session, who.operator)  # for the title, the limit and what the words may propose
    ticket = _ticket(report, who, await _next_number(session, estate, at), at)
    clock = Clock(
        id=uuid7(), version=1, operator_id=who.operator, estate_id=estate.id, clock="review", **common.due_times(at)
    )
    ticket.proposed = words.proposed(report.kind, report.description)
    ticket.clocks.append(clock)
    ticket.reporter = await session.get(Person, who.id)
    session.add(ticket)
    correlation = str(uuid7())
    facts, due = shapes.facts_of(ticket), shapes.facts_of(clock)
    first = common.submitted(facts, due, who.actor, correlation)
    second = common.started(facts, due, who.actor, correlation)
    await session.flush()
    await session.execute(insert(Outbox), [common.outbox_row(event, facts) for event in (first, second)])
    rows = [common.audit_row(first, facts, facts), common.audit_row(second, facts, due)]
    await session.execute(insert(Audit), rows)
    ticket.similar = await _alike(who, ticket)
    return ticket


@app.post("/rows", status_code=201, response_model=Short)
async def file_rows(report: Report, who: Signed):
    """Three rows and nothing else: ticket, audit, outbox."""
    at = common.now()
    ticket = _ticket(report, who, str(uuid7()), at)
    facts = shapes.facts_of(ticket)
    event = common.filed(facts, who.actor, str(uuid7()))
    who.session.add(ticket)
    await who.session.flush()
    await who.session.execute(insert(Outbox), [common.outbox_row(event, facts)])
    await who.session.execute(insert(Audit), [common.audit_row(event, facts, facts)])
    return ticket


def _ticket(report: Report, who: Caller, number: str, at: datetime) -> Ticket:
    given = report.model_dump()
    return Ticket(
        id=uuid7(), version=1, operator_id=who.operator, number=number, state="submitted", channel="portal", filed_at=at,
        reporter_id=who.id, filed_by=who.id, complained_of=[], reopened=0, clocks=[], ratings=[], assignee=None, reporter=None,
        contractor=None, charged_fen=0, returned=0, urged=0, next_due_at=common.FAR,
        **given,
    )  # fmt: skip


async def _operators_taxonomy(session: AsyncSession, operator: UUID) -> int:
    """The version of the operator's own, at most two seconds old; 0: the standard one."""
    known = common.taxonomies.get(operator)
    if known is None:
        known = common.taxonomies.put(operator, await session.scalar(TAXONOMY, {"id": operator}) or 0)
    return known


async def _alike(who: Caller, ticket: Ticket) -> list[dict]:
    about = ticket.category or (ticket.proposed or {}).get("category")
    if about is None:
        return []
    asked = {
        "operator": who.operator, "estate": ticket.estate_id, "unit": ticket.unit_id, "person": who.id, "ticket": ticket.id,
        "kind": ticket.kind, "about": about,
    }  # fmt: skip
    return common.similar((await who.session.execute(SIMILAR, asked)).all())


async def _next_number(session: AsyncSession, estate: Estate, at: datetime) -> str:
    year = at.astimezone(common.SHANGHAI).year
    free = select(Pen).where(Pen.estate_id == estate.id, Pen.year == year).order_by(Pen.next).limit(1)
    pen = await session.scalar(free.with_for_update(skip_locked=True))
    if pen is None:
        raise HTTPException(503)
    number, pen.next = pen.next, pen.next + common.PENS
    return f"{estate.code}-{year}-{number:06}"


@app.get("/tickets", response_model=Page)
async def list_tickets(
    who: Signed, estate_id: UUID, limit: Annotated[int, Query(ge=1, le=200)] = 50, after: str | None = None
):
    """The fifteen fields of our own list."""
    rows, following = await _page(who, estate_id, limit, after, load_only(*shapes.LINE), joinedload(Ticket.assignee))
    return Page.model_validate({"items": rows, "next": following}, from_attributes=True)


@app.get("/short", response_model=ShortPage)
async def list_short(
    who: Signed, estate_id: UUID, limit: Annotated[int, Query(ge=1, le=200)] = 50, after: str | None = None
):
    """Seven fields."""
    rows, following = await _page(who, estate_id, limit, after, load_only(*shapes.SHORT))
    return ShortPage.model_validate({"items": rows, "next": following}, from_attributes=True)


async def _page(who: Caller, estate_id: UUID, limit: int, after: str | None, *options):
    if estate_id != who.estate:
        return [], None
    mine = SEEN_BY_STAFF.bindparams(person=who.id)
    found = select(Ticket).where(Ticket.operator_id == who.operator, Ticket.estate_id == estate_id, mine)
    if after:
        at, _, id = after.partition("_")
        found = found.where(tuple_(Ticket.filed_at, Ticket.id) < tuple_(datetime.fromisoformat(at), UUID(id)))
    found = (
        found.order_by(Ticket.filed_at.desc(), Ticket.id.desc())
        .limit(limit + 1)
        .options(lazyload(Ticket.clocks), lazyload(Ticket.ratings), *options)
    )
    rows = list(await who.session.scalars(found))
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], last and f"{last.filed_at.isoformat()}_{last.id}"
