"""What the loops of one process say of themselves, for its heartbeat to tell."""

import time
from collections import Counter

STUCK = 180.0  # seconds in which a loop turns at least once; a job may take its minute, and a slow statement its own


class Pulse:
    """What the loops of one process say of themselves: that they turn, what they lack, how much they have done."""

    def __init__(self):
        self.turned: dict[str, float] = {}
        self.lacks: dict[str, str] = {}
        self.done: Counter[str] = Counter()

    def turn(self, role: str, lacks: str = "") -> None:
        """The role's loop is at its start again. `lacks` names what it waits for: `broker`, `database`."""
        self.turned[role], self.lacks[role] = time.monotonic(), lacks

    def did(self, role: str, count: int = 1) -> None:
        self.done[role] += count

    def lack(self, role: str) -> str:
        turned = self.turned.get(role)
        return "progress" if turned and time.monotonic() - turned > STUCK else self.lacks.get(role, "")
