"""Call-backs 回访, told to those who must see to them."""

from datetime import datetime
from uuid import UUID

from chassis.events import event, on, part
from services.notify.events import Category
from services.notify.reactions.tickets import to_people
from services.notify.telling import tell


@part
class Callback:
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
    why: str
    due_at: datetime
    told: list[UUID]


@event("tickets.callback.opened", version=1)
class CallbackOpened(Callback): ...


@event("tickets.callback.missed", version=1)
class CallbackMissed(Callback): ...


@on(CallbackOpened, together=tell)
def ask_for_call(work, heard):
    """Where nobody is named, the desk."""
    yield _to_call(work, heard, "tickets.callback.opened.staff", Category.WORK)


@on(CallbackMissed, together=tell)
def say_nobody_called(work, heard):
    yield _to_call(work, heard, "tickets.callback.missed.staff", Category.ALERTS)


def _to_call(work, heard, template: str, category: Category):
    facts = {"why": heard.why, "due_at": heard.due_at}
    return to_people(work, heard, template, *heard.told, desk=not heard.told, category=category, **facts)
