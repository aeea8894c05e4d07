"""Reporting what follows from an earlier ticket, when that can no longer be reopened."""

from uuid import UUID

from chassis.errors import Invalid
from chassis.i18n import Sentence
from services.tickets.events import Kind
from services.tickets.model import Ticket

ELSEWHERE = Sentence("That ticket is of another estate.", "该工单属于其他项目。")
CONFIDED = Sentence(
    "What follows a confidential complaint is a complaint, and as confidential.",
    "保密投诉的后续事项须为投诉，并同样保密。",
)
UNLINKED = Sentence(
    "A confidential complaint that follows an open ticket would tell who complains; leave `follows_id` out.",
    "保密投诉如关联非保密工单会暴露投诉人，请去掉 follows_id。",
)


def following(work, follows_id: UUID | None, *, estate_id: UUID, kind: Kind, confidential: bool) -> dict:
    """What the report takes over from the ticket it follows. → {"follows_id", "confidential"}

    Raises:
        NotFound: there is no such ticket that the caller may see.
    """
    if follows_id is None:
        return {"confidential": confidential}
    earlier = work.find(Ticket, follows_id)
    if earlier.estate_id != estate_id:
        raise Invalid(errors={"follows_id": [ELSEWHERE]})
    if earlier.confidential and kind is not Kind.COMPLAINT:  # the link alone would tell whose complaint it was
        raise Invalid(errors={"follows_id": [CONFIDED]})
    if confidential and not earlier.confidential:  # the earlier one tells whose home it is
        raise Invalid(errors={"follows_id": [UNLINKED]})
    return {"follows_id": follows_id, "confidential": confidential or earlier.confidential}
