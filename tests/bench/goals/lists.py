"""Goal 2: reading lists, against peers, and as they grow."""

from tests.bench.run import Run

OURS = "/api/tickets/v1/tickets"
WANTED = {"DRF": {"must": 5, "stretch": 10}, "FastAPI": {"must": 2.5, "stretch": 5}}
PART = {"note": "the peers’ “7 fields” are a part of our fifteen"}


def peers(run: Run) -> None:
    """2a: the newest fifty of one estate among a million tickets; the same fifteen fields, then seven."""
    sides = {"ours": run.http(run.ours, run.lists(OURS), run.web)}
    for name in WANTED:
        for fields, path in (("same fields", "/tickets"), ("7 fields", "/short")):
            sides[f"{name}, {fields}"] = run.twin(name.lower(), run.lists(path))
    found = run.in_turn(sides)
    for side in list(sides)[1:]:
        name, _, fields = side.partition(", ")
        wanted = WANTED[name] if fields == "same fields" else PART
        run.compare("2a", f"GET 50 of {run.tickets:,}", side, found["ours"], found[side], **wanted)
