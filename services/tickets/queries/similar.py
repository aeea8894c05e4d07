"""What a report that was just filed looks like: an incident that is known, or another report of the same home of the last day."""

from datetime import timedelta

from sqlalchemy import Text, any_, cast, literal, null, or_, select, union_all

from services.tickets.model import Incident, Ticket
from services.tickets.model.incident import ONGOING
from services.tickets.model.moves import ENDS
from services.tickets.model.taxonomy import Title, title

RECENT = timedelta(days=1)
MOST = 3  # of each


def similar(work, ticket: Ticket) -> list[dict]:
    """[{"type", "id", "number", "title_zh", "title_en"}] of what the caller may see; nothing where nobody knows what it is about."""
    about = ticket.category or (ticket.proposed or {}).get("category")
    if about is None:
        return []
    arms = [] if ticket.incident_id else [_incidents(work, ticket, about)]
    arms += [_reports(work, ticket, about)] if ticket.unit_id else []
    return [_told(row) for row in work.execute(union_all(*arms))] if arms else []


def _incidents(work, ticket: Ticket, about: str):
    here = Incident.whole_estate | (any_(Incident.unit_ids) == ticket.unit_id)
    none = cast(null(), Text)
    found = select(
        literal("incident").label("type"), Incident.id, none.label("number"), Incident.title_zh, Incident.title_en,
        none.label("kind"), none.label("category"), none.label("problem"),
    )  # fmt: skip
    known = (Incident.estate_id == ticket.estate_id, Incident.state.in_(ONGOING), Incident.category == about, here)
    return found.where(*known, Incident.visible_to(work.actor, "tickets:see")).limit(MOST)


def _reports(work, ticket: Ticket, about: str):
    found = select(
        literal("ticket").label("type"), Ticket.id, Ticket.number,
        Ticket.named_zh.label("title_zh"), Ticket.named_en.label("title_en"),
        cast(Ticket.kind, Text).label("kind"), Ticket.category, Ticket.problem,
    )  # fmt: skip
    same = or_(Ticket.category == about, Ticket.proposed["category"].astext == about)
    recent = (Ticket.filed_at > work.now - RECENT, Ticket.filed_at <= work.now, Ticket.id != ticket.id)
    alike = (Ticket.unit_id == ticket.unit_id, Ticket.kind == ticket.kind, Ticket.state.not_in(ENDS), same)
    seen = found.where(*alike, *recent, Ticket.visible_to(work.actor, "tickets:see"))
    return seen.order_by(Ticket.filed_at.desc(), Ticket.id.desc()).limit(MOST)


def _told(row) -> dict:
    named = Title(row.title_zh, row.title_en) if row.title_zh else title(row.kind, row.category, row.problem)
    return {"type": row.type, "id": row.id, "number": row.number, "title_zh": named.zh, "title_en": named.en}
