"""What work would cost, told to the home, and what the owner says to it, told to whoever is to do the work."""

from uuid import UUID

from chassis.events import event, on, part
from services.notify.events import Category
from services.notify.reactions.tickets import to_home, to_people
from services.notify.telling import tell


@part
class Quote:
    ticket_id: UUID
    number: str
    estate_id: UUID
    unit_id: UUID | None
    kind: str
    title_zh: str
    title_en: str
    urgency: str
    reporter_id: UUID
    confidential: bool | None
    assignee_id: UUID | None
    total_fen: int


@event("tickets.quote.offered", version=1)
class QuoteOffered(Quote): ...


@event("tickets.quote.agreed", version=1)
class QuoteAgreed(Quote): ...


@event("tickets.quote.refused", version=1)
class QuoteRefused(Quote): ...


@on(QuoteOffered, together=tell)
def ask_for_consent(work, heard):
    yield to_home(work, heard, "tickets.quote.offered", heard.reporter_id, total=_yuan(heard))


@on(QuoteAgreed, together=tell)
def say_go_ahead(work, heard):
    told = {"category": Category.WORK, "total": _yuan(heard)}
    yield to_people(work, heard, "tickets.quote.agreed.technician", heard.assignee_id, **told)


@on(QuoteRefused, together=tell)
def say_charge_nothing(work, heard):
    told = {"category": Category.WORK, "total": _yuan(heard)}
    yield to_people(work, heard, "tickets.quote.refused.technician", heard.assignee_id, **told)


def _yuan(heard) -> str:
    return f"{heard.total_fen // 100}.{heard.total_fen % 100:02}"
