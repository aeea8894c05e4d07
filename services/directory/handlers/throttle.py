"""Guessing gets slow: attempts are counted by account and by address before they are judged.

An attempt is counted in a transaction of its own, so that it stays counted when the request is refused. Keys are keyed
hashes or ids, never a name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from chassis.errors import TooMany
from chassis.work import Work
from services.directory.model.accounts import throttle


@dataclass(frozen=True)
class Policy:
    """So many attempts are free; each further one doubles the wait, up to `longest` seconds. A quiet `memory` forgets."""

    free: int
    longest: int
    memory: timedelta


ACCOUNT = Policy(free=5, longest=900, memory=timedelta(hours=1))
ADDRESS = Policy(free=30, longest=60, memory=timedelta(minutes=10))  # many homes may share one address
RESETS = Policy(free=3, longest=3600, memory=timedelta(hours=6))

# One statement counts and decides: a row that is still blocked matches no WHERE and is not counted. A block that would
# last longer than any does comes from a clock that has leapt back since, and is over.
COUNT = text("""
    INSERT INTO throttle AS t (key, failures, last_at, until) VALUES (:key, 1, :now, :now)
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN t.last_at < :forgotten THEN 1 ELSE t.failures + 1 END,
      last_at = :now,
      until = :now + CASE WHEN t.last_at < :forgotten OR t.failures < :free THEN interval '0'
        ELSE least(:longest, 2 ^ least(t.failures + 1 - :free, 20)) * interval '1 second' END
    WHERE t.until <= :now OR t.until > :now + :longest * interval '1 second'
    RETURNING failures""")


@contextmanager
def apart(work: Work) -> Iterator[Work]:
    """A unit of work beside this one: what it writes stays, even if this one is refused."""
    with Session(work.session.get_bind(), expire_on_commit=False) as session:
        yield Work(session, work.service, work.actor, work.now, correlation_id=work.correlation_id)
        session.commit()


def charge(work: Work, key: str, policy: Policy = ACCOUNT) -> None:
    """Count an attempt. Raises TooMany while its time has not come."""
    with apart(work) as aside:
        facts = {"key": key, "now": work.now, "forgotten": work.now - policy.memory}
        counted = aside.scalar(COUNT, {**facts, "free": policy.free, "longest": policy.longest})
        if counted is None:
            until = aside.scalar(select(throttle.c.until).where(throttle.c.key == key))
            raise TooMany(seconds=max(1, ceil((until - work.now).total_seconds())))


def forgive(work: Work, key: str) -> None:
    """The attempt was good: nothing is held against the key."""
    work.execute(delete(throttle).where(throttle.c.key == key))


def give_back(work: Work, key: str) -> None:
    """This attempt was good; those before it stay counted, or one's own account would wash away guesses at others."""
    this = throttle.update().where(throttle.c.key == key)
    work.execute(this.values(failures=throttle.c.failures - 1, until=work.now))
