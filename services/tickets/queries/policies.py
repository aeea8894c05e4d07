"""How an estate sends people out."""

from uuid import UUID

from services.tickets.model import DispatchPolicy, Estate


def of(work, estate_id: UUID) -> DispatchPolicy:
    """The estate's own policy, or the ordinary one."""
    return work.get(DispatchPolicy, estate_id) or DispatchPolicy(id=estate_id, estate_id=estate_id)


def shown(work, estate_id: UUID) -> DispatchPolicy:
    """As `of`. Raises NotFound, Forbidden: the estate is not the actor's to see, or its policy is not."""
    return of(work, work.find(Estate, estate_id).id)
