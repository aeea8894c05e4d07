"""Door 1: HTTP. A person reads their own messages and says how to be told; staff see how deliveries fare."""

from flask import request

from chassis.http import PUBLIC, SIGNED_IN, Blueprint, allow, asks, gives, lists, refuses, takes
from services.notify import handlers, queries
from services.notify.model import State
from services.notify.schemas import (
    DeliveryFilter,
    DeliveryView,
    MessageFilter,
    MessageView,
    PreferenceBody,
    PreferenceView,
    ReadCount,
    Receipt,
    UnreadCount,
)

blp = Blueprint("notify", description="Messages to a person, and how they want to get them")


@blp.get("/messages")
@allow(SIGNED_IN)
@asks(MessageFilter)
@lists(MessageView)
def list_messages(work, query):
    """The signed-in person's messages, newest first."""
    return queries.messages(work, **query)


@blp.get("/messages/unread-count")
@allow(SIGNED_IN)
@gives(UnreadCount)
def count_unread(work):
    """How many messages the signed-in person has not read."""
    return {"count": queries.unread_count(work)}


@blp.post("/messages/<uuid:message_id>/read")
@allow(SIGNED_IN)
@gives(MessageView)
def read_message(work, message_id):
    """Mark a message as read. The first time counts; again changes nothing."""
    return handlers.read(work, message_id)


@blp.post("/messages/read-all")
@allow(SIGNED_IN)
@gives(ReadCount)
def read_all_messages(work):
    """Mark every message of the signed-in person as read."""
    return {"read": handlers.read_all(work)}


@blp.get("/preferences")
@allow(SIGNED_IN)
@gives(PreferenceView)
def show_preferences(work):
    """How the signed-in person wants to be told. Until they choose: by every channel, at any hour."""
    return queries.preference(work)


@blp.put("/preferences")
@allow(SIGNED_IN)
@takes(PreferenceBody)
@gives(PreferenceView)
def choose_preferences(work, preferences):
    """Choose channels by category, and quiet hours in which only emergencies leave by e-mail and text message.

    Legal notices always appear in the app; messages about one's own account cannot be turned off.
    """
    return handlers.prefer(work, **preferences)


@blp.get("/deliveries")
@allow("notify:see_deliveries")
@asks(DeliveryFilter)
@lists(DeliveryView)
def list_deliveries(work, query):
    """How messages about an estate fared on their way, newest first; without words or addresses."""
    return queries.deliveries(work, **query)


@blp.post("/sms-receipts")
@allow(PUBLIC)
@takes(Receipt)
@gives(None)
@refuses(401)
def take_receipt(work, receipt):
    """A text message provider says what became of a message.

    Signed like what we send: `X-Sms-Signature` is `v1=` and the HMAC-SHA256, in hex, of `X-Sms-Timestamp`, a dot, `X-Sms-Nonce`,
    a dot and the body's bytes, under the shared secret; at most 300 seconds old. Repeats change nothing.
    """
    handlers.accept_receipt(
        work,
        body=request.get_data(),
        headers=request.headers,
        reference=receipt["reference"],
        state=State(receipt["state"]),
        reason=receipt["reason"],
    )
