"""tickets: words to search by; a table for each year; one person's words erased."""

from alembic import op

from chassis.migrations import protect, service_name

revision = "0011"
down_revision = "0010"

# A text as tokens at their places. Chinese has no spaces: each character stands with its neighbour, 漏水管 is 漏水 水管 管,
# and a word of any length is found as its pairs one after another. The same function takes apart what is looked for.
# Tokens are letters, digits and characters only, so that they need no quoting as lexemes.
TOKENS = r"""
CREATE FUNCTION tokens(told text) RETURNS TABLE (token text, at bigint, sign boolean)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN found[1] IS NULL THEN left(found[2], 60)
              ELSE found[1] || coalesce(lead(found[1]) OVER (ORDER BY at), '') END, at, found[1] IS NOT NULL
  FROM regexp_matches(lower(normalize(told, NFKC)),
    '([\u2e80-\u2fff\u3005-\u3007\u3040-\u9fff\ua000-\ua4cf\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff])'
    '|([0-9a-z\u00b5-\u024f\u0370-\u1fff]+)', 'g') WITH ORDINALITY AS each (found, at)
$$;
CREATE FUNCTION words_of(told text, grade "char") RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT setweight(coalesce(string_agg(token || ':' || least(at, 16383), ' '), '')::tsvector, grade) FROM tokens(told)
$$;
"""

# "water leak" 漏水 3-2-06 → water and leak side by side, and 漏水, and 3, 2, 06… side by side: parts in any order, each in its own.
# The last token of a part may go on, unless the part is quoted; of `grades` A only what everybody may read is looked at.
QUERY = r"""
CREATE FUNCTION words_query(said text, grades text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT string_agg('(' || phrase || ')', ' & ')::tsquery FROM (
    SELECT string_agg(token || CASE WHEN open THEN ':*' || grades WHEN grades > '' THEN ':' || grades ELSE '' END,
                      ' <-> ' ORDER BY at) AS phrase
    FROM (SELECT part, token, at, last AND CASE WHEN sign THEN length(token) = 1 ELSE NOT quoted END AS open,
                 last AND sign AND length(token) = 1 AND follows AS loose
          FROM (SELECT part, parts[1] IS NOT NULL AS quoted, token, at, sign,
                       at = max(at) OVER (PARTITION BY part) AS last,
                       coalesce(lag(length(token) = 2 AND sign) OVER (PARTITION BY part ORDER BY at), false) AS follows
                FROM regexp_matches(said, '"([^"]*)"|([^\s"]+)', 'g') WITH ORDINALITY AS each (parts, part),
                     tokens(coalesce(parts[1], parts[2]))) AS told) AS judged
    WHERE NOT loose GROUP BY part) AS phrases
$$;
"""

# Grade A: what everybody reads who may see the ticket. Grade D: staff alone.
WORDS = """
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE TABLE words (
  id uuid PRIMARY KEY REFERENCES ticket,
  operator_id uuid NOT NULL,
  estate_id uuid NOT NULL,
  told tsvector NOT NULL);
CREATE INDEX words_told ON words USING gin (estate_id, told) WITH (gin_pending_list_limit = 512);
ALTER TABLE words ALTER COLUMN told SET STATISTICS 1000;

CREATE FUNCTION keep_words(tickets uuid[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO words (id, operator_id, estate_id, told)
  SELECT ticket.id, ticket.operator_id, ticket.estate_id,
    words_of(concat_ws(' . ', substring(number FROM '[0-9]+$'), place, unit.code, description, question, answer, reason,
                       resolution, reply_text), 'A')
    || coalesce((SELECT words_of(left(string_agg(text, ' . ' ORDER BY id DESC), 20000), 'A')
                 FROM comment WHERE ticket_id = ticket.id AND NOT internal), '')
    || coalesce((SELECT words_of(left(string_agg(comment, ' . '), 5000), 'A') FROM rating WHERE ticket_id = ticket.id), '')
    || coalesce((SELECT words_of(left(string_agg(text, ' . ' ORDER BY id DESC), 20000), 'D')
                 FROM comment WHERE ticket_id = ticket.id AND internal), '')
    || words_of(coalesce(person.name, ''), 'D')
  FROM ticket LEFT JOIN unit ON unit.id = unit_id LEFT JOIN person ON person.id = reporter_id
  WHERE ticket.id = ANY (tickets)
  ON CONFLICT (id) DO UPDATE SET told = excluded.told WHERE words.told IS DISTINCT FROM excluded.told
$$;
REVOKE ALL ON FUNCTION keep_words(uuid[]) FROM PUBLIC;
"""

# Whoever writes, by whatever way, what is written is found.
TRIGGERS = """
CREATE FUNCTION words_of_new() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN PERFORM keep_words(array_agg(id)) FROM fresh; RETURN NULL; END $$;
CREATE TRIGGER words_of_new AFTER INSERT ON ticket REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION words_of_new();

CREATE FUNCTION words_of_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN PERFORM keep_words(ARRAY[NEW.id]); RETURN NULL; END $$;
CREATE TRIGGER words_of_changed AFTER UPDATE OF place, unit_id, description, question, answer, reason, resolution, reply_text,
    reporter_id
  ON ticket FOR EACH ROW WHEN ((OLD.place, OLD.unit_id, OLD.description, OLD.question, OLD.answer, OLD.reason, OLD.resolution,
    OLD.reply_text, OLD.reporter_id) IS DISTINCT FROM (NEW.place, NEW.unit_id, NEW.description, NEW.question, NEW.answer, NEW.reason,
    NEW.resolution, NEW.reply_text, NEW.reporter_id)) EXECUTE FUNCTION words_of_changed();

CREATE FUNCTION words_beside() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN PERFORM keep_words(array_agg(DISTINCT ticket_id)) FROM fresh; RETURN NULL; END $$;
CREATE TRIGGER words_beside_new AFTER INSERT ON comment REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION words_beside();
CREATE TRIGGER words_beside_changed AFTER UPDATE ON comment REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION words_beside();
CREATE TRIGGER words_beside_new AFTER INSERT ON rating REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION words_beside();
CREATE TRIGGER words_beside_changed AFTER UPDATE ON rating REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION words_beside();

CREATE FUNCTION words_of_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN PERFORM keep_words(array_agg(id)) FROM ticket WHERE reporter_id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER words_of_person AFTER INSERT OR UPDATE OF name ON person FOR EACH ROW EXECUTE FUNCTION words_of_person();

CREATE FUNCTION words_of_unit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN PERFORM keep_words(array_agg(id)) FROM ticket WHERE unit_id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER words_of_unit AFTER UPDATE OF code ON unit FOR EACH ROW WHEN (OLD.code <> NEW.code)
  EXECUTE FUNCTION words_of_unit();
"""


# ── the archive: a partition for each year's tickets (docs/decisions/010-archive.md) ─────────────────────────────────

# Ids are UUIDs of version 7, so that a year's are neighbours, and the key of the partition is the key of the table: what points
# at a ticket still does. All tickets of before are the first partition, as they lie; nothing is copied.
YEARS = """
CREATE FUNCTION first_id_of(year int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM make_timestamptz(year, 1, 1, 0, 0, 0, 'UTC')) * 1000)::bigint), 12, '0')
          || '00000000000000000000')::uuid
$$;

-- The wall of the whole around a part of it. A part is reached through "ticket" alone.
CREATE FUNCTION wall_in(part text) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE each record;
BEGIN
  EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
  FOR each IN SELECT * FROM pg_policies WHERE tablename = 'ticket' LOOP
    EXECUTE format('CREATE POLICY %I ON %I TO %I USING (%s) WITH CHECK (%s)',
                   each.policyname, part, each.roles[1], each.qual, each.with_check);
  END LOOP;
  EXECUTE format('CREATE UNIQUE INDEX %I ON %I (operator_id, number text_pattern_ops)', part || '_number', part);
END $$;

-- ticket_2027_estate is what ticket_estate is there.
CREATE FUNCTION name_indexes(part text) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE each record;
BEGIN
  FOR each IN SELECT inhrelid::regclass::text AS name, part || substr(inhparent::regclass::text, length('ticket') + 1) AS better
              FROM pg_inherits JOIN pg_index ON indexrelid = inhrelid WHERE indrelid = part::regclass LOOP
    IF each.name <> each.better THEN EXECUTE format('ALTER INDEX %I RENAME TO %I', each.name, each.better); END IF;
  END LOOP;
END $$;

-- A table of its own for the tickets of a year, beside those of the years before; none where some of it lie in the rest.
CREATE FUNCTION open_year(year int) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE name text := 'ticket_' || year;
BEGIN
  IF year <= (SELECT max(substring(inhrelid::regclass::text FROM '[0-9]{4}$')::int) FROM pg_inherits
              WHERE inhparent = 'ticket'::regclass)
     OR EXISTS (SELECT FROM ticket_rest WHERE id >= first_id_of(year) AND id < first_id_of(year + 1)) THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE ticket INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
  PERFORM wall_in(name);
  EXECUTE format('ALTER TABLE ticket ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                 name, first_id_of(year), first_id_of(year + 1));
  PERFORM name_indexes(name);
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION open_year(int), wall_in(text), name_indexes(text) FROM PUBLIC;
"""

# What stands on the table is put on the new one by its own definition, whichever revision before made it.
KEYS = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
  WHERE confrelid = 'ticket'::regclass"""
INDEXES = """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisunique FROM pg_index
  WHERE indrelid = 'ticket'::regclass"""
STANDING = """SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger
  WHERE tgrelid = 'ticket'::regclass AND NOT tgisinternal"""


def divide_by_years() -> None:
    database, service = op.get_bind(), service_name()
    keys, indexes, triggers = (database.exec_driver_sql(each).all() for each in (KEYS, INDEXES, STANDING))
    year = database.exec_driver_sql("SELECT extract(year FROM clock_timestamp())::int").scalar_one()
    first = f"ticket_until_{year}"
    for table, name, _ in keys:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in triggers:
        op.execute(f"DROP TRIGGER {name} ON ticket")
    op.execute(f"ALTER TABLE ticket RENAME TO {first}")
    for name, _, _ in indexes:
        op.execute(f"ALTER INDEX {name} RENAME TO {name.replace('ticket', first, 1)}")
    op.execute(f"CREATE TABLE ticket (LIKE {first} INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (id)")
    op.execute("ALTER TABLE ticket ADD CONSTRAINT ticket_pkey PRIMARY KEY (id)")
    for _, definition, unique in indexes:
        if not unique:
            database.exec_driver_sql(definition.replace("%", "%%"))
    op.execute(f"DROP INDEX {first}_number")
    op.execute(f"CREATE UNIQUE INDEX {first}_number ON {first} (operator_id, number text_pattern_ops)")
    op.execute(f"ALTER TABLE ticket ATTACH PARTITION {first} FOR VALUES FROM (MINVALUE) TO ('{last_bound(year)}')")
    for table, name, definition in keys:
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for _, definition in triggers:
        database.exec_driver_sql(definition.replace("%", "%%"))
    protect("ticket")
    op.execute("CREATE TABLE ticket_rest PARTITION OF ticket DEFAULT")  # so that no report is refused, whatever its id
    op.execute("SELECT wall_in('ticket_rest'), name_indexes('ticket_rest')")
    op.execute(f"REVOKE ALL ON {first} FROM {service}_app, {service}_system")
    op.execute(f"GRANT EXECUTE ON FUNCTION open_year(int) TO {service}_system")


def last_bound(year: int) -> str:
    return op.get_bind().exec_driver_sql(f"SELECT first_id_of({year} + 1)::text").scalar_one()


# ── one person's words (docs/decisions/011-erasure.md) ────────────────────────────────────────────────────────────────

# Comments and ratings are changed by nobody; this is the one way by which their words go, for the caller's operator alone.
ERASURE = """
CREATE INDEX comment_author ON comment (author_id);
CREATE INDEX rating_rater ON rating (rated_by);
CREATE FUNCTION erase_words_of(who uuid) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  operator uuid := nullif(current_setting('app.operator', true), '')::uuid;
  names uuid[] := ARRAY[who] || ARRAY(SELECT alias FROM confidence WHERE reporter_id = who AND operator_id = operator);
  theirs uuid[] := ARRAY(SELECT id FROM ticket WHERE reporter_id = ANY (names) AND operator_id = operator);
BEGIN
  UPDATE ticket SET description = '', answer = NULL, contact_phone = NULL, preferred_times = NULL, proposed = NULL
    WHERE id = ANY (theirs);
  UPDATE comment SET text = '' WHERE author_id = ANY (names) AND operator_id = operator;
  UPDATE rating SET comment = NULL WHERE rated_by = ANY (names) AND operator_id = operator;
  UPDATE callback SET note = NULL WHERE ticket_id = ANY (theirs);
  UPDATE confidence SET reporter_id = alias, unit_id = NULL, contact_phone = NULL
    WHERE reporter_id = who AND operator_id = operator;
  DELETE FROM attachment WHERE uploader_id = who AND operator_id = operator
    AND subject_type IN ('report', 'answer') AND subject_id = ANY (theirs);
  RETURN cardinality(theirs);
END $$;
REVOKE ALL ON FUNCTION erase_words_of(uuid) FROM PUBLIC;
"""


def close_the_record(service: str) -> None:
    """What was said on a ticket is changed and removed by nobody who serves requests."""
    op.execute(f"REVOKE UPDATE, DELETE ON comment, rating FROM {service}_app, {service}_system")
    op.execute(f"REVOKE DELETE ON ticket, clock FROM {service}_app, {service}_system")
    op.execute(f"GRANT EXECUTE ON FUNCTION erase_words_of(uuid) TO {service}_app")


def upgrade():
    op.get_bind().exec_driver_sql(YEARS.replace("%", "%%"))
    divide_by_years()
    for statement in (TOKENS, QUERY, WORDS, TRIGGERS, ERASURE):
        op.get_bind().exec_driver_sql(statement.replace("%", "%%"))
    protect("words", app="SELECT")
    op.execute(f"REVOKE INSERT, UPDATE, DELETE ON words FROM {service_name()}_system")
    close_the_record(service_name())
    op.execute("SELECT keep_words(array_agg(id)) FROM ticket")
