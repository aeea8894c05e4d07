"""The servers of a test run: given by environment variables, in Docker, or private ones from this machine's binaries."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
import structlog

from chassis import servers

POSTGRES_IMAGE = os.environ.get("POSTGRES_IMAGE", "postgres:15")
RABBITMQ_IMAGE = os.environ.get("RABBITMQ_IMAGE", "rabbitmq:3.13-management")
log = structlog.get_logger(__name__)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory) -> Iterator[str]:
    """A PostgreSQL administrator's URL."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
    elif docker_provides(POSTGRES_IMAGE):
        yield from _postgres_in_docker()
    else:
        yield from _private_postgres()


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory) -> Iterator["Broker"]:
    """A broker with its management port, empty but for an administrator."""
    given = os.environ.get("TEST_AMQP_URL")
    if given:
        yield Broker(given, os.environ["TEST_MANAGEMENT_URL"])
    elif docker_provides(RABBITMQ_IMAGE):
        yield from _rabbitmq_in_docker()
    else:
        node = servers.RabbitMQ(
            tmp_path_factory.mktemp("rabbitmq"), servers.free_port(), servers.free_port(), durable=False
        )
        node.start()
        yield Broker(node.amqp_url(), f"http://guest:guest@127.0.0.1:{node.management_port}")
        node.stop()


@dataclass(frozen=True)
class Broker:
    """`amqp_url` and `management_url` are the administrator's, with its password."""

    amqp_url: str
    management_url: str


def docker_answers() -> bool:
    """Whether a Docker Engine is there to run testcontainers; LINLI_TEST_DOCKER=0 says to leave it alone."""
    if os.environ.get("LINLI_TEST_DOCKER") == "0":
        return False
    if os.environ.get("DOCKER_HOST"):
        return True
    with socket.socket(socket.AF_UNIX) as engine:
        return engine.connect_ex("/var/run/docker.sock") == 0


def docker_provides(image: str) -> bool:
    """Whether an engine answers that has the image, and testcontainers' own, or can fetch them."""
    if not docker_answers():
        return False
    import docker
    from testcontainers.core.config import testcontainers_config

    wanted = [image] if testcontainers_config.ryuk_disabled else [image, testcontainers_config.ryuk_image]
    try:
        with closing(docker.from_env()) as engine:
            for each in wanted:
                _fetch(engine, each)
    except (docker.errors.DockerException, OSError) as error:  # requests' errors are OSErrors
        log.warning("docker.without_image", image=image, reason=str(error))
        return False
    return True


def _fetch(engine, image: str) -> None:
    import docker

    try:
        engine.images.get(image)
    except docker.errors.ImageNotFound:
        engine.images.pull(image)


def _postgres_in_docker() -> Iterator[str]:
    from testcontainers.community.postgres import PostgresContainer

    with PostgresContainer(POSTGRES_IMAGE, driver=None) as container:
        yield container.get_connection_url()


def _rabbitmq_in_docker() -> Iterator[Broker]:
    from testcontainers.community.rabbitmq import RabbitMqContainer

    with RabbitMqContainer(RABBITMQ_IMAGE).with_exposed_ports(15672) as container:
        host, who = container.get_container_host_ip(), f"{container.username}:{container.password}"
        amqp, management = container.get_exposed_port(container.port), container.get_exposed_port(15672)
        yield Broker(f"amqp://{who}@{host}:{amqp}/%2F", f"http://{who}@{host}:{management}")


def _private_postgres() -> Iterator[str]:
    with servers.scratch_postgres() as server:
        yield server.url()
