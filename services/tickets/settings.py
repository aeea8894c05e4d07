"""What the tickets service alone needs: its public address, and its spans of time, in hours where set."""

from datetime import timedelta

from environs import Env

from services.tickets.events import Waiting

WAITS = {  # hours for which each may stop a ticket's limits, all its waits of the same reason together
    Waiting.OWNER: 3 * 24,
    Waiting.PARTS: 7 * 24,
    Waiting.FUND_VOTE: 60 * 24,
    Waiting.THIRD_PARTY: 15 * 24,
    Waiting.WEATHER: 3 * 24,
}


class Settings:
    def __init__(self):
        self.env = Env()
        self.public_url = self.env.str("PUBLIC_URL", "http://127.0.0.1:8080")
        self.review_within = self._hours("REVIEW_HOURS", 24)  # where the taxonomy has no limit of its own
        self.answer_within = self._hours("ANSWER_HOURS", 24)  # the longest that a question stops the review clock
        self.waits = {reason: self._hours(f"{reason.upper()}_HOURS", hours) for reason, hours in WAITS.items()}
        self.escalate_every = self._hours("ESCALATE_EVERY_HOURS", 4)
        self.remind_after = self._hours("REMIND_AFTER_HOURS", 3 * 24)
        self.close_after = self._hours("CLOSE_AFTER_HOURS", 7 * 24)
        self.warranty = self._hours("WARRANTY_HOURS", 30 * 24)

    def _hours(self, name: str, default: float) -> timedelta:
        return timedelta(hours=self.env.float(name, default))
