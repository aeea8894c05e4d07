"""Who dribbles, holds on or comes in crowds is let go, and everybody else is served meanwhile."""

import socket
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from gateway.edge import config
from tests.edge.conftest import PLENTY

REPAIRS = "/api/tickets/v1/repairs"
HEAD = f"POST {REPAIRS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture
def impatient(an_edge, tickets, monkeypatch, tmp_path):
    """An edge that waits one second where the real one waits ten."""
    template = tmp_path / "template"
    template.write_text(config.TEMPLATE.read_text().replace("_timeout 10s;", "_timeout 1s;"))
    assert template.read_text().count("_timeout 1s;") == 2
    monkeypatch.setattr(config, "TEMPLATE", template)
    return an_edge(tickets, limits=replace(PLENTY, connections=20))


def dribble(line: socket.socket, seconds: float) -> bool:
    """Send a header a letter at a time. → whether the other side had enough"""
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            line.sendall(b"x")
            time.sleep(0.1)
    except OSError:
        return True
    return False


def test_who_dribbles_headers_is_let_go_and_others_are_served(impatient, tickets):
    with ExitStack() as open_lines:
        crowd = [socket.create_connection(("127.0.0.1", impatient.settings.port), 5) for _ in range(200)]
        for line in crowd:
            open_lines.enter_context(line).sendall(HEAD.encode())
        assert impatient.get(REPAIRS).status_code == 200
        assert all(dribble(line, 4) for line in crowd[:2])

    assert len(tickets.asked) == 1


def test_a_dribbled_body_never_reaches_a_service(impatient, tickets):
    with socket.create_connection(("127.0.0.1", impatient.settings.port), 5) as line:
        line.sendall(f"{HEAD}Content-Length: 1000\r\n\r\n{{".encode())
        time.sleep(1.5)
        line.settimeout(5)
        try:
            answered = line.recv(4096)
        except ConnectionResetError:
            answered = b""

    assert answered == b"" or b" 408 " in answered.splitlines()[0]
    assert tickets.asked == []


def test_one_address_holds_no_more_than_its_share(impatient, tickets):
    """Bodies that do not come hold a place each; the next of the same address is told to wait."""
    with ExitStack() as open_lines:
        for _ in range(20):
            line = open_lines.enter_context(socket.create_connection(("127.0.0.1", impatient.settings.port), 5))
            line.sendall(f"{HEAD}Content-Length: 1000\r\n\r\n{{".encode())
        time.sleep(0.3)
        refused = impatient.get(REPAIRS)

    assert refused.status_code == 429 and refused.headers["Retry-After"] == "1"
    assert refused.headers["Content-Type"] == "application/problem+json"


def test_a_compressed_body_is_told_to_the_service_which_refuses_it(edge):
    heard = edge.post(REPAIRS, headers={"Content-Encoding": "gzip"}, data=b"{}").json()["headers"]

    assert heard["content-encoding"] == "gzip"
