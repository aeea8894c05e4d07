"""What this service holds of one person: erased at their request."""

from uuid import UUID

import structlog
from sqlalchemy import func, select

log = structlog.get_logger(__name__)


def erase(work, person_id: UUID) -> None:
    """Their words are overwritten, in the tickets and in what they are searched by; files they sent with them are removed."""
    tickets = work.scalar(select(func.erase_words_of(person_id)))
    log.info("person.erased", person_id=str(person_id), tickets=tickets)
