"""Time is handed in, never looked up: one instant per unit of work."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The wall clock, in aware UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class MovableClock(Clock):
    """A clock that stands still until it is moved, for tests and rehearsals."""

    def __init__(self, start: datetime | None = None):
        self._now = start or datetime.now(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, **span: float) -> None:
        """Move by a `timedelta`'s keywords: `advance(hours=25)`."""
        self._now += timedelta(**span)
