"""The private servers: they answer, keep strangers out, and leave nothing behind."""

import os
import subprocess
import sys
import types
from pathlib import Path

import docker
import pika
import psycopg
import pytest

from chassis import servers
from chassis.testing import provided

PASSWORDS = {"owner": "o'wner", "app": "a:p/p@", "system": "s %y"}


@pytest.fixture(scope="module")
def postgres():
    with servers.scratch_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rabbitmq")
    server = servers.RabbitMQ(folder, servers.free_port(), servers.free_port(), durable=False)
    server.start()
    yield server
    server.stop()


def row(url, query):
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone()


def test_postgres_answers_on_its_socket_and_on_no_port(postgres):
    assert row(postgres.url(), "SELECT current_setting('listen_addresses'), current_setting('fsync')") == ("", "off")


def test_a_service_gets_a_database_and_three_roles_with_their_own_passwords(postgres):
    servers.create_service_database(postgres.url(), "lifts", PASSWORDS)

    for role, password in PASSWORDS.items():
        url = postgres.url("lifts", f"lifts_{role}", password)
        powers = row(url, "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert powers == (False, False, False)


def test_only_the_owner_makes_tables(postgres):
    servers.create_service_database(postgres.url(), "lifts", PASSWORDS)

    with psycopg.connect(postgres.url("lifts", "lifts_owner", PASSWORDS["owner"])) as owner:
        owner.execute("CREATE TABLE car (id int)")
        owner.execute("DROP TABLE car")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        row(postgres.url("lifts", "lifts_app", PASSWORDS["app"]), "CREATE TABLE car (id int)")


def test_a_service_cannot_enter_another_services_database(postgres):
    servers.create_service_database(postgres.url(), "lifts", PASSWORDS)
    servers.create_service_database(postgres.url(), "doors", PASSWORDS)

    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(postgres.url("doors", "lifts_app", PASSWORDS["app"]))


def test_making_a_database_again_changes_the_password(postgres):
    servers.create_service_database(postgres.url(), "doors", PASSWORDS, dbname="doors_2")
    servers.create_service_database(postgres.url(), "doors", PASSWORDS | {"app": "new"}, dbname="doors_2")

    assert row(postgres.url("doors_2", "doors_app", "new"), "SELECT 1") == (1,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url("doors_2", "doors_app", PASSWORDS["app"]))


@pytest.mark.connected
def test_a_private_broker_speaks_amqp_and_listens_on_this_machine_only(rabbitmq):
    with pika.BlockingConnection(pika.URLParameters(rabbitmq.amqp_url())) as connection:
        connection.channel().queue_declare("greeting", exclusive=True)

    listening = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout
    ours = [rabbitmq.port, rabbitmq.management_port, rabbitmq.epmd_port, rabbitmq.dist_port]
    for port in ours:
        assert f" 127.0.0.1:{port} " in listening
        assert f" 0.0.0.0:{port} " not in listening
        assert f" *:{port} " not in listening


@pytest.mark.connected
def test_stopping_the_broker_ends_its_port_mapper_too(tmp_path):
    server = servers.RabbitMQ(tmp_path / "node", servers.free_port(), servers.free_port(), durable=False)
    server.start()
    assert not servers.is_free(server.epmd_port)

    server.stop()

    assert all(servers.is_free(port) for port in (server.port, server.epmd_port, server.dist_port))


def test_a_server_ends_with_the_process_that_started_it(tmp_path):
    """A test run that is killed leaves no server behind."""
    port = servers.free_port()
    program = f"""
import os, pathlib
from chassis import servers
servers.PortMapper({port}, pathlib.Path({str(tmp_path)!r}, "log")).start()
print("up", flush=True)
os.kill(os.getpid(), 9)
"""

    child = subprocess.run(
        [sys.executable, "-c", program], cwd=servers.CHECKOUT, capture_output=True, text=True, check=False
    )

    assert child.stdout == "up\n"
    assert servers.comes_true(lambda: servers.is_free(port), seconds=10)


@pytest.mark.slow
def test_the_data_of_a_run_that_was_killed_goes_with_the_next():
    program = """
import os
from chassis import servers
with servers.scratch_postgres() as server:
    print(server.data_dir, flush=True)
    os.kill(os.getpid(), 9)
"""
    child = subprocess.run(
        [sys.executable, "-c", program], cwd=servers.CHECKOUT, capture_output=True, text=True, check=False
    )
    left = Path(child.stdout.strip())
    assert left.is_dir()
    gone = lambda: not (left / "postmaster.pid").exists()  # noqa: E731  its server ends with it, in a moment
    assert servers.comes_true(gone, seconds=20)

    with servers.scratch_postgres() as server:
        assert server.data_dir.is_dir()

    assert not left.exists()
    assert not server.data_dir.exists()
    assert not server.socket_dir.exists()


def test_a_scratch_name_is_its_owners_for_as_long_as_it_lives_and_not_longer():
    """Also where its process's number is somebody else's by now."""
    home = servers.data_dir("test").parent
    with servers.scratch_label() as mine:
        left = home / f"test-{os.getpid()}-dead"
        left.mkdir()
        with servers.scratch_label() as another:
            assert another != mine
            assert (home / f"{mine}.lock").exists()
            assert not left.exists()
    assert not list(home.glob(f"{mine}*"))


def test_an_engine_that_cannot_have_the_image_is_left_alone(monkeypatch):
    """Then the servers are private ones, as on a machine without an engine."""

    class Images:
        def get(self, image):
            raise docker.errors.ImageNotFound(image)

        def pull(self, image):
            raise docker.errors.APIError("no route to the registry")

    engine = types.SimpleNamespace(images=Images(), close=lambda: None)
    monkeypatch.setattr(docker, "from_env", lambda: engine)
    monkeypatch.setattr(provided, "docker_answers", lambda: True)
    assert not provided.docker_provides("postgres:15")

    monkeypatch.setattr(engine.images, "pull", lambda image: None, raising=False)
    assert provided.docker_provides("postgres:15")


def test_a_server_that_cannot_start_says_its_last_words(tmp_path):
    port = servers.free_port()
    mapper = servers.PortMapper(port, tmp_path / "epmd.log")
    mapper.answers = lambda: False
    mapper.command = lambda: ["sh", "-c", "echo the lift is stuck; exit 3"]

    with pytest.raises(servers.DidNotStart, match="the lift is stuck"):
        mapper.start()


def test_a_folder_that_somebody_else_made_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    Path(tmp_path, "link").symlink_to(tmp_path / "real")

    with pytest.raises(servers.DidNotStart, match="belongs to somebody else"):
        servers.own_folder(tmp_path / "link")
