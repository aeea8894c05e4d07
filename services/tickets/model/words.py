"""What a ticket is searched by: its words as lexemes. The database writes them itself, whoever changes a text."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from chassis.model import OfEstate, Row


class Words(Row, OfEstate):
    """Of the ticket with this id. Grade A is for whoever sees the ticket; what has no grade, such as internal comments and
    the reporter's name, is for staff."""

    __table_args__ = (Index("words_told", "estate_id", "told", postgresql_using="gin"),)

    id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    told: Mapped[str] = mapped_column(TSVECTOR)
