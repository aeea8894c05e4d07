"""People at work, seeded: they file, review, dispatch, mend, rate and comment, and change who lives and works where.

Every POST carries an Idempotency-Key, so that one whose answer was lost is sent again until somebody answers. What was
answered with 2xx is remembered: it must be in the books whatever happened in between.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import requests

from tests.faults.site import Site

PATIENCE = 90  # seconds that somebody keeps trying to get an answer


class Unanswered(Exception):
    """Nobody answered for as long as anybody would wait."""


class Caller:
    """One person, signed in."""

    def __init__(self, load: "Load", role: str):
        self.load, self.account, self.counts = load, load.site.demo["accounts"][role], load.counts
        self.http = requests.Session()

    def sign_in(self) -> None:
        form = {"grant_type": "password", "username": self.account["login"], "password": self.account["password"]}
        answer = self._insist(lambda: self.http.post(self._url("directory", "/token"), data=form, timeout=30))
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, service: str, path: str, body=None, *, version: int | None = None):
        """→ the answer's body, or None where the answer is a refusal such as 409: another was quicker."""
        headers = {"Idempotency-Key": str(uuid4())} if method == "POST" else {}
        headers |= {"If-Match": f'"{version}"'} if version is not None else {}
        url = self._url(service, path)
        if "Authorization" not in self.http.headers:
            self.sign_in()
        answer = self._insist(lambda: self.http.request(method, url, json=body, headers=headers, timeout=30))
        self.counts["accepted" if answer.ok else f"refused {answer.status_code}"] += 1
        return answer.json() if answer.ok and answer.content else None

    def _insist(self, send: Callable[[], requests.Response]) -> requests.Response:
        """Send until there is an answer that is not the platform's own trouble."""
        deadline = time.monotonic() + self.load.patience
        while time.monotonic() < deadline:
            self.counts["requests"] += 1
            try:
                answer = send()
            except requests.RequestException:
                self.counts["lost answers"] += 1
            else:
                if answer.status_code == 401 and "Authorization" in self.http.headers:
                    del self.http.headers["Authorization"]  # a token lives ten minutes
                    self.sign_in()
                elif answer.status_code < 500 and answer.status_code != 429:
                    return answer
                self.counts[f"answers {answer.status_code}"] += 1
            time.sleep(0.3)
        raise Unanswered(f"{self.account['login']}: no answer within {self.load.patience} s: {dict(self.counts)}")

    def _url(self, service: str, path: str) -> str:
        return f"http://{self.load.site.plan.at(service)}/api/{service}/v1{path}"


@dataclass
class Filed:
    """A ticket that somebody was told of with 201, and how far it is."""

    id: str
    by: str
    step: int = 0


@dataclass
class Load:
    """What goes on, by whom; `rate` is deeds a second of each of the `hands`."""

    site: Site
    seed: int
    rate: float = 10
    hands: int = 2
    patience: float = PATIENCE
    counts: Counter = field(default_factory=Counter)
    filed: list[Filed] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def __post_init__(self):
        self.stop = threading.Event()
        self.local = threading.local()

    # ── running ──────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def running(self):
        """In the background, until left."""
        threads = [threading.Thread(target=self._live, args=[hand], name=f"hand {hand}") for hand in range(self.hands)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(PATIENCE + 60)
        assert not self.failures, self.failures

    def burst(self, deeds: int) -> "Load":
        """So many deeds, one after another, as quickly as they are answered."""
        chance = random.Random(self.seed)
        self.seed += 1
        for _ in range(deeds):
            self._do_something(chance)
        return self

    def something_for_everybody(self) -> None:
        """Each service has something to say, and each something to hear."""
        self.file(self.chance())
        self.rename(self.chance())

    def chance(self) -> random.Random:
        """For a test that chooses the deeds itself."""
        return random.Random(self.seed)

    def _live(self, hand: int) -> None:
        chance = random.Random(f"{self.seed} {hand}")
        try:
            while not self.stop.wait(chance.expovariate(self.rate)):
                self._do_something(chance)
        except BaseException as error:
            self.failures.append(error)

    def lost(self) -> list[str]:
        """Tickets that were answered with 201 and are not in the database."""
        kept = {str(id) for (id,) in self.site.sql("tickets", "SELECT id FROM ticket")}
        return [ticket.id for ticket in self.filed if ticket.id not in kept]

    # ── deeds ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _do_something(self, chance: random.Random) -> None:
        deeds = {self.file: 4, self.carry_on: 9, self.comment: 3, self.change_unit: 2, self.move_in: 1, self.rename: 2}
        (deed,) = chance.choices(list(deeds), deeds.values())
        self.counts[deed.__name__] += 1
        deed(chance)

    def _as(self, role: str) -> Caller:
        known = self.local.__dict__.setdefault("known", {})
        if role not in known:
            known[role] = Caller(self, role)
        return known[role]

    def file(self, chance: random.Random) -> str | None:
        who = chance.choice(("owner", "owner2", "sw_owner", "qy_owner"))
        account = self.site.demo["accounts"][who]
        report = {
            "kind": "repair",
            "estate_id": account["estate_id"],
            "unit_id": account["unit_id"],
            "category": chance.choice(("PLB", "ELC")),
            "description": f"漏水 A leak, number {chance.randrange(10**6)}",
        }
        ticket = self._as(who).call("POST", "tickets", "/tickets", report)
        if ticket:
            self.filed.append(Filed(ticket["id"], who))
        return ticket and ticket["id"]

    def carry_on(self, chance: random.Random) -> None:
        """Take a ticket its next step: review, dispatch, start, complete, rate."""
        ways = {"owner": ("dispatcher", "technician"), "owner2": ("dispatcher", "technician")}
        ways["qy_owner"] = ("qy_dispatcher", "qy_technician")
        open_ones = [ticket for ticket in self.filed[-200:] if ticket.by in ways and ticket.step < 5]
        if not open_ones:
            self.file(chance)
            return
        ticket = chance.choice(open_ones)
        dispatcher, technician = ways[ticket.by]
        steps = (
            (dispatcher, "review", {"decision": "accept", "payer": "owner"}),
            (dispatcher, "dispatch", {"technician_id": self.site.demo["accounts"][technician]["person_id"]}),
            (technician, "start", {}),
            (technician, "completion", {"resolution": "换了密封圈 A new seal"}),
            (ticket.by, "rating", {"score": chance.randint(1, 5)}),
        )
        who, what, body = steps[ticket.step]
        if self._as(who).call("POST", "tickets", f"/tickets/{ticket.id}/{what}", body):
            ticket.step += 1

    def comment(self, chance: random.Random) -> None:
        if not self.filed:
            return
        ticket = chance.choice(self.filed[-200:])
        self._as(ticket.by).call("POST", "tickets", f"/tickets/{ticket.id}/comments", {"text": "还在漏 Still dripping"})

    def change_unit(self, chance: random.Random) -> None:
        who = chance.choice(("estate_manager", "sw_manager", "qy_manager"))
        estate = self.site.demo["accounts"][who]["estate_id"]
        units = self._as(who).call("GET", "directory", f"/units?limit=20&estate_id={estate}")
        unit = chance.choice(units["items"])
        change = {"gross_area": f"{chance.randint(50, 200)}.00"}
        self._as(who).call("PATCH", "directory", f"/units/{unit['id']}", change, version=unit["version"])

    def rename(self, chance: random.Random) -> None:
        """Somebody's name is corrected, again and again the same few people's: long histories."""
        who = chance.choice(("owner", "technician", "qy_technician"))
        manager = "qy_manager" if who.startswith("qy") else "estate_manager"
        person_id = self.site.demo["accounts"][who]["person_id"]
        person = self._as(manager).call("GET", "directory", f"/people/{person_id}")
        change = {"name": f"王{chance.randrange(10**6)}"}
        self._as(manager).call("PATCH", "directory", f"/people/{person_id}", change, version=person["version"])

    def speak_of(self, unit_id: str, name: str) -> None:
        """One unit gets this name."""
        manager = self._as("estate_manager")
        unit = manager.call("GET", "directory", f"/units/{unit_id}")
        manager.call("PATCH", "directory", f"/units/{unit_id}", {"spoken_zh": name}, version=unit["version"])

    def poison(self, name: str) -> None:
        """One person gets this name."""
        manager, person_id = self._as("estate_manager"), self.site.demo["accounts"]["owner2"]["person_id"]
        person = manager.call("GET", "directory", f"/people/{person_id}")
        manager.call("PATCH", "directory", f"/people/{person_id}", {"name": name}, version=person["version"])

    def move_in(self, chance: random.Random) -> None:
        """A new person, and a home of theirs."""
        manager = self._as("estate_manager")
        estate = manager.account["estate_id"]
        person = manager.call("POST", "directory", "/people", {"estate_id": estate, "name": "新住户 Newcomer"})
        units = manager.call("GET", "directory", f"/units?limit=20&estate_id={estate}")
        if person:
            home = {"unit_id": chance.choice(units["items"])["id"], "person_id": person["id"]}
            home |= {"relation": "household_member", "starts_on": "2026-01-01"}
            manager.call("POST", "directory", "/occupancies", home)
