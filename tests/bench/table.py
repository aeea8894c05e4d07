"""What was measured, as one table for people and one file for machines."""

import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.place import HOME

AT_LEAST, AT_MOST = "≥", "≤"
HEAD = ("goal", "workload", "ours", "against", "it", "ratio (min–max)", "by CPU", "must", "stretch", "met")


@dataclass
class Result:
    """One goal against one limit or peer. `ours` and `theirs` hold one figure a repeat, taken in turn."""

    goal: str
    workload: str
    against: str
    unit: str
    ours: list[float]
    theirs: list[float]
    must: float | None = None
    stretch: float | None = None
    sense: str = AT_LEAST
    note: str = ""
    cpu_ratios: list[float] = field(default_factory=list)
    costs: tuple[list[float], list[float]] = ((), ())
    ratios: list[float] = field(init=False)

    def __post_init__(self):
        self.ratios = [mine / other for mine, other in zip(self.ours, self.theirs, strict=True)]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    def reaches(self, goal: float) -> bool:
        return self.ratio >= goal if self.sense == AT_LEAST else self.ratio <= goal

    @property
    def verdict(self) -> str:
        if self.must is None:
            return "–"
        if not self.reaches(self.must):
            return "NO"
        return "stretch" if self.stretch is not None and self.reaches(self.stretch) else "yes"

    def row(self) -> tuple[str, ...]:
        spread = f"{self.ratio:.2f} ({min(self.ratios):.2f}–{max(self.ratios):.2f})"
        mine, other = (f"{plain(statistics.median(each))} {self.unit}".strip() for each in (self.ours, self.theirs))
        wanted = tuple("–" if goal is None else f"{self.sense} {goal:g}" for goal in (self.must, self.stretch))
        cpu = f"{statistics.median(self.cpu_ratios):.2f}" if self.cpu_ratios else "–"
        return (self.goal, self.workload, mine, self.against, other, spread, cpu, *wanted, self.verdict)


def plain(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def drawn(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table whose columns stand under each other."""
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def shown(results: list[Result]) -> str:
    notes = [f"{result.goal}: {result.note}" for result in results if result.note]
    return "\n".join([drawn(HEAD, [result.row() for result in results]), "", *dict.fromkeys(notes)])


def kept(results: list[Result], growth: list[dict], circumstances: dict) -> Path:
    """Write everything, single repeats included, to a file of its own outside the tracked tree."""
    now = datetime.now(UTC)
    whole = {
        "at": now.isoformat(), "machine": f"{os.cpu_count()} CPUs, {platform.platform()}", **circumstances,
        "results": [{**asdict(result), "ratio": result.ratio, "verdict": result.verdict} for result in results],
        "growth": growth,
    }  # fmt: skip
    file = HOME / f"{now:%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps(whole, ensure_ascii=False, indent=1))
    return file
