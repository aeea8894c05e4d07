"""Calling back."""

from uuid import UUID

from chassis.errors import Forbidden, Invalid, Stale
from chassis.i18n import Sentence
from services.tickets.events import Kind, Urgency, Why
from services.tickets.model import Callback, CallbackPolicy, Ticket
from services.tickets.queries import callbacks

UNKNOWN = Sentence("Choose kinds of tickets, or “emergency”.", "请选择工单类型，或 emergency（紧急）。")
CHOICES = {*(kind.value for kind in Kind), Urgency.EMERGENCY.value}


class OwnWork(Forbidden):
    en = "This is about your own work; let somebody else say how it was."
    zh = "此事涉及您本人的工作，请由他人评价或回访。"


def open(work, ticket: Ticket, why: Why, policy: CallbackPolicy) -> Callback:
    """Somebody responsible is to ask the owner's side how it was."""
    told = callbacks.managers(work, ticket)
    return work.add(Callback.opened(ticket, why, told=told, within=policy.within, at=work.now))


def settle(work, callback_id: UUID, *, outcome, note=None) -> Callback:
    callback = work.take(Callback, callback_id)
    if callback.ticket.assignee_id == work.actor.id:
        raise OwnWork()
    callback.settle(outcome, by=work.actor.id, note=note, at=work.now)
    return callback


def choose_policy(work, *, always, **rest) -> CallbackPolicy:
    """Replace the operator's policy. Whoever asks must hold the permission in the whole of it."""
    work.require("tickets:set_callbacks", None)
    if not set(always) <= CHOICES:
        raise Invalid(errors={"always": [UNKNOWN]})
    policy = _own(work)
    policy.change(always=sorted(set(always)), **rest)
    return policy


def _own(work) -> CallbackPolicy:
    operator_id = work.actor.operator_id
    if work.get(CallbackPolicy, operator_id):
        return work.take(CallbackPolicy, operator_id)
    if work.if_match:  # what they read had version 0
        raise Stale()
    return work.add(CallbackPolicy(id=operator_id, operator_id=operator_id))
