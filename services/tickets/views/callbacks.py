"""Call-backs."""

from chassis.http import Blueprint, allow, asks, gives, lists, takes
from services.tickets.handlers import callbacks as handlers
from services.tickets.queries import callbacks as queries
from services.tickets.schemas.callbacks import (
    CallbackFilter,
    CallbackOutcome,
    CallbackPolicyBody,
    CallbackPolicyView,
    CallbackView,
)

blp = Blueprint("callbacks", description="Asking how it was 回访")


@blp.get("/callbacks")
@allow("tickets:call_back")
@asks(CallbackFilter)
@lists(CallbackView)
def list_callbacks(work, query):
    """List whom to call back: who rated 1 or 2, whom the operator's policy names, and a sample of who said nothing."""
    return queries.callbacks(work, **query)


@blp.post("/callbacks/<uuid:callback_id>/outcome")
@allow("tickets:call_back")
@takes(CallbackOutcome)
@gives(CallbackView)
def settle_callback(work, callback_id, outcome):
    """Say what came of a call-back, once; not about one's own work. It is no rating: those come from the owner's side only."""
    return handlers.settle(work, callback_id, **outcome)


@blp.get("/callback-policy")
@allow("tickets:call_back")
@gives(CallbackPolicyView)
def show_callback_policy(work):
    """Show whom the operator calls back."""
    return queries.policy(work, work.actor.operator_id)


@blp.put("/callback-policy")
@allow("tickets:set_callbacks")
@takes(CallbackPolicyBody)
@gives(CallbackPolicyView)
def choose_callback_policy(work, policy):
    """Choose whom the operator calls back, from what closes from now on."""
    return handlers.choose_policy(work, **policy)
