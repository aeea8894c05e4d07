"""What is out of order for many, and what will be off: who is told, once."""

import time
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, text

from chassis.ids import new_id
from services.notify.events import Category
from services.notify.model import Message, Occupancy, Person, Preference
from services.notify.reactions import directory, incidents
from services.notify.tests.factories import EN, a_resident, an_estate, hear, messages, somebody, told

SOON = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


def an_incident(happened, place, **facts):
    facts = {
        "incident_id": new_id(),
        "estate_id": place.estate_id,
        "state": "open",
        "planned": False,
        "title_zh": "电梯：停梯",
        "title_en": "Lift: Stopped",
        "text_zh": "正在抢修。",
        "text_en": "Being repaired.",
        "whole_estate": False,
        "unit_ids": [place.unit_id],
        **facts,
    }
    return happened(**facts)


def news(happened, place, **facts):
    said = {"news_zh": "已到场。", "news_en": "Engineers are here.", "reporter_ids": []}
    return an_incident(happened, place, **{**said, **facts})


def another_home(notify, place) -> UUID:
    unit_id = new_id()
    spoken = {"spoken_zh": "3栋2单元602", "spoken_en": "Building 3, entrance 2, 602"}
    hear(notify, place, directory.UnitFacts(unit_id=unit_id, estate_id=place.estate_id, **spoken))
    return unit_id


def living_in(notify, place, unit_id, relation="owner", *, until=None) -> UUID:
    person_id = somebody(notify, place)
    hear(
        notify,
        place,
        directory.OccupancyFacts(
            occupancy_id=new_id(),
            estate_id=place.estate_id,
            unit_id=unit_id,
            person_id=person_id,
            relation=relation,
            starts_on=date(2020, 1, 1),
            ends_on=until,
            void=False,
        ),
    )
    return person_id


def readers(notify) -> set[UUID]:
    return {person_id for person_id, _, _ in told(notify)}


def test_the_adults_of_the_units_concerned_are_told_in_their_language(notify, place):
    owner = a_resident(notify, place)
    tenant = a_resident(notify, place, "occupier", language=EN)
    a_resident(notify, place, "household_member")
    living_in(notify, place, another_home(notify, place))

    hear(notify, place, an_incident(incidents.IncidentOpened, place))

    assert told(notify) == {
        (owner, "tickets.incident.opened", "zh-CN"),
        (tenant, "tickets.incident.opened", "en"),
    }
    (message,) = messages(notify, tenant)
    assert message.subject == "We are working on it: Lift: Stopped" and "Being repaired." in message.body
    assert (message.category, message.about_type) == (Category.NOTICES, "incident")


def test_the_whole_estate_is_everybody_who_lives_there_today_and_nobody_elsewhere(notify, place):
    other = an_estate(notify, operator_id=place.operator_id, region_id=place.region_id)
    here = {a_resident(notify, place), living_in(notify, place, another_home(notify, place))}
    a_resident(notify, other)
    a_resident(notify, place, until=date(2026, 11, 1))

    hear(notify, place, an_incident(incidents.IncidentOpened, place, whole_estate=True, unit_ids=[]))

    assert readers(notify) == here


def test_who_reported_it_is_told_with_the_others_and_nobody_twice(notify, place):
    owner, passer_by = a_resident(notify, place), somebody(notify, place)

    hear(
        notify,
        place,
        news(incidents.IncidentTold, place, reporter_ids=[owner, passer_by]),
        type="tickets.incident.updated.v1",
    )

    assert readers(notify) == {owner, passer_by}
    assert len(messages(notify, owner)) == 1 and "已到场。" in messages(notify, owner)[0].body


def test_an_outage_is_told_with_its_times(notify, place):
    owner = a_resident(notify, place)
    times = {"starts_at": SOON, "ends_at": SOON + timedelta(hours=4), "planned": True, "state": "planned"}

    hear(notify, place, an_incident(incidents.IncidentAnnounced, place, announced_at=SOON, **times))

    assert messages(notify, owner)[0].subject == "停用预告：电梯：停梯，11月26日09:00至11月26日13:00"


@pytest.mark.parametrize("announced", [True, False])
def test_what_nobody_had_heard_of_is_called_off_in_silence(notify, place, announced):
    owner = a_resident(notify, place)
    outage = {"planned": True, "starts_at": SOON, "ends_at": SOON, "announced_at": SOON if announced else None}

    hear(notify, place, news(incidents.IncidentCancelled, place, **outage))

    assert readers(notify) == ({owner} if announced else set())


def test_who_wants_no_notices_gets_none_by_the_other_ways(notify, place):
    owner = a_resident(notify, place)
    with notify.work() as work:
        work.add(Preference(id=owner, operator_id=place.operator_id, channels={"notices": ["in_app"]}))

    hear(notify, place, an_incident(incidents.IncidentOpened, place))

    with notify.work() as work:
        assert work.scalars(text("SELECT channel FROM delivery")) == ["in_app"]


def test_one_person_still_on_the_way_keeps_nobody_waiting(notify, place):
    owner = a_resident(notify, place)
    unknown = directory.OccupancyFacts(
        occupancy_id=new_id(),
        estate_id=place.estate_id,
        unit_id=place.unit_id,
        person_id=new_id(),
        relation="owner",
        starts_on=date(2020, 1, 1),
        ends_on=None,
        void=False,
    )
    hear(notify, place, unknown)

    hear(notify, place, an_incident(incidents.IncidentOpened, place))

    assert readers(notify) == {owner}


def test_an_estate_of_twelve_hundred_homes_is_told_at_once(notify, place):
    """2,400 people by a handful of questions; seconds, not minutes, on a busy machine."""
    people = [new_id() for _ in range(2400)]
    with notify.work() as work:
        mine = {"operator_id": place.operator_id, "sequence": 1}
        work.execute(insert(Person), [{"id": each, "name": "王芳", "language": "zh-CN", **mine} for each in people])
        holds = {
            "estate_id": place.estate_id,
            "relation": "owner",
            "starts_on": date(2020, 1, 1),
            "void": False,
            **mine,
        }
        work.execute(
            insert(Occupancy), [{"id": new_id(), "unit_id": new_id(), "person_id": each, **holds} for each in people]
        )

    began = time.monotonic()
    hear(notify, place, an_incident(incidents.IncidentOpened, place, whole_estate=True, unit_ids=[]))
    took = time.monotonic() - began

    with notify.work() as work:
        assert work.scalar(select(func.count()).select_from(Message)) == 2400
    assert took < 60
