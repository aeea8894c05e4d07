"""Whether the audit record is as it was sealed: every chain recomputed, as a stream, in the order in which it was sealed.

What is held in memory is one head for each operator. A seal's block is the smallest place that a break can be narrowed to: its
digest is over all its rows.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, cast, literal_column, select

from chassis import tables
from chassis.audit import GENESIS, _block, _digest

seals = tables.audit_seal
BOUNDS = [cast(literal_column(name), Text).label(name) for name in ("from_xid", "below_xid")]
Progress = Callable[[int, int], None]  # (blocks, rows) so far


@dataclass(frozen=True)
class Break:
    """A place where the record is not as it was sealed."""

    operator_id: UUID
    number: int | None  # of the block; None where rows have none
    sealed_at: datetime | None
    rows: tuple[int, int] | None  # the first and the last `seq` of what is there
    what: str

    def __str__(self) -> str:
        block = f"block {self.number} of {self.sealed_at:%Y-%m-%dT%H:%M:%SZ}" if self.number else "no block"
        rows = f", rows {self.rows[0]} to {self.rows[1]}" if self.rows else ""
        return f"operator {self.operator_id}: {block}{rows}: {self.what}"


@dataclass
class Verdict:
    """What was looked at, and what does not hold, in the order of sealing. `heads`: operator → (block, digest)."""

    blocks: int = 0
    rows: int = 0
    breaks: list[Break] = field(default_factory=list)
    heads: dict[UUID, tuple[int, str]] = field(default_factory=dict)


def examine(
    session,
    *,
    operator_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    progress: Progress = lambda blocks, rows: None,
) -> Verdict:
    """Recompute the chains, or the part of them that was sealed between two moments, which must go on from what was before."""
    verdict = Verdict()
    for (start, end), sealed in _runs(session, operator_id, since, until):
        blocks = {block.operator_id: block for block in sealed}
        for owner, rows in _rows(session, start, end, operator_id):
            _compare(session, verdict, owner, blocks.pop(owner, None), rows)
        for owner, block in blocks.items():
            _compare(session, verdict, owner, block, iter(()))
        progress(verdict.blocks, verdict.rows)
    return verdict


def _runs(session, operator_id, since, until) -> Iterator[tuple[tuple[str, str], list]]:
    """The seals that were made together, by their span of transactions."""
    asked = select(
        seals.c.operator_id, *(seals.c[name] for name in ("number", "sealed_at", "rows", "previous", "digest"))
    )
    asked = asked.add_columns(*BOUNDS).order_by(seals.c.from_xid, seals.c.operator_id)
    if operator_id:
        asked = asked.where(seals.c.operator_id == operator_id)
    if since:
        asked = asked.where(seals.c.sealed_at >= since)
    if until:
        asked = asked.where(seals.c.sealed_at < until)
    streamed = session.execute(asked.execution_options(yield_per=1000))
    for span, sealed in itertools.groupby(streamed, key=lambda block: (block.from_xid, block.below_xid)):
        yield span, list(sealed)


def _rows(session, start: str, end: str, operator_id) -> Iterator[tuple[UUID, Iterator]]:
    found = session.execute(_block(start, end, operator_id).execution_options(yield_per=1000)).mappings()
    return itertools.groupby(found, key=lambda row: row["operator_id"])


def _compare(session, verdict: Verdict, owner: UUID, block, rows: Iterator) -> None:
    span = Span(rows)
    if block is None:
        count, _ = _digest("", span)
        verdict.breaks.append(Break(owner, None, None, span.seen, f"{count} rows that no seal covers"))
        return
    count, digest = _digest(block.previous, span)
    number, previous = verdict.heads.get(owner) or _before(session, owner, block.number)
    facts = (owner, block.number, block.sealed_at, span.seen)
    if (block.number, block.previous) != (number + 1, previous):
        verdict.breaks.append(Break(*facts, f"does not follow block {number}"))
    if (count, digest) != (block.rows, block.digest):
        verdict.breaks.append(Break(*facts, f"holds {count} rows that do not match its seal of {block.rows}"))
    verdict.heads[owner] = (block.number, block.digest)
    verdict.blocks, verdict.rows = verdict.blocks + 1, verdict.rows + count


def _before(session, owner: UUID, number: int) -> tuple[int, str]:
    """The head on which this block must stand, where the look begins in the middle; of the first, the beginning."""
    asked = select(seals.c.number, seals.c.digest).where(seals.c.operator_id == owner, seals.c.number == number - 1)
    found = session.execute(asked).first() if number > 1 else None
    return (found.number, found.digest) if found else (0, GENESIS)


class Span:
    """Rows that remember between which numbers they lay."""

    def __init__(self, rows: Iterator):
        self.rows, self.seen = rows, None

    def __iter__(self):
        for row in self.rows:
            self.seen = (self.seen[0] if self.seen else row["seq"], row["seq"])
            yield row
