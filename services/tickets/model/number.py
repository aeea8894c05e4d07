"""Ticket numbers: one row of numbers per estate and year, written by several pens so that nobody waits for another."""

from functools import cache

from sqlalchemy import UniqueConstraint, Update, bindparam, select, update
from sqlalchemy.orm import Mapped

from chassis.ids import new_id
from chassis.model import OfEstate, Row

PENS = 16


class Pen(Row, OfEstate):
    """Holds the numbers that leave the same remainder divided by PENS. The free pen with the lowest number writes next:
    numbers follow each other while one ticket is filed at a time, and differ whatever happens."""

    __table_args__ = (UniqueConstraint("estate_id", "year", "pen"),)
    LEAP = 64 * PENS  # numbers left out where some may have been written that we do not know of

    year: Mapped[int]
    pen: Mapped[int]
    next: Mapped[int]

    @classmethod
    def box(cls, **where) -> list[dict]:
        """The rows of all pens of an estate and year, as they are before the first number."""
        return [{"id": new_id(), "pen": pen, "next": pen, **where} for pen in range(1, PENS + 1)]

    @classmethod
    def write_next(cls, where: dict, *, wait: bool) -> tuple[Update, dict]:
        """Take the lowest number of a free pen, or of any when we may wait; nothing is found when none is free."""
        return _taking(wait), {f"box_{name}": value for name, value in where.items()}


@cache
def _taking(wait: bool) -> Update:
    """Past the ORM: no pen is held in a session."""
    pens = Pen.__table__
    box = (pens.c[name] == bindparam(f"box_{name}") for name in ("operator_id", "estate_id", "year"))
    free = select(pens.c.id).where(*box).order_by(pens.c.next).limit(1).with_for_update(skip_locked=not wait)
    taken = update(pens).where(pens.c.id == free.scalar_subquery()).values(next=pens.c.next + PENS)
    return taken.returning(pens.c.next - PENS)
