"""Many tickets at once, by statements: for tests of plans and streams."""

from sqlalchemy import create_engine

MANY = """
INSERT INTO ticket (id, operator_id, estate_id, version, number, kind, state, channel, reporter_id, filed_by, complained_of,
                    description, urgency, reopened, filed_at, closed_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(mixed, 1, 3) || 'a'
        || substr(mixed, 4, 15))::uuid, '{operator}',
       CASE WHEN i % {estates} = 0 THEN '{estate}' ELSE md5('estate' || i % {estates})::uuid END,
       1, 'M-' || i, 'repair', 'closed', 'portal', md5('person' || i)::uuid, md5('person' || i)::uuid, '{{}}',
       CASE WHEN i % {rare} = 0 THEN '阀门锈蚀 rust ' || i ELSE '厨房水管漏水，请尽快安排师傅上门查看 kitchen ' || i END,
       'normal', 0, at, at
  FROM (SELECT i, md5(i::text) AS mixed, timestamptz '2026-01-01' + i * interval '1 minute' AS at
          FROM generate_series(1, {count}) i) made;
ANALYZE ticket, words;
"""


def fill(garden, *, count: int, estates: int = 40, rare: int = 1000, words: bool = True) -> None:
    """Closed tickets of the garden's operator, every `estates`-th of them the garden's; every `rare`-th tells of rust.
    Without `words` nothing finds them, and it takes half the time."""
    engine = create_engine(garden.tickets.settings.owner_database_url)
    facts = {"operator": garden.operator_id, "estate": garden.estate_id}
    with engine.begin() as owner:
        if not words:
            owner.exec_driver_sql("ALTER TABLE ticket DISABLE TRIGGER words_of_new")
        owner.exec_driver_sql(MANY.format(count=count, estates=estates, rare=rare, **facts).replace("%", "%%"))
        owner.exec_driver_sql("ALTER TABLE ticket ENABLE TRIGGER words_of_new")
    engine.dispose()
