"""Made-up tickets: a plausible past for the demo estates, and load of any size."""

from services.tickets.history.writing import CORRELATION, Wish, write

__all__ = ["CORRELATION", "Wish", "write"]
