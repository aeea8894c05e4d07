"""Each reaction hears each event exactly once, and nobody suffers for another's failure."""

import threading
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select, text

from chassis import inbox, tables
from chassis.errors import Conflict
from chassis.events import copies, event, on
from chassis.ids import new_id
from chassis.inbox import Verdict
from chassis.runtime import Runtime
from chassis.tests.kites.model import Kite, Note, Wind
from chassis.tests.kites.reactions import StormAnnounced, WindMeasured, note_storm
from chassis.tests.wire import E1, HY, away, hearing, said_by

QY, E9 = new_id(), new_id()


@event("weather.gust.felt", version=1)
class GustFelt:
    kite_id: UUID
    strong: bool


class TooWindy(Conflict):
    en = "The wind is too strong; wait."
    zh = "风太大，请稍候。"


@on(GustFelt)
def fly_unless_strong(work, heard):
    """Changes an entity, records an event, and may fail before anything is written."""
    work.take(Kite, heard.kite_id).fly()
    if heard.strong:
        raise TooWindy()


@on(GustFelt)
def note_gust(work, heard):
    work.add(Note(estate_id=work.cause.estate_id, text="a gust"))


@on(StormAnnounced)
def note_storm_where_allowed(work, heard):
    """Writes into the estate that the text names, whichever the event is about."""
    work.add(Note(estate_id=UUID(heard.text), text=heard.text))


def storm(words="thunder", **more):
    return said_by(StormAnnounced(text=words), **more)


def notes(kites):
    with kites.work() as work:
        return sorted(work.scalars(select(Note.text)))


def heard(kites):
    with kites.work() as work:
        return work.scalars(select(tables.inbox.c.consumer))


def verdicts(outcomes):
    return [outcome.verdict for outcome in outcomes]


def with_reactions(kites, *functions):
    return Runtime(hearing(kites.service, *functions), kites.settings, kites.clock)


@contextmanager
def fails_at_the_commit(kites):
    """A deferred constraint on notes, as a ledger has one."""
    with psycopg.connect(kites.settings.owner_database_url, autocommit=True) as owner:
        owner.execute("""
            CREATE FUNCTION too_late() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF NEW.text = 'fails late' THEN RAISE 'too late'; END IF; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER too_late AFTER INSERT ON note DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION too_late()""")
        try:
            yield
        finally:
            owner.execute("DROP FUNCTION too_late CASCADE")


def test_an_event_delivered_again_has_one_effect(kites):
    once = storm()

    outcomes = inbox.process(kites.runtime, [once, once]) + inbox.process(kites.runtime, [once])

    assert verdicts(outcomes) == [Verdict.DONE] * 3
    assert notes(kites) == ["thunder"]
    assert heard(kites) == ["kites.note_storm"]


def test_eight_simultaneous_deliveries_make_one_effect(kites):
    once, together = storm(), threading.Barrier(8)
    outcomes = []

    def deliver():
        together.wait(10)
        outcomes.extend(inbox.process(kites.runtime, [once]))

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert verdicts(outcomes) == [Verdict.DONE] * 8
    assert notes(kites) == ["thunder"]


def test_a_poisonous_event_fails_alone_and_leaves_nothing_behind(kites):
    good = [storm(f"storm {n}") for n in range(5)]
    batch = [*good[:3], storm("unheard of"), *good[3:]]

    outcomes = inbox.process(kites.runtime, batch)

    assert verdicts(outcomes) == [Verdict.DONE] * 3 + [Verdict.RETRY] + [Verdict.DONE] * 2
    assert outcomes[3].reason == "ValueError: nobody knows what to do about this storm"
    assert notes(kites) == [f"storm {n}" for n in range(5)]
    assert len(heard(kites)) == 5


def test_what_fails_only_at_the_commit_costs_the_innocent_nothing(kites):
    with fails_at_the_commit(kites):
        outcomes = inbox.process(kites.runtime, [storm("early"), storm("fails late"), storm("after")])

    assert verdicts(outcomes) == [Verdict.DONE, Verdict.RETRY, Verdict.DONE]
    assert outcomes[1].reason == "RaiseException: too late"
    assert notes(kites) == ["after", "early"]


def test_a_failed_reaction_says_nothing_even_when_its_entity_is_used_again(kites):
    with kites.work() as work:
        kite = work.add(Kite.build(operator_id=HY, estate_id=E1, colour="red"))
    gusts = [said_by(GustFelt(kite_id=kite.id, strong=strong)) for strong in (True, False)]
    runtime = with_reactions(kites, fly_unless_strong, note_gust)

    failed, done = inbox.process(runtime, gusts)

    assert (failed.verdict, failed.reason) == (Verdict.RETRY, "The wind is too strong; wait.")
    assert done.verdict is Verdict.DONE
    assert [(e.type, e.sequence) for e in kites.said()] == [("kites.kite.built.v1", 1), ("kites.kite.flown.v1", 2)]
    assert notes(kites) == ["a gust", "a gust"], "the other reaction is not held up"
    inbox.process(runtime, gusts[:1])
    assert notes(kites) == ["a gust", "a gust"], "and hears the event only once"
    runtime.close()


@pytest.mark.parametrize("data", [{}, {"text": 7}, {"text": None}])
def test_data_that_does_not_fit_is_parked_at_once(kites, data):
    (outcome,) = inbox.process(kites.runtime, [replace(storm(), data=data)])

    assert outcome.verdict is Verdict.PARK
    assert "weather.storm.announced.v1: data does not fit" in outcome.reason


def test_a_version_we_do_not_know_is_parked_and_a_fact_we_do_not_hear_is_over(kites):
    newer, foreign = replace(storm(), type="weather.storm.announced.v2"), replace(storm(), type="weather.fog.seen.v1")

    outcomes = inbox.process(kites.runtime, [newer, foreign])

    assert verdicts(outcomes) == [Verdict.PARK, Verdict.DONE]
    assert outcomes[0].reason == "weather.storm.announced.v2: kites does not know this version"


def test_each_event_of_a_batch_acts_in_its_own_operator_and_estate(kites):
    runtime = with_reactions(kites, note_storm_where_allowed)
    own, others = storm(str(E1)), storm(str(E9))
    elsewhere = storm(str(E9), operator_id=QY, estate_id=E9)
    anywhere = storm(str(E9), estate_id=None)

    outcomes = inbox.process(runtime, [own, others, elsewhere, anywhere])

    assert verdicts(outcomes) == [Verdict.DONE, Verdict.RETRY, Verdict.DONE, Verdict.DONE]
    assert "row-level security" in outcomes[1].reason
    with kites.work() as work:
        assert set(work.execute(select(Note.operator_id, Note.estate_id))) == {(HY, E1), (QY, E9), (HY, E9)}
    runtime.close()


def test_a_projection_shows_the_latest_state_whatever_the_order(kites):
    wind = new_id()
    facts = [said_by(WindMeasured(wind_id=wind, force=n), sequence=n) for n in (3, 1, 5, 2, 4)]

    inbox.process(kites.runtime, facts)

    with kites.work() as work:
        assert work.execute(select(Wind.force, Wind.sequence)).all() == [(5, 5)]


def test_each_event_of_a_batch_sees_the_database_and_not_its_neighbours_leftovers(kites):
    kept = []  # the session remembers only what somebody holds

    @copies(WindMeasured)
    def copy_and_note(work, heard):
        before = work.get(Wind, heard.wind_id)
        kept.append(before)
        work.copy(Wind, heard.wind_id, force=heard.force)
        text = f"{work.cause.sequence} after {before and before.force}"
        work.add(Kite.build(operator_id=HY, estate_id=E1, colour=text))

    wind, runtime = new_id(), with_reactions(kites, copy_and_note)
    facts = [said_by(WindMeasured(wind_id=wind, force=10 * n), sequence=n) for n in (1, 2, 3)]

    inbox.process(runtime, facts)

    said = kites.said()
    assert [each.data["colour"] for each in said] == ["1 after None", "2 after 10", "3 after 20"]
    assert [each.causation_id for each in said] == [str(fact.id) for fact in facts]
    assert [each.correlation_id for each in said] == [fact.correlation_id for fact in facts]
    runtime.close()


def test_a_database_that_is_away_is_nobodys_fault(kites, postgres_url):
    with away(kites, postgres_url), pytest.raises(inbox.DatabaseAway):
        inbox.process(kites.runtime, [storm()])

    assert notes(kites) == []


def test_a_message_that_kills_its_connection_is_to_blame_itself(kites):
    @on(StormAnnounced)
    def end_the_connection(work, heard):
        if heard.text == "lightning":
            work.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        note_storm(work, heard)

    runtime = with_reactions(kites, end_the_connection)

    outcomes = inbox.process(runtime, [storm("before"), storm("lightning"), storm("after")])

    assert verdicts(outcomes) == [Verdict.DONE, Verdict.RETRY, Verdict.DONE]
    assert notes(kites) == ["after", "before"]
    runtime.close()


def test_reasons_do_not_repeat_the_values_of_a_row(kites):
    @on(StormAnnounced)
    def note_twice(work, heard):
        for _ in range(2):
            work.add(Note(id=E9, estate_id=E1, text="13800000000"))

    runtime = with_reactions(kites, note_twice)

    (outcome,) = inbox.process(runtime, [storm()])

    assert outcome.reason == 'UniqueViolation: duplicate key value violates unique constraint "note_pkey"'
    runtime.close()


# ── heard one by one, done together ──────────────────────────────────────────────────────────────────────────────


def in_one_go(kites, calls, *more):
    """A reaction that asks for notes, and what writes all of them at once."""

    def write_down(work, wanted):
        calls.append((work.actor.operator_id, wanted))
        for estate_id, words in wanted:
            work.add(Note(estate_id=estate_id, text=words))
        if "hail" in [words for _, words in wanted]:
            raise ValueError("not hail")

    @on(StormAnnounced, together=write_down)
    def ask_for_a_note(work, heard):
        yield work.cause.estate_id, heard.text

    return with_reactions(kites, ask_for_a_note, *more)


def test_what_events_want_together_is_done_once_for_each_operator(kites):
    calls, twice = [], storm("b")
    runtime = in_one_go(kites, calls)
    batch = [storm("a"), twice, twice, storm("c", estate_id=E9), storm("d", operator_id=QY, estate_id=E9)]

    outcomes = inbox.process(runtime, batch) + inbox.process(runtime, batch[:2])

    assert verdicts(outcomes) == [Verdict.DONE] * 7
    assert dict(calls) == {HY: [(E1, "a"), (E1, "b"), (E9, "c")], QY: [(E9, "d")]} and len(calls) == 2
    assert notes(kites) == ["a", "b", "c", "d"] and heard(kites) == ["kites.ask_for_a_note"] * 4
    runtime.close()


def test_of_what_is_done_together_one_bad_event_fails_alone(kites):
    calls = []
    runtime = in_one_go(kites, calls, note_gust)
    batch = [storm("rain"), storm("hail"), said_by(GustFelt(kite_id=new_id(), strong=False)), storm("snow")]

    outcomes = inbox.process(runtime, batch)

    assert verdicts(outcomes) == [Verdict.DONE, Verdict.RETRY, Verdict.DONE, Verdict.DONE]
    assert notes(kites) == ["a gust", "rain", "snow"]
    assert [len(wanted) for _, wanted in calls] == [3, 1, 1, 1]
    runtime.close()


def test_what_is_done_together_finds_the_copies_that_came_with_it(kites):
    forces, wind = [], new_id()

    @on(StormAnnounced, together=lambda work, wanted: forces.extend(work.get(Wind, each).force for each in wanted))
    def look_at_the_wind(work, heard):
        return [UUID(heard.text)]

    @copies(WindMeasured)
    def copy_wind(work, heard):
        work.copy(Wind, heard.wind_id, force=heard.force)

    runtime = with_reactions(kites, look_at_the_wind, copy_wind)

    outcomes = inbox.process(runtime, [storm(str(wind)), said_by(WindMeasured(wind_id=wind, force=7))])

    assert verdicts(outcomes) == [Verdict.DONE] * 2 and forces == [7]
    runtime.close()


def test_what_is_done_together_reaches_the_estates_of_its_events_and_no_other(kites):
    @on(StormAnnounced, together=lambda work, wanted: [work.add(Note(estate_id=each, text="x")) for each in wanted])
    def write_elsewhere(work, heard):
        return [UUID(heard.text)]

    elsewhere = with_reactions(kites, write_elsewhere)

    (own,) = inbox.process(elsewhere, [storm(str(E1))])
    (foreign,) = inbox.process(elsewhere, [storm(str(E9))])

    assert own.done and not foreign.done and "row-level security" in foreign.reason
    elsewhere.close()


def test_what_is_done_together_says_no_event(kites):
    @on(StormAnnounced, together=lambda work, wanted: work.add(Kite.build(operator_id=HY, estate_id=E1, colour="red")))
    def build(work, heard):
        return [heard]

    runtime = with_reactions(kites, build)

    (outcome,) = inbox.process(runtime, [storm()])

    assert not outcome.done and "Kite recorded an event" in outcome.reason
    assert kites.said() == [] and heard(kites) == []
    runtime.close()
