"""Confidential complaints."""

from chassis.http import Blueprint, allow, gives, takes
from services.tickets.handlers import confidences as handlers
from services.tickets.schemas.confidences import ComplainantView
from services.tickets.schemas.shared import Reason

blp = Blueprint("confidences", description="Confidential complaints 保密投诉")


@blp.post("/tickets/<uuid:ticket_id>/disclosure")
@allow("tickets:disclose")
@takes(Reason)
@gives(ComplainantView)
def disclose_complainant(work, ticket_id, reason):
    """Look up who filed a confidential complaint: for managers who are not complained of.

    Nothing else shows it. Who looked and why is recorded, and the complainant is told.
    """
    return handlers.disclose(work, ticket_id, **reason)
