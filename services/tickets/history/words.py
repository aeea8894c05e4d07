"""What people report, how often, and what is done about it. All of it is invented."""

from psycopg.types.json import Jsonb

from services.tickets.events import Kind, Limit, Urgency
from services.tickets.model import taxonomy
from services.tickets.model.limits import limits_for

WEIGHTS = {  # of a hundred tickets
    "PLB": 24, "ELC": 16, "SEC": 11, "ENV": 12, "ELV": 6, "CIV": 6, "PUB": 5, "ORD": 7, "FIR": 2, "CMP": 6, "SUG": 5,
}  # fmt: skip
KINDS = {"CMP": "complaint", "SUG": "suggestion"}
CAUSES = ("wear", "misuse", "workmanship", "weather", "blockage")
LIMITS = (Limit.REVIEW, Limit.ARRIVAL, Limit.RESOLUTION)
URGENT = {"burst", "trapped", "outage", "blocked_escape"}


def as_table() -> list[Jsonb]:
    """One row for each problem, with the share of all tickets it takes, as the one parameter of a statement."""
    rows = [row for category in taxonomy.CATEGORIES for row in _of_category(category)]
    whole, upto = sum(row["weight"] for row in rows), 0.0
    for row in rows:
        row["from_share"] = upto / whole
        upto += row.pop("weight")
        row["to_share"] = upto / whole
    return [Jsonb(rows)]


def _of_category(category) -> list[dict]:
    problems = category.problems
    return [
        {
            "kind": KINDS.get(category.code, "repair"),
            "category": category.code,
            "problem": problem.code,
            "words": f"{problem.zh}，请尽快处理。",
            "cause": CAUSES[place % len(CAUSES)],
            "resolution": f"已处理：{problem.zh}。",
            "urgency": "urgent" if problem.code in URGENT else "normal",
            **_minutes(category, problem),
            "weight": WEIGHTS[category.code] * 2 / (1 + place) / len(problems),
        }
        for place, problem in enumerate(problems)
    ]


def _minutes(category, problem) -> dict[str, float]:
    urgency = Urgency.URGENT if problem.code in URGENT else Urgency.NORMAL
    kind = Kind(KINDS.get(category.code, "repair"))
    allowed = limits_for(kind, category.code, problem.code, urgency)
    return {
        f"{limit}_minutes": target.span.total_seconds() / 60 for limit, target in allowed.items() if limit in LIMITS
    }
