"""An estate, its people and its tickets, as notify hears of them. Each states only what matters to a test."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from uuid import UUID

from sqlalchemy import select

from chassis.ids import new_id
from chassis.private import seal
from services.notify.model import Delivery, Message
from services.notify.reactions import directory, tickets
from services.notify.reactions.tickets import Due, TicketMoved

ZH, EN = "zh-CN", "en"


@dataclass(frozen=True)
class Place:
    """An estate of an operator, with one home."""

    operator_id: UUID = field(default_factory=new_id)
    region_id: UUID = field(default_factory=new_id)
    estate_id: UUID = field(default_factory=new_id)
    unit_id: UUID = field(default_factory=new_id)


def an_estate(notify, **ids) -> Place:
    place = Place(**ids)
    names = {"name_zh": "和悦花园", "name_en": "Heyue Garden", "timezone": "Asia/Shanghai"}
    hear(notify, place, directory.EstateFacts(estate_id=place.estate_id, region_id=place.region_id, **names))
    spoken = {"spoken_zh": "3栋2单元601", "spoken_en": "Building 3, entrance 2, 601"}
    hear(notify, place, directory.UnitFacts(unit_id=place.unit_id, estate_id=place.estate_id, **spoken))
    return place


def somebody(
    notify, place, *, name="王芳", language=ZH, phone="+8613800001111", email="fang@example.com", sequence=1, id=None
) -> UUID:
    id = id or new_id()
    fact = directory.PersonFacts(
        person_id=id,
        name=name,
        language=language,
        phone_sealed=phone and seal(phone),
        email_sealed=email and seal(email),
    )
    notify.hear(fact, operator_id=place.operator_id, sequence=sequence, of=id)
    return id


def a_resident(notify, place, relation="owner", *, since=date(2020, 1, 1), until=None, void=False, **who) -> UUID:
    person_id = somebody(notify, place, **who)
    fact = directory.OccupancyFacts(
        occupancy_id=new_id(),
        estate_id=place.estate_id,
        unit_id=place.unit_id,
        person_id=person_id,
        relation=relation,
        starts_on=since,
        ends_on=until,
        void=void,
    )
    hear(notify, place, fact)
    return person_id


def a_colleague(notify, place, role="dispatcher", scope=None, *, active=True, **who) -> UUID:
    person_id = somebody(notify, place, **{"name": "李强", **who})
    held = directory.RoleFacts(role=role, scope=scope or f"estate:{place.estate_id}")
    notify.hear(
        directory.StaffFacts(person_id=person_id, roles=[held], active=active),
        operator_id=place.operator_id,
        of=person_id,
    )
    return person_id


def on_duty(notify, place, person_id, *, begins: datetime, level=1, estate=True, cancelled=False) -> None:
    fact = directory.DutyFacts(
        duty_id=new_id(),
        estate_id=place.estate_id if estate else None,
        region_id=None if estate else place.region_id,
        role="dispatcher",
        person_id=person_id,
        starts_at=begins,
        ends_at=begins + timedelta(hours=8),
        level=level,
        cancelled=cancelled,
    )
    notify.hear(fact, operator_id=place.operator_id, estate_id=fact.estate_id)


def a_ticket(happened, place, reporter_id, **facts):
    """What `happened` to a leak in the place's home."""
    ticket = {
        "ticket_id": new_id(),
        "number": "R2611230001",
        "estate_id": place.estate_id,
        "unit_id": place.unit_id,
        "kind": "repair",
        "title_zh": "给排水 · 漏水",
        "title_en": "Plumbing · leak",
        "urgency": "normal",
        "reporter_id": reporter_id,
    }
    return happened(**{**ticket, **facts})


def a_due(at: datetime) -> Due:
    return Due(clock="review", due_at=at)


def hear(notify, place, fact, **more):
    """As said in the place's estate."""
    return notify.hear(fact, operator_id=place.operator_id, estate_id=place.estate_id, **more)


def begun(notify, place, reporter_id, **facts):
    """Work began on the reporter's repair: a message to the reporter alone."""
    return hear(notify, place, a_ticket(TicketMoved, place, reporter_id, **facts), type="tickets.ticket.started.v1")


# ── what came of it ──────────────────────────────────────────────────────────────────────────────────────────────


def told(notify) -> set[tuple[UUID, str, str]]:
    """(person, template, language) of every message."""
    with notify.work() as work:
        return {(each.person_id, each.template, each.language) for each in work.scalars(select(Message))}


def messages(notify, person_id) -> list[Message]:
    with notify.work() as work:
        return work.scalars(select(Message).where(Message.person_id == person_id).order_by(Message.id))


def desk_told(notify, place) -> set:
    owner = a_resident(notify, place)
    hear(notify, place, a_ticket(tickets.TicketAnswered, place, owner))
    return {person for person, _, _ in told(notify)}


def deliveries(notify, channel=None, person_id=None) -> list[Delivery]:
    wanted = select(Delivery).order_by(Delivery.id)
    wanted = wanted.where(Delivery.channel == channel) if channel else wanted
    wanted = wanted.where(Delivery.person_id == person_id) if person_id else wanted
    with notify.work() as work:
        return work.scalars(wanted)


def letters(mail) -> list:
    """What the mail server keeps, oldest first."""
    return [
        message_from_bytes(file.read_bytes(), policy=policy.default)
        for file in sorted(mail.handler.folder.glob("*.eml"))
    ]


def tick(notify, **span) -> None:
    notify.clock.advance(**(span or {"seconds": 2}))
    notify.tick()
