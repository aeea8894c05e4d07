"""What can be done here: read a message, choose how to be told, take a provider's receipt."""

from uuid import UUID

from sqlalchemy import update

from chassis.errors import Stale, Unauthorized
from services.notify.channels import is_signed
from services.notify.events import Channel
from services.notify.model import FINAL, Delivery, Message, Preference, State


class BadSignature(Unauthorized):
    en = "The receipt's signature or time does not hold; sign it with the shared secret and the present time."
    zh = "回执的签名或时间无效，请使用共享密钥和当前时间重新签名。"


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
