"""What can be done here: tell people something, read a message, choose how to be told, take a provider's receipt."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import exists, select, update

from chassis.errors import Conflict, Stale, Unauthorized
from chassis.private import seal
from services.notify.channels import is_signed
from services.notify.events import Category, Channel
from services.notify.model import FINAL, HOME_ZONE, Delivery, Message, Person, Preference, State
from services.notify.templates import LANGUAGES, Letter, language_of, render


class NotYetKnown(Conflict):
    """An event spoke of what has its own event still on the way: the reaction is tried again later."""

    en = "The directory has not told us of {what} yet; wait for its event."
    zh = "尚未收到目录中关于 {what} 的事件，请稍候。"


class BadSignature(Unauthorized):
    en = "The receipt's signature or time does not hold; sign it with the shared secret and the present time."
    zh = "回执的签名或时间无效，请使用共享密钥和当前时间重新签名。"


@dataclass(frozen=True)
class News:
    """What happened, ready to be told in any language. `spoken` holds the facts that read differently in each."""

    category: Category
    about_type: str
    about_id: UUID
    link: str
    facts: dict
    spoken: dict[str, dict] = field(default_factory=lambda: {language: {} for language in LANGUAGES})
    timezone: str = HOME_ZONE
    urgent: bool = False  # may disturb the night


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────


def tell(work, people: Iterable[UUID | None], template: str, news: News) -> None:
    """Write one message to each of these people, unless the same event told them already.

    Raises:
        NotYetKnown: a person's own event has not arrived.
    """
    wanted = {person_id for person_id in people if person_id}
    told = exists().where(Message.event_id == work.cause.id, Message.person_id == Person.id)
    known = select(Person, Preference, told).outerjoin(Preference, Preference.id == Person.id).order_by(Person.id)
    mine = (Person.id.in_(wanted), Person.operator_id == work.cause.operator_id)
    found = work.execute(known.where(*mine)).all() if wanted else []
    missing = wanted - {person.id for person, *_ in found}
    if missing:
        raise NotYetKnown(what=f"person {min(missing)}")
    for person, preference, is_told in found:
        if not is_told:
            _write(work, person, preference or Preference(id=person.id), template, news)


def _write(work, person: Person, preference: Preference, template: str, news: News) -> None:
    language = language_of(person.language)
    facts = {**news.facts, **news.spoken[language], "person": person.name, "link": news.link, "timezone": news.timezone}
    words = render(template, language, facts)
    wanted = preference.wants(news.category)
    message = work.add(
        Message(
            operator_id=work.cause.operator_id,
            estate_id=work.cause.estate_id,
            event_id=work.cause.id,
            person_id=person.id,
            template=template,
            category=news.category,
            language=language,
            subject=words.subject,
            body=words.body,
            about_type=news.about_type,
            about_id=news.about_id,
            in_app=Channel.IN_APP in wanted,
            created_at=work.now,
        )
    )
    _hand_out(work, message, person, wanted, words, at=work.now if news.urgent else preference.awake(work.now))


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


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


def read(work, message_id: UUID) -> Message:
    message = work.take(Message, message_id)
    message.read(work.now)
    return message


def read_all(work) -> int:
    """Mark everything that came up to this instant as read. → how many were unread"""
    unread = update(Message).where(
        Message.visible_to(work.actor, None), Message.read_at.is_(None), Message.created_at <= work.now
    )
    return len(work.scalars(unread.values(read_at=work.now).returning(Message.id)))


# ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def prefer(work, **wishes) -> Preference:
    """Replace the signed-in person's preferences."""
    preference = _own_preference(work)
    preference.change(**wishes)
    return preference


def _own_preference(work) -> Preference:
    if work.get(Preference, work.actor.id):
        return work.take(Preference, work.actor.id)
    if work.if_match:  # what they read had version 0
        raise Stale()
    return work.add(Preference(id=work.actor.id))


# ── receipts ─────────────────────────────────────────────────────────────────────────────────────────────────────


def accept_receipt(work, *, body: bytes, headers, reference: str, state: State, reason: str | None) -> None:
    """A provider says what became of a text message; saying it again, or late, changes nothing."""
    secret = work.settings.sms_secret
    if not secret or not is_signed(secret, body, headers, work.now.timestamp()):
        raise BadSignature()
    operator_id, delivery_id = map(UUID, reference.split(":"))
    work.enter(operator_id)
    delivery = work.take(Delivery, delivery_id)
    if delivery.state in FINAL or delivery.channel is not Channel.SMS:
        return
    if state is State.DELIVERED:
        delivery.delivered(work.now)
    else:
        delivery.fail(reason or "the provider could not deliver it", work.now)
