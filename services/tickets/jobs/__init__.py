"""Door 3, the clock: limits that warn, pass and climb; finished work that waits for a rating, and closes."""

from services.tickets.jobs.analysis import count_months, publish_months
from services.tickets.jobs.archive import open_next_year
from services.tickets.jobs.callbacks import flag_missed_callbacks
from services.tickets.jobs.clocks import (
    count_anew,
    end_long_pauses,
    escalate_missed_limits,
    flag_missed_limits,
    warn_before_limits,
)
from services.tickets.jobs.closing import close_finished_tickets, remind_of_ratings
from services.tickets.jobs.dispatch import send_waiting_tickets
from services.tickets.jobs.incidents import announce_planned_outages, begin_planned_outages, settle_joined_reports
from services.tickets.jobs.learning import learn_from_reviews
from services.tickets.jobs.restored import leave_lost_numbers_unused

__all__ = [
    "announce_planned_outages",
    "begin_planned_outages",
    "close_finished_tickets",
    "count_anew",
    "count_months",
    "end_long_pauses",
    "escalate_missed_limits",
    "flag_missed_callbacks",
    "flag_missed_limits",
    "learn_from_reviews",
    "leave_lost_numbers_unused",
    "open_next_year",
    "publish_months",
    "remind_of_ratings",
    "send_waiting_tickets",
    "settle_joined_reports",
    "warn_before_limits",
]
