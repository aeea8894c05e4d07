"""A real nginx in front of small real HTTP servers: what the edge does is seen from both of its sides."""

import json
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from chassis.servers import Server, free_port
from gateway.edge import Settings, command, write
from gateway.edge.settings import Limits

PLENTY = Limits("10000r/s", 10000, "10000r/s", 10000, "10000r/s", 10000)


MEMBERS = ["type", "title", "status", "detail", "instance"]


class Service(ThreadingHTTPServer):
    """Answers under /api/<name>/v1/, remembers what it was asked, and can be told to answer late."""

    daemon_threads = True

    def __init__(self, name, host="127.0.0.1", port=None):
        super().__init__((host, port or free_port()), Ask)
        self.name = name
        self.upstream = f"{host}:{self.server_address[1]}"
        self.asked = []
        self.health = (200, {"service": name, "status": "ok", "lacks": []})
        self.spec = an_openapi(name)
        self.may_answer = threading.Event()
        self.may_answer.set()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self.may_answer.set()
        self.shutdown()
        self.server_close()


class Ask(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        self.server.asked.append(self)
        self.server.may_answer.wait(20)
        act = self.path.split("?")[0].rsplit("/", 1)[-1]
        getattr(self, f"_{act.replace('.', '_')}", self._echo)()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_one

    def _echo(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.answer(200, {"service": self.server.name, "path": self.path, "headers": headers, "bytes": len(self.body)})

    def _healthz(self):
        self.answer(*self.server.health)

    def _openapi_json(self):
        self.answer(200, self.server.spec)

    def _list(self):
        self.answer(200, {"items": ["a repair"] * 500}, {"ETag": '"7"'})

    def _cached(self):
        own = {
            "Cache-Control": "max-age=60",
            "X-Content-Type-Options": "sniff",
            "X-Request-Id": "theirs",
            "Server": "x",
        }
        self.answer(200, {}, own)

    def _busy(self):
        self.answer(503, {"title": "the service's own"}, {"Retry-After": "17"})

    def answer(self, status, body, headers=None):
        content = json.dumps(body).encode()
        self.send_response(status)
        sent = {"Content-Type": "application/json", "Content-Length": str(len(content))} | (headers or {})
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *what):
        """The test says what went wrong; the server keeps quiet."""


class Edge(Server):
    """nginx on a configuration of ours, with a client that speaks to it."""

    name = "nginx"

    def __init__(self, settings):
        self.settings = settings
        self.log_path = settings.folder / "error.log"
        self.session = requests.Session()
        self.session.trust_env = False

    def prepare(self):
        write(self.settings)

    def command(self):
        return command(self.settings)

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.settings.port)) == 0

    def ask(self, method, path, **more):
        return self.session.request(method, self.settings.address + path, timeout=20, **more)

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, **more):
        return self.ask("POST", path, **more)

    def raw(self, wire):
        """Send these bytes as they are; give back all that is answered."""
        with socket.create_connection(("127.0.0.1", self.settings.port), timeout=20) as line:
            line.sendall(wire)
            line.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: line.recv(65536), b"")).decode()


def parts_of(answer: str) -> tuple[int, dict, dict]:
    """Status, headers and problem of a raw HTTP answer."""
    head, _, body = answer.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, json.loads(body)


def checked(answer, status):
    """`answer` is a response of requests, or raw text."""
    if isinstance(answer, str):
        code, headers, problem = parts_of(answer)
    else:
        code, headers, problem = answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.json()
    assert code == status
    assert headers["content-type"] == "application/problem+json"
    assert list(problem) == MEMBERS
    assert problem["type"].startswith("urn:linli:problem:") and problem["title"]
    assert headers["content-language"] in ("zh-CN", "en")
    assert problem["status"] == status
    assert problem["instance"] == headers["x-request-id"]
    assert headers["x-content-type-options"] == "nosniff"
    return problem, headers


def an_openapi(name):
    """What a service says of itself, small."""
    thing = {"type": "object", "properties": {"id": {"type": "string"}}}
    problem = {"type": "object", "properties": {"detail": {"type": "string"}}}
    see = {
        "operationId": "get_thing",
        "tags": ["things"],
        "responses": {
            "200": {
                "description": "It",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
            },
            "default": {"$ref": "#/components/responses/DEFAULT_ERROR"},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": name.title(), "version": "v1"},
        "paths": {f"/api/{name}/v1/things": {"get": see}},
        "tags": [{"name": "things", "description": f"Things of {name}"}],
        "components": {
            "schemas": {"Thing": thing | {"title": name}, "Problem": problem},
            "responses": {
                "DEFAULT_ERROR": {
                    "description": "A problem",
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
            },
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


@pytest.fixture
def a_service():
    """Start a service by name; all end with the test."""
    started = []

    def start(name, **where):
        started.append(Service(name, **where))
        return started[-1]

    yield start
    for service in started:
        service.close()


@pytest.fixture
def an_edge(tmp_path):
    """Start an edge in front of these services; all end with the test."""
    started = []

    def start(*services, **settings):
        behind = {service.name: service.upstream for service in services} | settings.pop("also", {})
        usual = Settings(folder=tmp_path / str(len(started)), port=free_port(), services=behind, limits=PLENTY)
        edge = Edge(replace(usual, **settings))
        started.append(edge)
        edge.start()
        return edge

    yield start
    for edge in started:
        edge.stop()


@pytest.fixture
def tickets(a_service):
    return a_service("tickets")


@pytest.fixture
def edge(an_edge, tickets):
    return an_edge(tickets)


@pytest.fixture
def the_problem_in():
    """Check that an answer (of requests, or raw text) is a problem document of this status → problem, headers."""
    return checked
