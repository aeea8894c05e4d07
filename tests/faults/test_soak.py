"""Everything at once, for minutes (26): random deaths, sleeps and cut links under mixed load, and the books balance."""

import random
import time
from collections import Counter, defaultdict

import pytest

from chassis import servers
from tests.faults.load import Load
from tests.faults.site import SERVICES, Site
from tests.faults.sizes import MINUTES

pytestmark = [pytest.mark.connected, pytest.mark.faults, pytest.mark.timeout(int(60 * MINUTES) + 600)]
GROWTH = 1.5  # what a role may hold at the end, compared with when it had warmed up
BETWEEN = (3, 15)  # seconds
SLEEP = (5, 40)


def test_the_soak(site, seed, capsys):
    """26. Whatever dies, whenever: nothing lost, nothing twice, nothing parked, and nothing grows."""
    with capsys.disabled():
        print(f"\nsoak: SEED={seed}, {MINUTES} minutes")
        soak = Soak(site, seed)
        soak.live(60 * MINUTES)
        found = soak.end()
        print(soak.report(found))
    assert found.whole, found
    assert soak.load.lost() == []
    assert soak.grown() == []


def test_a_soak_without_inboxes_does_not_balance(site, seed):
    """26, unprotected: within a minute or two, for a repeated effect stays in the books."""
    soak = Soak(site, seed, weakened="inbox_forgets", between=(0.5, 1.5), sleep=(1, 3), servers_die=False)
    for _ in range(8):
        soak.live(15)
        if "effects repeated" in str(site.account()):
            return
        soak = soak.again()
    raise AssertionError(f"not noticed: {site.account()}")


class Soak:
    """A platform at work, and what happens to it."""

    def __init__(self, site: Site, seed: int, weakened="", between=BETWEEN, sleep=SLEEP, servers_die=True):
        self.site, self.seed, self.weakened, self.between, self.sleep = site, seed, weakened, between, sleep
        self.chance, self.done = random.Random(seed), Counter()
        self.load = Load(site, seed, rate=4, hands=3)
        self.asleep: dict = {}
        self.held: dict[str, list[int]] = defaultdict(list)
        deeds = {self.kill_process: 6, self.put_to_sleep: 3, self.reset_links: 3}
        self.deeds = deeds | ({self.kill_broker: 1, self.kill_postgres: 1} if servers_die else {})

    def again(self) -> "Soak":
        """The same on, with a seed of its own."""
        self.site.stop()
        return Soak(self.site, self.seed + 1, self.weakened, self.between, self.sleep, servers_die=False)

    def live(self, seconds: float) -> None:
        for service in SERVICES:
            for role in ("web", "relay", "worker", "clock"):
                self.site.one(service, role, linked=role != "web", weakened=self.weakened)
        ends = time.monotonic() + seconds
        with self.load.running():
            time.sleep(min(15, seconds / 4))
            self.measure()
            while time.monotonic() < ends:
                self.keep_up(self.chance.uniform(*self.between))
                (deed,) = self.chance.choices(list(self.deeds), self.deeds.values())
                self.done[deed.__name__] += 1
                deed()
            for process in self.asleep:
                process.go_on()
            self.keep_up(2)

    def end(self):
        found = self.site.quiesce(180)
        self.measure()
        return found

    def keep_up(self, seconds: float) -> None:
        """As a supervisor does: what died is started, and a sleeper wakes when its time has come."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for process, wakes in list(self.asleep.items()):
                if time.monotonic() > wakes:
                    process.go_on()
                    del self.asleep[process]
            for process in self.site.processes:
                if not process.is_alive():
                    process.start()
            time.sleep(0.3)

    # ── deeds ────────────────────────────────────────────────────────────────────────────────────────────────────

    def kill_process(self) -> None:
        process = self.chance.choice(self.site.processes)
        self.asleep.pop(process, None)
        self.done[f"killed {process.role}"] += 1
        process.kill()

    def put_to_sleep(self) -> None:
        awake = [process for process in self.site.processes if process not in self.asleep and process.is_alive()]
        process = self.chance.choice(awake)
        self.asleep[process] = time.monotonic() + self.chance.uniform(*self.sleep)
        process.pause()

    def reset_links(self) -> None:
        for link in self.chance.sample(self.site.links, 3):
            self.done["connections reset"] += link.reset()

    def kill_broker(self) -> None:
        self.site.kill_broker()
        self.keep_up(self.chance.uniform(0, 5))
        self.site.rabbitmq.start()

    def kill_postgres(self) -> None:
        self.site.kill_postgres()
        self.keep_up(self.chance.uniform(0, 5))
        self.site.start_postgres()

    # ── what came of it ──────────────────────────────────────────────────────────────────────────────────────────

    def measure(self) -> None:
        for process in self.site.processes:
            if servers.comes_true(process.is_alive, 5):
                self.held[process.role].append(process.memory())

    def by_role(self) -> dict[str, tuple[int, int]]:
        """The largest of each role in MiB, warmed up and at the end."""
        half = {role: len(sizes) // 2 for role, sizes in self.held.items()}
        return {
            role: (max(sizes[: half[role]]) // 1024, max(sizes[half[role] :]) // 1024)
            for role, sizes in self.held.items()
        }

    def grown(self) -> list[str]:
        return [
            f"{role}: {before} → {after} MiB"
            for role, (before, after) in self.by_role().items()
            if after > GROWTH * before
        ]

    def report(self, found) -> str:
        lines = [f"soak: SEED={self.seed}", f"  load      {dict(self.load.counts)}", f"  faults    {dict(self.done)}"]
        memory = ", ".join(f"{role} {before} → {after} MiB" for role, (before, after) in self.by_role().items())
        return "\n".join([*lines, f"  memory    {memory}", f"  books     {found}"])
