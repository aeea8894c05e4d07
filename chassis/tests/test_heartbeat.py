"""Who is alive: rows that processes renew, and what is missing when they do not."""

import pytest
from alembic import command
from sqlalchemy import create_engine, inspect, text

from chassis import heartbeat, pulse
from chassis.heartbeat import BACKGROUND, Heart
from chassis.migrations import alembic_config
from chassis.servers import comes_true


@pytest.fixture
def look(kites):
    def see():
        with kites.runtime.transaction() as session:
            return {beat.role: beat for beat in heartbeat.look(session)}

    return see


@pytest.fixture
def heart(kites):
    kites.runtime.pulse = pulse.Pulse()
    return Heart(kites.runtime, BACKGROUND)


def silence(kites, role, seconds):
    with kites.runtime.transaction(system=True) as session:
        session.execute(
            text("UPDATE heartbeat SET seen_at = seen_at - make_interval(secs => :secs) WHERE role = :role"),
            {"secs": seconds, "role": role},
        )


def test_a_service_without_any_process_lacks_them_all(look):
    assert heartbeat.missing(list(look().values())) == ["worker", "relay", "clock"]


def test_a_process_that_beats_is_alive_until_it_falls_silent(kites, heart, look):
    heart.beat()
    assert heartbeat.missing(list(look().values())) == []

    silence(kites, "relay", heartbeat.MISSED + 1)
    assert heartbeat.missing(list(look().values())) == ["relay"]

    heart.beat()
    assert heartbeat.missing(list(look().values())) == []


def test_a_heart_that_could_not_count_goes_on_beating(kites, heart, look, monkeypatch):
    counted = iter([OSError("No space left on device"), None])

    def count():
        if trouble := next(counted, None):
            raise trouble

    monkeypatch.setattr(heartbeat, "EVERY", 0.01)
    heart.each_time = count
    heart.start()
    assert comes_true(look, seconds=10)
    heart.stop()

    assert look() == {}


def test_what_a_role_did_is_told_as_a_rate(kites, heart, look):
    heart.last -= 10
    kites.runtime.pulse.did("worker", 50)
    heart.beat()

    assert 4 < look()["worker"].rate <= 5
    assert look()["relay"].rate == 0


def test_a_role_that_waits_for_the_broker_says_so(kites, heart, look):
    kites.runtime.pulse.turn("relay", lacks="broker")
    heart.beat()
    assert heartbeat.missing(list(look().values())) == ["broker"]

    kites.runtime.pulse.turn("relay")
    heart.beat()
    assert heartbeat.missing(list(look().values())) == []


def test_a_loop_that_turns_no_more_is_not_alive_though_its_process_is(kites, heart, look):
    kites.runtime.pulse.turn("worker")
    kites.runtime.pulse.turned["worker"] -= pulse.STUCK + 1
    heart.beat()

    assert look()["worker"].fresh and look()["worker"].lacks == "progress"
    assert heartbeat.missing(list(look().values())) == ["worker"]


def test_health_tells_of_the_other_roles_while_the_web_role_answers(kites, heart):
    def health():
        answer = kites.client().get("/healthz")
        return answer.status_code, answer.json["status"], answer.json["lacks"]

    assert health() == (200, "degraded", ["worker", "relay", "clock"])
    heart.beat()
    assert health() == (200, "ok", [])
    kites.runtime.pulse.turn("worker", lacks="broker")
    heart.beat()
    assert health() == (200, "degraded", ["broker"])


def test_who_ends_in_order_is_not_looked_for(heart, look):
    heart.start()
    heart.stop()

    assert look() == {}


def test_the_clock_forgets_processes_that_are_gone_since_an_hour(kites, heart, look):
    heart.beat()
    silence(kites, "worker", 3601)

    kites.tick()

    assert set(look()) == {"relay", "clock"}


def test_a_database_of_the_first_release_is_brought_up(kites):
    """As it was made then: without heartbeats, and without a way to find an audit row by its correlation id."""
    engine = create_engine(kites.settings.owner_database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE heartbeat; DROP INDEX audit_correlation"))
        command.stamp(alembic_config(kites.service, connection), "001")

    with engine.begin() as connection:
        command.upgrade(alembic_config(kites.service, connection), "002")
        command.stamp(alembic_config(kites.service, connection), "head")

    found = inspect(engine)
    assert found.has_table("heartbeat")
    assert "audit_correlation" in {index["name"] for index in found.get_indexes("audit")}
    engine.dispose()
    Heart(kites.runtime, ["web"]).beat()  # and the app role may write it
