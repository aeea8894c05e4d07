"""What reviewers confirmed teaches the classifier."""

from chassis.jobs import every
from chassis.work import BATCH
from services.tickets.model.learning import COUNT


@every(minutes=5)
def learn_from_reviews(work):
    """Count the words of reports that somebody confirmed since the last time, each report once."""
    return work.scalar(COUNT, {"batch": BATCH})
