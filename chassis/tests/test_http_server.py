"""The web role as a process: several workers, honest answers to broken requests, an end that leaves nobody waiting."""

import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass

import pytest
import requests
from sqlalchemy import text

from chassis.clock import MovableClock
from chassis.servers import comes_true, free_port
from chassis.tests.kites.service import service
from chassis.tests.test_http import PILOT, RED

RUN = """
import sys
from chassis import settings
from chassis.http.server import serve
from chassis.observe import configure_logging
from chassis.runtime import Runtime
from chassis.tests.kites.service import service

configure_logging("kites", "web")
serve(lambda: Runtime(service, settings.read("kites")))
"""


@dataclass
class Web:
    process: subprocess.Popen
    port: int

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def answers(self):
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        except requests.ConnectionError:
            return False

    def say(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as wire:
            wire.sendall(request)
            return wire.makefile("rb").read()


def start(settings, folder) -> Web:
    port = free_port()
    environment = {
        **os.environ,
        "SERVICE_DATABASE_URL": settings.database_url,
        "SERVICE_SYSTEM_DATABASE_URL": settings.system_database_url,
        "AMQP_URL": "amqp://127.0.0.1:9/none",
        "SECRET_KEY": settings.secret_key,
        "PRIVATE_KEYS": ",".join(settings.private_keys),
        "DATA_DIR": str(folder),
        "BIND": f"127.0.0.1:{port}",
        "WEB_WORKERS": "2",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "figures"),
        "HOME": str(folder),
    }
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([sys.executable, "-c", RUN], env=environment, stdout=log, stderr=log)
    web = Web(process, port)
    comes_true(lambda: web.answers() or process.poll() is not None, 90)
    assert process.poll() is None, (folder / "log").read_text()
    return web


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def web(installations, home):
    """One process for the tests that leave it alive."""
    installed = installations[service]
    installed.empty()
    web = start(installed.settings, home)
    yield web
    web.process.terminate()
    web.process.wait(20)


def test_two_workers_answer_and_their_figures_are_added_up(kites, web):
    token = token_of_today(kites)

    def build(_):
        headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
        return requests.post(f"{web.url}/api/kites/v1/kites", json=RED, headers=headers, timeout=10).status_code

    assert [build(n) for n in range(20)] == [201] * 20

    line = 'linli_http_seconds_count{method="POST",route="/api/kites/v1/kites",service="kites",status="201"} 20.0'
    assert line in requests.get(f"{web.url}/metrics", timeout=5).text


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"NONSENSE\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nBad Header: x\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n", b"431"),
        (b"POST /api/kites/v1/kites HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", b"400"),
    ],
)
def test_even_a_broken_request_gets_a_problem_document(web, sent, status):
    answer = web.say(sent)

    assert answer.startswith(b"HTTP/1.1 " + status), answer
    assert b"application/problem+json" in answer
    assert b"<html" not in answer


@pytest.mark.slow
def test_what_is_under_way_is_finished_before_the_end(kites, tmp_path):
    token, answers = token_of_today(kites), []
    web = start(kites.settings, tmp_path)

    def call():
        url, headers = f"{web.url}/api/kites/v1/disasters/queue", {"Authorization": f"Bearer {token}"}
        answers.append(requests.post(url, headers=headers, timeout=60).status_code)

    caller = threading.Thread(target=call)
    with kites.runtime.transaction(system=True) as session:
        session.execute(text("SELECT pg_advisory_xact_lock(7)"))
        caller.start()
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        under_way = comes_true(lambda: session.scalar(waiting), 5)
        web.process.send_signal(signal.SIGTERM)
    caller.join(60)

    assert web.process.wait(60) == 0
    assert (under_way, answers) == (1, [204])


def token_of_today(kites):
    """The process of the web role lives by the real clock."""
    kites.clock = MovableClock()
    return kites.client(PILOT).token()


def test_no_control_socket_is_opened(web, home):
    assert not (home / ".gunicorn").exists()
