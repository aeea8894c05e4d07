"""The bench's pieces work: small runs, and no figure is judged."""

import json
import re
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from chassis.servers.postgres import scratch_label
from services.tickets.model import Ticket
from tests.bench import bare, load, place, seed, table
from tests.bench.goals import GOALS, sameness
from tests.bench.run import Run, Sample
from tests.bench.table import AT_MOST, Result


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small run in a place of its own, so that a bench that runs beside is left alone."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch, scratch_label() as label:
        patch.setattr(place, "HOME", folder)
        patch.setattr(place, "LABEL", label)  # held, or another run would take it for what a killed one left
        found = place.Place()
        try:
            yield Run(found, repeats=2, seconds=1, tickets=10_000)
        finally:
            found.close()


def test_every_goal_says_what_it_measures():
    for number, measure in GOALS.items():
        assert measure.__doc__.startswith(f"{number}: ")


@pytest.mark.slow
def test_seeded_tickets_are_those_the_requests_ask_for(run):
    estate = seed.estates()[3]
    with run.place.admin(run.main) as database:
        of_estate = database.execute("SELECT count(*) FROM ticket WHERE estate_id = %s", [estate.estate]).fetchone()[0]
        homes = database.execute("SELECT count(*) FROM occupancy WHERE person_id = %s", [estate.owner]).fetchone()[0]
        indexes = {name for (name,) in database.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'ticket'")}
        assert database.execute("SELECT count(*) FROM ticket").fetchone()[0] == 10_000
    assert (of_estate, homes) == (50, 1)
    assert indexes | {"ticket_number"} == {"ticket_pkey", *(index.name for index in Ticket.__table__.indexes)}


@pytest.mark.slow
def test_seeded_words_are_those_the_triggers_would_keep(run):
    asked = "SELECT id, told FROM words ORDER BY id"
    with run.place.admin(run.main) as database:
        seeded = database.execute(asked).fetchall()
        database.execute("UPDATE words SET told = ''")
        database.execute("SELECT keep_words(array_agg(id)) FROM ticket")
        assert database.execute(asked).fetchall() == seeded
    assert len(seeded) == 10_000


@pytest.mark.slow
def test_a_small_run_measures_both_sides_by_the_same_bytes(run):
    GOALS["2c"](run)
    (result,) = run.results
    assert len(result.ratios) == len(result.cpu_ratios) == 2
    assert result.ratio > 0
    assert "| 2c " in table.shown(run.results)


def test_a_peer_that_does_less_is_not_measured(monkeypatch):
    rows = {"ours": {"ticket": {"id": 1, "place": None}, "audit": {"filed": {"seq": 1}}}, "less": {"ticket": {"id": 2}}}
    monkeypatch.setattr(sameness, "_done", lambda _, address: sameness.parts(rows[address], "rows"))
    run = Run(place=SimpleNamespace(admin=lambda _: nullcontext()))
    run.main = "some"
    with pytest.raises(load.WentWrong, match=re.escape("only us: ['rows.audit.filed.seq']; only them: []")):
        sameness.hold(run, {"us": "ours", "them": "less"})
    sameness.hold(run, {"us": "ours", "them": "ours"})


def test_requests_are_lines_that_the_load_generator_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(load, "HOME", tmp_path)
    file = load.write_mix(
        "some", [load.Request("POST", "/a", "token", {"x": "漏水"}), load.Request("GET", "/b", "token")]
    )
    pattern = re.search(r'line:match\("(.*)"\)', load.MIX.read_text())[1].replace("%u", "[A-Z]")
    lines = file.read_text().splitlines()
    assert [re.fullmatch(pattern, line).groups() for line in lines] == [
        ("POST", "/a", "token", '{"x":"漏水"}'),
        ("GET", "/b", "token", ""),
    ]


def test_sides_take_turns_and_keep_their_own_counts():
    turns = []

    def side(name):
        return lambda seconds: turns.append(name) or Sample(10, seconds, 0.5)

    found = Run(place=None, repeats=2, seconds=4).in_turn({"a": side("a"), "b": side("b")})
    assert turns == ["a", "b"] * (1 + 2 * 4)
    assert [(sample.count, sample.seconds, sample.cost) for sample in found["a"]] == [(40, 4, 50), (40, 4, 50)]


@pytest.mark.parametrize(
    ("ours", "sense", "verdict"),
    [
        ([30.0], "≥", "stretch"),
        ([20.0], "≥", "yes"),
        ([10.0], "≥", "NO"),
        ([30.0], AT_MOST, "NO"),
        ([10.0], AT_MOST, "stretch"),
    ],
)
def test_a_goal_is_met_by_its_ratio(ours, sense, verdict):
    must, stretch = (1.5, 2.5) if sense == "≥" else (2.5, 1.5)
    assert Result("0", "work", "peer", "/s", ours, [10.0], must, stretch, sense).verdict == verdict


def test_what_was_found_is_kept_for_machines(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "HOME", tmp_path)
    file = table.kept([Result("1a", "work", "peer", "/s", [2.0, 3.0], [1.0, 1.0])], [], {"load_at_start": 0.1})
    (result,) = json.loads(file.read_text())["results"]
    assert (result["ratio"], result["ratios"], result["verdict"]) == (2.5, [2.0, 3.0], "–")


@pytest.mark.connected
def test_bare_pika_answers_for_each_message(rabbitmq):
    url, body = rabbitmq.amqp_url, b"{}"
    bare.declare(url, "amq.topic", ["bench.test"], "bench.test")
    assert len(bare.round_trips(url, "bench.test", body, 3)) == 3
    assert bare.Pipelined(url, "amq.topic", "bench.test", body, count=25, batch=10).run() > 0
    assert bare.counts(url, ["bench.test"]) == [25]
