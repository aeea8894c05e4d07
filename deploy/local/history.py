"""`make demo-history`: eighteen months of made-up tickets for the demo estates, so that lists, archives and figures have a past.

It is written once into the tickets database of this checkout's platform; a second call changes nothing.
"""

import argparse
import sys
from datetime import UTC, datetime

import psycopg

from deploy.local import plan
from deploy.local.words import Failed, pick
from services.tickets import history

SERVICE = "tickets"


def main() -> None:
    given = _given()
    here = plan.Plan.of_this_checkout()
    try:
        with psycopg.connect(here.postgres.url(SERVICE), connect_timeout=5) as database:
            made = write(database, history.Wish(until=datetime.now(UTC), months=given.months, count=given.count))
    except psycopg.OperationalError as error:
        raise Failed(
            "The platform is not running; start it with `make up`.", "平台未运行，请先执行 make up。"
        ) from error
    if made is None:
        print(pick("There is a past already; nothing was changed.", "历史数据已存在，未作改动。"))
    else:
        print(
            pick(
                f"{made} tickets of the last {given.months} months.", f"已生成近 {given.months} 个月的 {made} 个工单。"
            )
        )


def write(database: psycopg.Connection, wish: history.Wish) -> int | None:
    """→ how many tickets, or None where a past was written before."""
    if database.execute("SELECT 1 FROM audit WHERE correlation_id = %s LIMIT 1", [history.CORRELATION]).fetchone():
        return None
    return history.write(database, wish, _progress)


def _progress(done: int, of: int) -> None:
    print(f"\r  {done:>9,} / {of:,}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo-history", description=__doc__.splitlines()[0])
    parser.add_argument("--months", type=int, default=18)
    parser.add_argument("--count", type=int, help="so many tickets in all, instead of one a home in ten months")
    return parser.parse_args()


if __name__ == "__main__":
    main()
