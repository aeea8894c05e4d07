"""Quotes."""

from chassis.http import Blueprint, allow, gives, takes
from services.tickets.handlers import quotes as handlers
from services.tickets.model import Ticket
from services.tickets.model.causes import CAUSES
from services.tickets.schemas.quotes import CausesView, Consent, QuoteOffer, QuotesView, QuoteView, Refusal

blp = Blueprint("quotes", description="Work at the owner's cost 有偿维修")


@blp.post("/tickets/<uuid:ticket_id>/quote")
@allow("tickets:quote")
@takes(QuoteOffer)
@gives(QuoteView, status=201)
def offer_quote(work, ticket_id, offer):
    """Say what a repair at the owner's cost would come to 报价. The owner is asked; a quote that waits is withdrawn.

    Nothing is charged that the owner did not agree to.
    """
    return handlers.offer(work, ticket_id, **offer)


@blp.get("/tickets/<uuid:ticket_id>/quotes")
@allow("tickets:see")
@gives(QuotesView)
def list_quotes(work, ticket_id):
    """List the quotes of a ticket with their lines and what became of them."""
    return {"items": work.find(Ticket, ticket_id).quotes}


@blp.post("/tickets/<uuid:ticket_id>/consent")
@allow("tickets:agree")
@takes(Consent)
@gives(QuoteView)
def agree_to_quote(work, ticket_id, consent):
    """Agree to the quote of this total; an owner of the home, from their own sign-in."""
    return handlers.agree(work, ticket_id, **consent)


@blp.post("/tickets/<uuid:ticket_id>/refusal")
@allow("tickets:agree")
@takes(Refusal)
@gives(QuoteView)
def refuse_quote(work, ticket_id, refusal):
    """Refuse the quote of this total, with a reason. The work may end without charge, or another quote be made."""
    return handlers.refuse(work, ticket_id, **refusal)


@blp.get("/causes")
@allow("tickets:see")
@gives(CausesView)
def list_causes(_work):
    """List the causes of faults that a completion may name."""
    return {"items": CAUSES}
