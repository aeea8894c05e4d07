"""What an operator's own reviewers teach the classifier: how often which word stood in reports that they confirmed as what.

Only counts are kept, of pairs of Chinese characters and of English words; nobody's report can be read from them, and a word
counts from three reports on.
"""

import math
import time
from collections import defaultdict
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped

from chassis.model import OfEstate, Row
from services.tickets.model import wording
from services.tickets.model.classifier import NOTHING_LEARNT, Learnt

FRESH = 300.0  # seconds that a process goes by what it remembers
MOST_WORDS = 20_000  # remembered of one operator, the most frequent
MOST_OPERATORS = 1_000  # remembered by one process
ENOUGH = 30  # confirmed reports before anything is learnt from them
SELDOM = 3  # reports that a word must have stood in
TELLING = 0.8  # points below which a word says nothing


class Lesson(Row, OfEstate):
    """A report that somebody confirmed; the clock counts its words and takes the lesson away."""

    ticket_id: Mapped[UUID]


class LearntWord(Row):
    """In how many confirmed reports of `PLB/leak` a word stood; the empty word counts the reports."""

    __table_args__ = (
        UniqueConstraint("operator_id", "gram", "target"),
        Index("learnt_word_frequent", "operator_id", "seen"),
    )

    target: Mapped[str]
    gram: Mapped[str]
    seen: Mapped[int]


# The same as `wording.grams(wording.plain(…))` but for slips of the pen, for many reports at once.
COUNT = text(f"""
WITH taken AS (
  DELETE FROM lesson WHERE id IN (SELECT id FROM lesson ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED) RETURNING ticket_id),
told AS (
  SELECT ticket.id, operator_id, category || coalesce('/' || problem, '') AS target,
    translate(lower(normalize(left(description, 1000), NFKC)), '{wording.TRADITIONAL}', '{wording.SIMPLIFIED}') AS words
  FROM ticket JOIN taken ON taken.ticket_id = ticket.id WHERE category IS NOT NULL),
found AS (
  SELECT id, operator_id, target, substr(words, n, 2) AS gram FROM told, generate_series(1, length(words) - 1) AS n
  UNION ALL SELECT id, operator_id, target, word[1] FROM told, regexp_matches(words, '[a-z]{{3,}}', 'g') AS word
  UNION ALL SELECT id, operator_id, target, '' FROM told),
counted AS (
  SELECT operator_id, gram, target, count(DISTINCT id) AS seen FROM found WHERE gram ~ '^([一-鿿]{{2}}|[a-z]{{3,}}|)$'
  GROUP BY operator_id, gram, target),
kept AS (
  INSERT INTO learnt_word (id, operator_id, gram, target, seen)
  SELECT gen_random_uuid(), operator_id, gram, target, seen FROM counted ORDER BY operator_id, gram, target
  ON CONFLICT (operator_id, gram, target) DO UPDATE SET seen = learnt_word.seen + excluded.seen)
SELECT count(*) FROM taken""")


def learnt(work, operator_id: UUID | None = None) -> Learnt:
    """What the operator's reviewers taught, at most FRESH seconds old."""
    operator_id = operator_id or work.actor.operator_id
    until, known = _remembered.get(operator_id, (0.0, NOTHING_LEARNT))
    if until < time.monotonic():
        if len(_remembered) >= MOST_OPERATORS:
            _remembered.clear()
        known = _weighed(work, operator_id)
        _remembered[operator_id] = (time.monotonic() + FRESH, known)
    return known


def forget() -> None:
    _remembered.clear()


_remembered: dict[UUID, tuple[float, Learnt]] = {}


def _weighed(work, operator_id: UUID) -> Learnt:
    mine = select(LearntWord.gram, LearntWord.target, LearntWord.seen).where(LearntWord.operator_id == operator_id)
    reports = {target: seen for _, target, seen in work.execute(mine.where(LearntWord.gram == ""))}
    if sum(reports.values()) < ENOUGH:
        return NOTHING_LEARNT
    often = mine.where(LearntWord.gram != "", LearntWord.seen >= SELDOM)
    words: dict[str, dict[str, int]] = defaultdict(dict)
    for gram, target, seen in work.execute(often.order_by(LearntWord.seen.desc()).limit(MOST_WORDS)):
        words[gram][target] = seen
    return Learnt({gram: told for gram, seen in words.items() if (told := points(seen, reports))})


def points(seen: dict[str, int], reports: dict[str, int]) -> dict[str, float]:
    """{target: points} of one word: how much likelier it is in reports of this than in all others, as a logarithm."""
    everywhere, all_reports = sum(seen.values()), sum(reports.values())
    told = {}
    for target, count in seen.items():
        here = (count + 0.5) / (reports[target] + 1)
        elsewhere = (everywhere - count + 0.5) / (all_reports - reports[target] + 1)
        told[target] = round(math.log(here / elsewhere), 2)
    return {target: value for target, value in told.items() if value >= TELLING}
