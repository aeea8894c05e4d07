"""Where services are named rather than numbered (Docker, Kubernetes), a name is asked for again: containers move."""

import socket
import struct
import threading

import pytest

from chassis.servers import comes_true, free_port

QUESTION_STARTS = 12


class Names:
    """A DNS server of twenty lines: every question is answered with the address it holds now, for an hour."""

    def __init__(self, address):
        self.address = address
        self.port = free_port()
        self.line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.line.bind(("127.0.0.1", self.port))
        threading.Thread(target=self.answer, daemon=True).start()

    def answer(self):
        while True:
            try:
                asked, whom = self.line.recvfrom(512)
            except OSError:  # closed: the test is over
                return
            question = asked[QUESTION_STARTS : asked.index(b"\0", QUESTION_STARTS) + 5]
            head = asked[:2] + struct.pack(">5H", 0x8180, 1, 1, 0, 0)
            record = struct.pack(">3HIH", 0xC00C, 1, 1, 3600, 4) + socket.inet_aton(self.address)
            self.line.sendto(head + question + record, whom)

    def close(self):
        self.line.close()


@pytest.fixture
def names():
    server = Names("127.0.0.1")
    yield server
    server.close()


@pytest.mark.slow
def test_a_service_that_comes_back_at_another_address_is_found(an_edge, a_service, names):
    before = a_service("tickets")
    port = before.server_address[1]
    after = a_service("tickets", host="127.0.0.2", port=port)
    edge = an_edge(also={"tickets": f"tickets.test:{port}"}, resolver=f"127.0.0.1:{names.port}")
    assert edge.get("/api/tickets/v1/repairs").status_code == 200
    assert before.asked and not after.asked

    names.address = "127.0.0.2"
    before.close()

    assert comes_true(lambda: edge.get("/api/tickets/v1/repairs").status_code == 200, 10)
    assert after.asked
