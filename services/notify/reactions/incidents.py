"""What is out of order for many, and what will be off: told to everybody concerned, and to who reported it, once each time."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from chassis.events import event, on, part
from services.notify.events import Category
from services.notify.telling import Telling, tell


@part
class Incident:
    """It concerns the whole estate, or else the units of `unit_ids`."""

    incident_id: UUID
    estate_id: UUID
    state: str
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    whole_estate: bool
    unit_ids: list[UUID]
    starts_at: datetime | None
    ends_at: datetime | None
    announced_at: datetime | None
    planned: bool


@part
class News(Incident):
    news_zh: str
    news_en: str
    reporter_ids: list[UUID]


@event("tickets.incident.opened", version=1)
class IncidentOpened(Incident): ...


@event("tickets.incident.announced", version=1)
class IncidentAnnounced(Incident): ...


@event("tickets.incident.changed", version=1)
class IncidentChanged(Incident):
    reporter_ids: list[UUID]


@event("tickets.incident.updated", "tickets.incident.resolved", version=1)
class IncidentTold(News): ...


@event("tickets.incident.cancelled", version=1)
class IncidentCancelled(News): ...


@on(IncidentOpened, together=tell)
def say_it_is_known(work, heard):
    """Before many report the same."""
    yield from _to_all(work, heard, "tickets.incident.opened")


@on(IncidentAnnounced, together=tell)
def announce_outage(work, heard):
    yield from _to_all(work, heard, "tickets.incident.announced")


@on(IncidentChanged, together=tell)
def say_it_is_changed(work, heard):
    yield from _to_all(work, heard, "tickets.incident.changed", *heard.reporter_ids)


@on(IncidentTold, together=tell)
def pass_on_news(work, heard):
    """The template has the event's own name."""
    template = work.cause.type.removesuffix(".v1")
    yield from _to_all(work, heard, template, *heard.reporter_ids, zh=heard.news_zh, en=heard.news_en)


@on(IncidentCancelled, together=tell)
def say_it_is_off(work, heard):
    said = {"zh": heard.news_zh, "en": heard.news_en}
    yield from _to_all(work, heard, "tickets.incident.cancelled", *heard.reporter_ids, **said)


def _to_all(
    work, heard, template: str, *reporters: UUID, zh: str | None = None, en: str | None = None
) -> Iterator[Telling]:
    """To everybody concerned who can have heard of it, and to who reported it; nobody twice."""
    unheard = heard.planned and heard.announced_at is None
    if unheard and not reporters:
        return
    yield Telling(
        cause=work.cause,
        template=template,
        category=Category.NOTICES,
        about_type="incident",
        about_id=heard.incident_id,
        link=f"{work.settings.public_url}/incidents/{heard.incident_id}",
        people=frozenset(reporters),
        units=frozenset() if unheard else frozenset(heard.unit_ids),
        whole_estate=heard.whole_estate and not unheard,
        estate_id=heard.estate_id,
        facts={"starts_at": heard.starts_at, "ends_at": heard.ends_at},
        titles={"zh-CN": heard.title_zh, "en": heard.title_en},
        words={"zh-CN": {"text": zh or heard.text_zh}, "en": {"text": en or heard.text_en}},
    )
