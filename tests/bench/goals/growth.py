"""Goal 2b and the growth table: how lists behave as tickets grow from ten thousand to ten million."""

import statistics
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg

from chassis.actor import SYSTEM
from services.tickets.model import Ticket
from services.tickets.queries import listing
from tests.bench import load, seed, table
from tests.bench.goals.lists import OURS
from tests.bench.run import Run
from tests.bench.table import AT_MOST, Result

DEPTH = 0.9
PROBES = 100
PAGE = """SELECT id, number, kind, state, estate_id, unit_id, filed_at FROM ticket WHERE operator_id = %(operator)s {where}
  ORDER BY filed_at DESC, id DESC LIMIT 50 {offset}"""
AFTER = PAGE.format(where="AND (filed_at, id) < (%(at)s, %(id)s)", offset="")
FIRST = PAGE.format(where="", offset="")
OFFSET = PAGE.format(where="", offset="OFFSET %(depth)s")
HEAD = (
    "tickets",
    "seeded in",
    "list of an estate",
    "by CPU",
    "first page",
    "page at 90 %",
    "in SQL: first",
    "at 90 %",
    "by OFFSET",
)


@dataclass
class Size:
    """One size: its service, and the place nine tenths down the operator’s list."""

    run: Run
    count: int
    dbname: str
    web: str
    at: datetime
    id: UUID

    def http(self, mix: Path):
        return self.run.http(self.web, mix, f"tickets web {self.dbname}")

    def estate_lists(self):
        return self.http(self.run.lists(OURS))

    def first_page(self):
        return self.http(self._head_office("first", ""))

    def deep_page(self):
        return self.http(self._head_office("deep", f"&after={self._cursor()}"))

    def _head_office(self, which: str, more: str) -> Path:
        """The whole operator’s list, as head office sees it."""
        asked = load.Request("GET", f"{OURS}?limit=50{more}", seed.head_token())
        return load.write_mix(f"{which}-{self.count}", [asked])

    def _cursor(self) -> str:
        """As the service itself gives it: the `next` of a page that ends at our place."""
        runtime = self.run.place.runtime("tickets", self.dbname)
        with closing(runtime), runtime.work(SYSTEM, system=True) as work:
            older = work.seen(Ticket).where(Ticket.filed_at <= self.at)
            return work.page(older, by=listing.ORDERS["-filed_at"], limit=1).next

    def in_sql(self) -> dict[str, float]:
        """Milliseconds, the median: first page and deep page by key, and the deep page by OFFSET."""
        told = {"operator": seed.OPERATOR, "at": self.at, "id": self.id, "depth": int(self.count * DEPTH)}
        with self.run.place.admin(self.dbname) as database:
            times = {name: _median(database, text, told, PROBES) for name, text in (("first", FIRST), ("deep", AFTER))}
            return times | {"offset": _median(database, OFFSET, told, 3)}


def depth(run: Run) -> None:
    """2b: a page nine tenths down a list, against its first page and against OFFSET; and the growth table."""
    sizes = [_size(run, count) for count in sorted({*run.sizes, run.tickets})]
    sides = {}
    for size in sizes:
        own = {"list": size.estate_lists(), "first": size.first_page(), "deep": size.deep_page()}
        sides |= {f"{size.count} {name}": side for name, side in own.items()}
    found = run.in_turn(sides)
    sql = {size.count: [size.in_sql() for _ in range(run.repeats)] for size in sizes}
    count = run.tickets
    first, deep = (
        [1000 * load.CONNECTIONS / each.rate for each in found[f"{count} {which}"]] for which in ("first", "deep")
    )
    words = f"page at 90 % of {count:,}"
    run.found(Result("2b", f"{words}, HTTP", "first page", "ms", deep, first, 1.2, 1.05, AT_MOST))
    keyset, offset = ([each[name] for each in sql[count]] for name in ("deep", "offset"))
    run.found(Result("2b", f"{words}, SQL (times faster)", "OFFSET", "ms", offset, keyset, 500, note=SWAPPED))
    for size in sizes:
        _grown(run, size, found, sql[size.count])


SWAPPED = "in “times faster” rows the column “ours” holds the other’s milliseconds"


def _grown(run: Run, size: Size, found: dict, sql: list[dict]) -> None:
    lists, first, deep = (found[f"{size.count} {which}"] for which in ("list", "first", "deep"))
    middle = {name: statistics.median(each[name] for each in sql) for name in sql[0]}
    run.growth.append({
        "tickets": size.count, "seed_s": run.seeded[size.dbname],
        "list_per_s": statistics.median(each.rate for each in lists), "list_cpu_ms": statistics.median(each.cost for each in lists),
        "first_ms": statistics.median(1000 * load.CONNECTIONS / each.rate for each in first),
        "deep_ms": statistics.median(1000 * load.CONNECTIONS / each.rate for each in deep),
        **{f"sql_{name}_ms": figure for name, figure in middle.items()},
    })  # fmt: skip


def drawn(growth: list[dict]) -> str:
    """The growth table."""
    units = ("", " s", "/s", " ms", " ms", " ms", " ms", " ms", " ms")
    names = (
        "tickets",
        "seed_s",
        "list_per_s",
        "list_cpu_ms",
        "first_ms",
        "deep_ms",
        "sql_first_ms",
        "sql_deep_ms",
        "sql_offset_ms",
    )
    rows = [
        tuple(f"{table.plain(size[name])}{unit}" for name, unit in zip(names, units, strict=True)) for size in growth
    ]
    return table.drawn(HEAD, rows)


def _size(run: Run, count: int) -> Size:
    dbname = run.tickets_database(count)
    with run.place.admin(dbname) as database:
        asked = FIRST.replace("LIMIT 50", "LIMIT 1 OFFSET %(depth)s")
        row = database.execute(asked, {"operator": seed.OPERATOR, "depth": int(count * DEPTH)}).fetchone()
    return Size(run, count, dbname, run.place.web("tickets", dbname), row[-1], row[0])


def _median(database: psycopg.Connection, text: str, told: dict, times: int) -> float:
    taken = []
    for _ in range(times + 1):
        began = time.perf_counter()
        database.execute(text, told).fetchall()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken[1:])
