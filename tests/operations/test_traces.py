"""Traces by OTLP: one trace from the request through outbox and broker to the reactions of another service."""

import gzip
import threading
from collections import defaultdict
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from sqlalchemy import text

from chassis import observe
from chassis.observe import spans
from chassis.servers import comes_true
from chassis.testing import ConnectedPlatform
from tests.stories.repair import report
from tests.world import furnish

INCOMING = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SERVER, PRODUCER, CONSUMER = Span.SPAN_KIND_SERVER, Span.SPAN_KIND_PRODUCER, Span.SPAN_KIND_CONSUMER


class Collector(BaseHTTPRequestHandler):
    """As much of an OpenTelemetry collector as tells what was sent to it."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        told = ExportTraceServiceRequest.FromString(body)
        for resource in told.resource_spans:
            who = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.server.spans += [(who, span) for span in scope.spans]
        self.send_response(200 if self.path == "/v1/traces" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def collecting():
    """Spans sent to a real receiver while it lasts; all of them are there after it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.spans = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    observe.trace(SimpleNamespace(otlp_endpoint=endpoint, service="all"), "test", sql=False)
    try:
        yield server.spans
        observe.end_trace()
    finally:
        observe.end_trace()
        server.shutdown()
        thread.join()
        server.server_close()


def waiting(platform) -> int:
    with platform["tickets"].runtime.transaction(system=True) as session:
        return session.scalar(text("SELECT count(*) FROM outbox WHERE sent_at IS NULL"))


def facts(span) -> dict:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


@pytest.mark.connected
def test_one_trace_goes_from_the_request_to_the_reactions_of_another_service(installations, rabbitmq):
    with ConnectedPlatform(installations, rabbitmq, "directory", "tickets", "notify") as platform:
        world = furnish(platform)
        with collecting() as told:
            ticket = report(world)
            platform.settle()
            assert comes_true(lambda: not waiting(platform), 10)
    assert {who["service.name"] for who, _ in told} == {"linli-all"}

    request = next(span for _, span in told if span.kind == SERVER and facts(span)["http.route"] == "/tickets")
    of_it = [span for _, span in told if span.trace_id == request.trace_id]
    by_kind = defaultdict(list)
    for span in of_it:
        by_kind[span.kind].append(span)
    published = {facts(span)["messaging.message.id"]: span for span in by_kind[PRODUCER]}
    processed = [span for span in by_kind[CONSUMER] if facts(span)["messaging.message.id"] in published]

    assert request.name == "POST /tickets" and facts(request)["http.response.status_code"] == 201
    submitted = "domain.events:tickets.ticket.submitted.v1"
    assert f"publish {submitted}" in {span.name for span in published.values()}
    assert f"process {submitted}:notify.events" in {span.name for span in processed}
    for span in [*published.values(), *processed]:
        assert span.parent_span_id == request.span_id
        assert [link.span_id for link in span.links] == [request.span_id], "linked to the creation context"
        assert facts(span)["messaging.system"] == "rabbitmq"
    assert {facts(span)["linli.reaction"].partition(".")[0] for span in processed} == {"notify"}
    story = facts(request)["linli.correlation_id"]
    assert {facts(span)["messaging.message.conversation_id"] for span in processed} == {story}
    assert all(request.start_time_unix_nano < span.start_time_unix_nano for span in published.values())
    assert ticket["id"] not in str(of_it)


def test_a_callers_trace_is_continued_and_so_is_its_wish_not_to_be_kept():
    with collecting() as told:
        with observe.span("GET /things", INCOMING, kind="SERVER") as onward:
            pass
        with observe.span("GET /things", INCOMING[:-2] + "00", kind="SERVER") as unwanted:
            pass

    assert [span.trace_id.hex() for _, span in told] == [INCOMING[3:35]]
    assert onward[3:35] == INCOMING[3:35] and onward[36:52] == told[0][1].span_id.hex()
    assert unwanted == INCOMING[:-2] + "00"


def test_a_process_begins_no_trace_by_itself():
    """A relay looks for work each second; that is nobody's story."""
    with collecting() as told:
        with observe.span("SELECT"):
            pass
        with observe.span("process an event of a job", kind="CONSUMER"):
            pass

    assert [span.name for _, span in told] == ["process an event of a job"]


@pytest.mark.parametrize(("status", "failed"), [(404, False), (503, True)])
def test_a_callers_mistake_is_no_error_of_ours_and_no_text_of_it_is_told(status, failed):
    class Refusal(Exception):
        pass

    error = Refusal("13812345678 is not allowed")
    error.status = status
    with collecting() as told, pytest.raises(Refusal), observe.span("GET /things", kind="SERVER"):
        raise error

    ((_, span),) = told
    assert (span.status.code == 2) is failed
    assert facts(span)["error.type"] == "Refusal"
    assert "13812345678" not in str(span)


def test_without_otlp_a_callers_trace_is_handed_on_untouched():
    observe.trace(SimpleNamespace(otlp_endpoint="", service="all"))

    with observe.span("GET /things", INCOMING, kind="SERVER") as onward:
        spans.note(http__response__status_code=200)

    assert onward == INCOMING
