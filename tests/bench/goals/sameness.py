"""Before peers are measured: one report to each side, which must be answered with the same fields and leave the same rows."""

import psycopg
import requests

from tests.bench import load, seed
from tests.bench.run import DESCRIPTION, Run

WRITTEN = """
SELECT jsonb_build_object(
    'ticket', to_jsonb(t), 'clock', to_jsonb(c), 'words', to_jsonb(w),
    'outbox', (SELECT jsonb_object_agg(routing_key, to_jsonb(o)) FROM outbox o WHERE aggregate_id IN (t.id, c.id)),
    'audit', (SELECT jsonb_object_agg(action, to_jsonb(a)) FROM audit a WHERE subject_id IN (t.id, c.id)))
  FROM ticket t LEFT JOIN clock c ON c.ticket_id = t.id LEFT JOIN words w ON w.id = t.id WHERE t.id = %s
"""


def hold(run: Run, addresses: dict[str, str]) -> None:
    """`addresses`: side → where reports are posted to; the first side is what the others must be like.

    Raises:
        WentWrong: with what only one of two sides answers or writes.
    """
    with run.place.admin(run.main) as database:
        done = {side: _done(database, address) for side, address in addresses.items()}
    (first, wanted), *others = done.items()
    for side, each in others:
        if each != wanted:
            raise load.WentWrong(f"only {first}: {sorted(wanted - each)}; only {side}: {sorted(each - wanted)}")


def parts(told, at: str) -> set[str]:
    """The names of all that is there, as `outbox.event.data`; what is None is not, and a list is one thing."""
    if not isinstance(told, dict):
        return set() if told is None else {at}
    return set().union(*(parts(each, f"{at}.{name}") for name, each in told.items()))


def _done(database: psycopg.Connection, address: str) -> set[str]:
    estate = seed.estates()[0]
    asked = {"kind": "repair", "estate_id": str(estate.estate), "unit_id": str(estate.unit), "description": DESCRIPTION}
    bearer = {"Authorization": f"Bearer {seed.owner_token(estate)}"}
    told = requests.post(address, json=asked, headers=bearer, timeout=20)
    if told.status_code != 201:
        raise load.WentWrong(f"{address}: {told.status_code} {told.text[:500]}")
    (written,) = database.execute(WRITTEN, [told.json()["id"]]).fetchone()
    return {f"answer.{name}" for name in told.json()} | parts(written, "rows")
