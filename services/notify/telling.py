"""Telling people: what an event has to say and to whom, and how the messages of many events are written at once.

A reaction only makes a `Telling` of its event; who is meant by a desk or a home, in which language and by which channels,
is looked up here for all of a batch together.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson

from chassis.errors import Conflict
from chassis.events import Envelope
from chassis.private import seal
from services.notify import queries
from services.notify.events import Category, Channel
from services.notify.model import HOME_ZONE, Delivery, Estate, Message, Person, Preference, State, Unit
from services.notify.templates import Letter, language_of, render


class NotYetKnown(Conflict):
    """An event spoke of what has its own event still on the way: the reaction is tried again later."""

    en = "The directory has not told us of {what} yet; wait for its event."
    zh = "尚未收到目录中关于 {what} 的事件，请稍候。"


@dataclass(frozen=True, kw_only=True)
class Telling:
    """One template of one event, for the people named, the estate's desk, the unit's adults, the adults of many units or of
    the whole estate; never for `but`."""

    cause: Envelope
    template: str
    category: Category
    about_type: str
    about_id: UUID
    link: str
    people: frozenset[UUID] = frozenset()
    desk: bool = False
    home: bool = False
    units: frozenset[UUID] = frozenset()
    whole_estate: bool = False
    but: UUID | None = None
    estate_id: UUID | None = None
    unit_id: UUID | None = None
    facts: dict = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)  # by language
    words: dict[str, dict] = field(default_factory=dict)  # by language, facts that read differently in each
    named: dict[str, UUID] = field(default_factory=dict)  # facts that are people's names
    urgent: bool = False  # may disturb the night


def tell(work, tellings: list[Telling]) -> None:
    """Write one message to each person meant, unless the same event told them already. All are of one operator.

    Raises:
        NotYetKnown: the event of a person or place has not arrived.
    """
    known = _Known(work, tellings)
    for telling in tellings:
        for person in known.readers(telling):
            told = (telling.cause.id, person.id)
            if told not in known.told:
                known.told.add(told)
                _write(work, known, telling, person)


class _Known:
    """What the tellings of a batch speak of, each looked up once."""

    def __init__(self, work, tellings: list[Telling]):
        self.estates, self.units = queries.places(
            work, {telling.estate_id for telling in tellings}, {telling.unit_id for telling in tellings}
        )
        for telling in tellings:
            self._place(telling)
        desks = {telling.estate_id for telling in tellings if telling.desk}
        homes = {telling.unit_id for telling in tellings if telling.home}
        self.desks = queries.desks(work, [self.estates[estate_id] for estate_id in desks])
        self.homes = queries.homes(work, [self.units[unit_id] for unit_id in homes], self.estates)
        self.crowds = {id(each): self._crowd(work, each) for each in tellings if each.units or each.whole_estate}
        people = set().union(*(self._meant(each) | set(each.named.values()) for each in tellings))
        self.people, self.told = queries.people(work, people, {telling.cause.id for telling in tellings})

    def place(self, telling: Telling, language: str) -> dict:
        """Where it happened, as people of this language say it; nothing for what happened nowhere."""
        estate, unit = self._place(telling)
        if not estate:
            return {}
        if language == "en":
            return {"estate": estate.name_en, "unit": unit and unit.spoken_en}
        return {"estate": estate.name_zh, "unit": unit and unit.spoken_zh}

    def timezone(self, telling: Telling) -> str:
        return self.estates[telling.estate_id].timezone if telling.estate_id else HOME_ZONE

    def readers(self, telling: Telling) -> Iterator[Person]:
        """Of a crowd those we know: one who is still on the way keeps nobody else waiting."""
        unknown = self.crowds.get(id(telling), set()) - self.people.keys() - telling.people
        return (self.person(person_id) for person_id in sorted(self._meant(telling) - unknown))

    def person(self, person_id: UUID) -> Person:
        return self._known("person", person_id, self.people)[0]

    def preference(self, person: Person) -> Preference:
        return self.people[person.id][1] or Preference(id=person.id)

    def _meant(self, telling: Telling) -> set[UUID]:
        desk = self.desks[telling.estate_id] if telling.desk else set()
        home = self.homes[telling.unit_id] if telling.home else set()
        crowd = self.crowds.get(id(telling), set())
        return (telling.people | desk | home | crowd) - {telling.but}

    def _crowd(self, work, telling: Telling) -> set[UUID]:
        estate, _ = self._place(telling)
        return queries.residents(work, estate, None if telling.whole_estate else telling.units)

    def _place(self, telling: Telling) -> tuple[Estate | None, Unit | None]:
        estate = telling.estate_id and self._known("estate", telling.estate_id, self.estates)
        unit = telling.unit_id and self._known("unit", telling.unit_id, self.units)
        if unit and unit.estate_id != telling.estate_id:
            raise NotYetKnown(what=f"unit {unit.id} in estate {telling.estate_id}")
        return estate, unit

    def _known(self, what: str, id: UUID, among: dict):
        if id not in among:
            raise NotYetKnown(what=f"{what} {id}")
        return among[id]


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _write(work, known: _Known, telling: Telling, person: Person) -> None:
    language, preference = language_of(person.language), known.preference(person)
    words = render(telling.template, language, _facts(known, telling, person, language))
    wanted = preference.wants(telling.category)
    message = work.add(
        Message(
            operator_id=telling.cause.operator_id,
            estate_id=telling.cause.estate_id,
            event_id=telling.cause.id,
            person_id=person.id,
            template=telling.template,
            category=telling.category,
            language=language,
            subject=words.subject,
            body=words.body,
            about_type=telling.about_type,
            about_id=telling.about_id,
            in_app=Channel.IN_APP in wanted,
            created_at=work.now,
        )
    )
    _hand_out(work, message, person, wanted, words, at=work.now if telling.urgent else preference.awake(work.now))


def _facts(known: _Known, telling: Telling, person: Person, language: str) -> dict:
    spoken = {"title": telling.titles[language]} if telling.titles else {}
    names = {fact: known.person(person_id).name for fact, person_id in telling.named.items()}
    about = {"person": person.name, "link": telling.link, "timezone": known.timezone(telling)}
    return {
        **telling.facts,
        **telling.words.get(language, {}),
        **names,
        **spoken,
        **known.place(telling, language),
        **about,
    }


def _hand_out(work, message: Message, person: Person, wanted: tuple[Channel, ...], words: Letter, at: datetime) -> None:
    """A delivery for each wanted channel that leads to this person."""
    if Channel.IN_APP in wanted:
        work.add(_delivery(message, Channel.IN_APP, state=State.DELIVERED, sent_at=work.now, delivered_at=work.now))
    outward = [channel for channel in wanted if channel in work.settings.offered and person.sealed_address(channel)]
    for channel in outward:
        work.add(_delivery(message, channel, letter=_sealed(channel, words), next_attempt_at=at))
    if message.category is Category.ACCOUNT and not outward:
        work.add(_delivery(message, Channel.EMAIL)).fail("no address is known", work.now)


def _delivery(message: Message, channel: Channel, **more) -> Delivery:
    return Delivery(
        operator_id=message.operator_id,
        estate_id=message.estate_id,
        message_id=message.id,
        message=message,
        event_id=message.event_id,
        person_id=message.person_id,
        template=message.template,
        channel=channel,
        created_at=message.created_at,
        **more,
    )


def _sealed(channel: Channel, words: Letter) -> str:
    letter = {"subject": "", "text": words.sms, "html": ""}
    if channel is Channel.EMAIL:
        letter = {"subject": words.email_subject, "text": words.email_text, "html": words.email_html}
    return seal(orjson.dumps(letter).decode())
