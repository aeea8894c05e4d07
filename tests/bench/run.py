"""One run of the bench: what the goals share, and the words it says while it works."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.bench import load, seed
from tests.bench.place import HOME, Place
from tests.bench.table import Result

DESCRIPTION = (  # of 87 characters
    "厨房水槽下的水管接头漏水，已用盆接着，请尽快安排师傅带工具上门。"
    " The joint under the sink leaks badly; please hurry up."
)
MILLION = 1_000_000
SLICES = 4  # of a repeat


@dataclass(frozen=True)
class Sample:
    """What one side did: things done, in so many seconds, for so much CPU time of server and database together."""

    count: float
    seconds: float
    cpu: float = 0.0

    def __add__(self, other: "Sample") -> "Sample":
        return Sample(self.count + other.count, self.seconds + other.seconds, self.cpu + other.cpu)

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    @property
    def cost(self) -> float:
        """CPU milliseconds each."""
        return 1000 * self.cpu / self.count


@dataclass
class Run:
    """The options, the place, and what was found so far."""

    place: Place
    repeats: int = 3
    seconds: float = 6
    tickets: int = MILLION
    sizes: tuple[int, ...] = (10_000, 100_000, MILLION)
    events: int = 200_000
    flow_seconds: float = 30
    results: list[Result] = field(default_factory=list)
    growth: list[dict] = field(default_factory=list)
    kept: dict = field(default_factory=dict)  # what one goal leaves to another
    began: float = field(default_factory=time.monotonic)
    seeded: dict[str, float] = field(default_factory=dict)

    def say(self, words: str) -> None:
        print(f"  {time.monotonic() - self.began:6.0f} s  {words}", flush=True)

    def found(self, result: Result) -> None:
        self.results.append(result)
        self.say(f"{result.goal} against {result.against}: {result.row()[5]} {result.unit}")

    # ── what several goals measure on ────────────────────────────────────────────────────────────────────────────

    def tickets_database(self, count: int) -> str:
        """A tickets database holding `count` tickets, made when first asked for."""
        name = f"tickets_{count}"
        if name not in self.seeded:
            self.place.database("tickets", name)
            self.seeded[name] = seed.fill(self.place, name, count)
            self.say(f"{count:,} tickets in {self.seeded[name]:.0f} s")
        return name

    @cached_property
    def main(self) -> str:
        return self.tickets_database(self.tickets)

    @cached_property
    def ours(self) -> str:
        return self.place.web("tickets", self.main)

    @cached_property
    def titles(self) -> Path:
        return seed.write_titles(HOME / "titles.json")

    @property
    def web(self) -> str:
        """The name of our program, once `ours` has started it."""
        return f"tickets web {self.main}"

    def twin(self, kind: str, mix: Path) -> Callable[[float], "Sample"]:
        address = self.place.twin(kind, self.main, self.titles)
        return self.http(address, mix, f"twin {kind} {self.main}")

    def reports(self, path: str) -> Path:
        """Owners of all estates, each reporting from home."""
        wanted = [
            load.Request("POST", path, seed.owner_token(estate), {
                "kind": "repair", "estate_id": str(estate.estate), "unit_id": str(estate.unit), "description": DESCRIPTION,
            })
            for estate in seed.estates()
        ]  # fmt: skip
        return load.write_mix(path.strip("/").replace("/", "-"), wanted)

    def lists(self, path: str) -> Path:
        """The desks of all estates, each listing its estate's newest tickets."""
        wanted = [
            load.Request("GET", f"{path}?estate_id={estate.estate}&limit=50", seed.desk_token(estate))
            for estate in seed.estates()
        ]
        return load.write_mix(f"list-{path.strip('/').replace('/', '-')}", wanted)

    # ── measuring ────────────────────────────────────────────────────────────────────────────────────────────────

    def in_turn(self, sides: dict[str, Callable[[float], Sample]]) -> dict[str, list[Sample]]:
        """One sample of each side in each repeat, after a warm-up that does not count.

        A repeat is cut into slices in which the sides follow each other, so that what else the machine does meets all alike.
        """
        for side in sides.values():
            side(self.seconds / 2)
        found: dict[str, list[Sample]] = {name: [] for name in sides}
        for repeat in range(self.repeats):
            slices = [{name: side(self.seconds / SLICES) for name, side in sides.items()} for _ in range(SLICES)]
            for name, samples in found.items():
                samples.append(sum((each[name] for each in slices), Sample(0, 0)))
            told = ", ".join(f"{name} {samples[-1].rate:,.0f}" for name, samples in found.items())
            self.say(f"repeat {repeat + 1}: {told} (load {os.getloadavg()[0]:.1f})")
        return found

    def compare(
        self, goal: str, workload: str, against: str, ours: list[Sample], theirs: list[Sample], **wanted
    ) -> None:
        """Both sides' rates, with what a request costs in CPU time, which other work on the machine disturbs less."""
        ratios = [other.cost / mine.cost for mine, other in zip(ours, theirs, strict=True)]
        self.found(
            Result(goal, workload, against, "/s", rates(ours), rates(theirs), cpu_ratios=ratios, **wanted,
                   costs=([each.cost for each in ours], [each.cost for each in theirs]))
        )  # fmt: skip

    def http(self, address: str, mix: Path, program: str) -> Callable[[float], Sample]:
        """A closed loop against one of our programs; its CPU time, and PostgreSQL's, are counted."""
        roots = [self.place.running[program].process.pid, self.place.postgres.process.pid]

        def sample(seconds: float) -> Sample:
            before = load.cpu_seconds(*roots)
            told = load.wrk(address, mix, seconds)
            return Sample(told["requests"], told["seconds"], load.cpu_seconds(*roots) - before)

        return sample

    def database(self, url: str, script: Path) -> Callable[[float], Sample]:
        """The same loop by pgbench, whose own CPU time is not counted."""

        def sample(seconds: float) -> Sample:
            root = self.place.postgres.process.pid
            before = load.cpu_seconds(root)
            rate = load.pgbench(url, script, max(1, seconds))
            return Sample(rate * max(1, round(seconds)), max(1, round(seconds)), load.cpu_seconds(root) - before)

        return sample


def rates(samples: list[Sample]) -> list[float]:
    return [sample.rate for sample in samples]
