"""Everything that this service holds about one person, for them to take away."""

from uuid import UUID

from sqlalchemy import any_, or_, select

from chassis.errors import NotFound
from chassis.tables import attachment, audit
from services.tickets.model import Comment, Confidence, Occupancy, Person, Rating, Ticket, Unit

PERMISSION = "tickets:people"
WRITTEN = ("number", "kind", "state", "filed_at", "place", "description", "answer", "contact_phone", "preferred_times")
HELD = (Unit.code.label("unit"), Occupancy.starts_on, Occupancy.ends_on)


def record(work, person_id: UUID) -> dict:
    """For the person, and for head office; of confidential complaints for the person alone.

    Raises:
        NotFound: the person is not known, or neither the caller nor in their charge.
    """
    person, oneself = work.get(Person, person_id), work.actor.id == person_id
    if not oneself and (person is None or not work.actor.may(PERMISSION, None)):
        raise NotFound()
    tickets = work.scalars(select(Ticket).where(_reported(work, person_id, oneself)).order_by(Ticket.id))
    ids = [ticket.id for ticket in tickets]
    names = {person_id, *(ticket.reporter_id for ticket in tickets)}  # also those behind which they complained
    return {
        "person_id": person_id,
        "name": person and person.name,
        "homes": _told(
            work, select(*HELD).join(Unit, Unit.id == Occupancy.unit_id).where(Occupancy.person_id == person_id)
        ),
        "tickets": [{"id": ticket.id, **_written(ticket)} for ticket in tickets],
        "comments": _told(work, select(Comment.ticket_id, Comment.text).where(Comment.author_id.in_(names))),
        "ratings": _told(
            work,
            select(Rating.ticket_id, Rating.score, Rating.comment, Rating.rated_at).where(Rating.rated_by.in_(names)),
        ),
        "files": _told(work, _files(work, person_id, ids)),
        "acts": _told(work, _acts(work, names, ids)),
    }


def _reported(work, person_id: UUID, oneself: bool):
    mine = Ticket.reporter_id == person_id
    if oneself:
        mine = or_(mine, Ticket.id == any_(Confidence.tickets_of(person_id)))
    return (Ticket.operator_id == work.actor.operator_id) & mine


def _written(ticket: Ticket) -> dict:
    facts = {name: getattr(ticket, name) for name in WRITTEN}
    if ticket.confidential:
        facts["contact_phone"] = ticket.confidence.contact_phone
    return {**facts, "filed_at": ticket.filed_at.isoformat()}


def _files(work, person_id: UUID, tickets: list[UUID]):
    kept = attachment.c
    sent = (kept.subject_type.in_(("report", "answer")), kept.subject_id.in_(tickets))
    mine = (kept.operator_id == work.actor.operator_id, kept.uploader_id == person_id, *sent)
    return select(kept.id, kept.media_type, kept.bytes, kept.created_at, kept.subject_id).where(*mine)


def _acts(work, names: set[UUID], tickets: list[UUID]):
    by = audit.c.actor.in_([f"person/{name}" for name in names])
    on = (audit.c.subject_type == "ticket", audit.c.subject_id.in_(tickets))
    told = (audit.c.at, audit.c.action, audit.c.subject_id)
    return select(*told).where(audit.c.operator_id == work.actor.operator_id, *on, by).order_by(audit.c.seq)


def _told(work, statement) -> list[dict]:
    """Rows as JSON has them."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in work.execute(statement).mappings()]


def _plain(value):
    return value if value is None or isinstance(value, str | int | bool) else str(value)
