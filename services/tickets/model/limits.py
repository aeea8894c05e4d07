"""How long each step of a ticket may take, and what counts towards it.

The one place where policies meet: the taxonomy's limits, the kind's, and the urgency's, of which the shortest holds.
"""

from datetime import timedelta
from typing import NamedTuple

from services.tickets.events import Counting, Kind, Limit, Urgency
from services.tickets.model import taxonomy
from services.tickets.model.categories import Limits, within

WORKING_DAY = timedelta(hours=8)  # of working time


class Target(NamedTuple):
    """How much time a limit allows, and which time."""

    span: timedelta
    counting: Counting = Counting.NATURAL


GENERAL = within(review="24 h", arrival="24 h", resolution="72 h")  # work that nobody has classified
ANSWER = Target(3 * WORKING_DAY, Counting.WORKING)  # three working days
HASTE = {  # nothing takes longer than this, whatever the taxonomy allows
    Urgency.NORMAL: Limits(),
    Urgency.URGENT: within(review="4 h", arrival="4 h", resolution="24 h"),
    Urgency.EMERGENCY: within(review="15 min", arrival="30 min", resolution="4 h"),
}
ANSWERED = (Kind.COMPLAINT, Kind.INQUIRY)


def limits_for(
    kind: Kind,
    category: str | None,
    problem: str | None,
    urgency: Urgency,
    known: taxonomy.Taxonomy = taxonomy.STANDARD,
) -> dict[Limit, Target]:
    """The limits of such a ticket under the operator's taxonomy `known`."""
    allowed, haste = taxonomy.limits(category, problem, known), HASTE[urgency]
    steps = (Limit.REVIEW, Limit.ARRIVAL, Limit.RESOLUTION) if kind is Kind.REPAIR else (Limit.REVIEW,)
    found = {step: _shortest(getattr(allowed, step), getattr(GENERAL, step), getattr(haste, step)) for step in steps}
    if kind in ANSWERED:
        found[Limit.ANSWER] = ANSWER if urgency is Urgency.NORMAL else ANSWER._replace(counting=Counting.NATURAL)
    return found


def _shortest(allowed: timedelta | None, general: timedelta, haste: timedelta | None) -> Target:
    return Target(min(each for each in (allowed or general, haste) if each is not None))
