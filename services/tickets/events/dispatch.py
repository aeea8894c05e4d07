"""What is said of who does the work: passed on, given back, urged; and of how an estate sends people out."""

from datetime import datetime
from uuid import UUID

from chassis.events import event
from services.tickets.events.tickets import TicketState


@event("tickets.ticket.transferred", version=1)
class TicketTransferred(TicketState):
    """Somebody else has it now 转单: `assignee_id`, and no longer `former_id` or `former_contractor_id`."""

    former_id: UUID | None
    former_contractor_id: UUID | None


@event("tickets.ticket.returned", version=1)
class TicketReturned(TicketState):
    """Whoever had it gave it back 退单; the reason stands on the ticket, `returned` counts how often."""

    former_id: UUID | None
    former_contractor_id: UUID | None


@event("tickets.ticket.declined", version=1)
class TicketDeclined(TicketState):
    """Whoever was sent does not take it on; counted among the returns."""

    former_id: UUID | None
    former_contractor_id: UUID | None


@event("tickets.ticket.urged", version=1)
class TicketUrged(TicketState):
    """The owner's side asks for speed 催单, for the `urged`th time."""

    urged: int
    urged_at: datetime


@event("tickets.ticket.taken_on", version=1)
class TicketTakenOn(TicketState):
    """The firm that was sent says that it will come."""


@event("tickets.ticket.link_changed", version=1)
class TicketLinkChanged(TicketState):
    """The firm's way in was made anew or taken away; the former one is void. The link itself is never told."""

    link_until: datetime | None


@event("tickets.contractor.registered", version=1)
class ContractorRegistered:
    """A firm from outside may be sent to these estates. Its name and how to reach it stay here."""

    contractor_id: UUID
    skills: list[str]
    estate_ids: list[UUID]
    active: bool


@event("tickets.contractor.changed", version=1)
class ContractorChanged:
    """What a firm can do, and where it may be sent, from now on."""

    contractor_id: UUID
    skills: list[str]
    estate_ids: list[UUID]
    active: bool


@event("tickets.dispatch_policy.changed", version=1)
class DispatchPolicyChanged:
    """How an estate sends people out, from now on. `automatic` are categories that are sent without a dispatcher."""

    estate_id: UUID
    automatic: list[str]
    choice: str
    claims: bool
    urge_every_hours: int
