"""Traces: from the request through the outbox and the broker to each reaction, one trace; sent by OTLP when that is set.

Names and attributes follow OpenTelemetry's conventions for HTTP and messaging. A request's span is the creation context
of the events it causes: publishing and each reaction continue its trace and link to it. Without OTLP nothing is imported
and nothing is made; a caller's traceparent is handed on all the same.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from chassis import VERSION

_tracer: Any = None
_provider: Any = None


def trace(settings, role: str = "", *, sql: bool = True) -> None:
    """Send spans by OTLP/HTTP when an endpoint is set; made after a fork, since its sender is a thread."""
    global _tracer, _provider
    if not settings.otlp_endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from chassis.observe.sampling import sampler

    who = {"service.name": f"linli-{settings.service}", "service.version": VERSION, "linli.role": role}
    _provider = TracerProvider(resource=Resource.create(who), sampler=sampler())
    exporter = OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint.rstrip('/')}/v1/traces")
    _provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = _provider.get_tracer("linli", VERSION)
    if sql:  # each statement a span, its values left out
        PsycopgInstrumentor().instrument(tracer_provider=_provider)


def end_trace() -> None:
    """Send what is left."""
    global _tracer, _provider
    if _provider:
        _provider.shutdown()
    _tracer = _provider = None


@contextmanager
def span(
    name: str, traceparent: str | None = None, *, kind: str = "INTERNAL", attributes: Mapping[str, Any] | None = None
) -> Iterator[str | None]:
    """A span that continues `traceparent`; yields the traceparent for what follows. A message's span links to it too."""
    if _tracer is None:
        yield traceparent
        return
    from opentelemetry.trace import SpanKind

    before = _context(traceparent)
    options = {"context": before, "kind": SpanKind[kind], "attributes": dict(attributes or {})}
    links = _links(before) if kind == "CONSUMER" else []
    quiet = {"record_exception": False, "set_status_on_exception": False}  # an error's text may hold private values
    with _tracer.start_as_current_span(name, links=links, **options, **quiet) as current:
        try:
            yield _traceparent(current) or traceparent
        except BaseException as error:
            _fail(current, type(error).__name__, getattr(error, "status", 500))
            raise


def note(**attributes: Any) -> None:
    """Add to the span we are in: `__` in a name stands for a dot."""
    if _tracer is not None:
        from opentelemetry.trace import get_current_span

        get_current_span().set_attributes({name.replace("__", "."): value for name, value in attributes.items()})


def published(rows: Iterable, confirmed: set[str], exchange: str, began: float) -> None:
    """A span for each event given to the broker, from `began` (time.time()) until now. Rows are the relay's."""
    if _tracer is None:
        return
    from opentelemetry.trace import SpanKind

    for row in rows:
        if _wanted(row.traceparent):
            before = _context(row.traceparent)
            made = _tracer.start_span(
                f"publish {exchange}:{row.routing_key}",
                context=before,
                kind=SpanKind.PRODUCER,
                links=_links(before),
                attributes=messaging("publish", "send", f"{exchange}:{row.routing_key}", row.routing_key, str(row.id)),
                start_time=int(began * 1e9),
            )
            if str(row.id) not in confirmed:
                _fail(made, "unconfirmed", 500)
            made.end(time.time_ns())


def messaging(name: str, kind: str, destination: str, routing_key: str, id: str, **more: Any) -> dict[str, Any]:
    """The attributes that OpenTelemetry's conventions ask of a span about a message."""
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.name": name,
        "messaging.operation.type": kind,
        "messaging.destination.name": destination,
        "messaging.rabbitmq.destination.routing_key": routing_key,
        "messaging.message.id": id,
        **more,
    }


def _wanted(traceparent: str | None) -> bool:
    """Whether its last two digits, which are flags, say that the trace is kept."""
    return bool(traceparent) and bool(int(traceparent[-2:], 16) & 1)


def _fail(current, what: str, status: int) -> None:
    from opentelemetry.trace import StatusCode

    current.set_attribute("error.type", what)
    if status >= 500:  # a caller's mistake is no error of the server's
        current.set_status(StatusCode.ERROR)


@cache
def _propagator():
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator()


def _context(traceparent: str | None):
    from opentelemetry.context import Context

    return _propagator().extract({"traceparent": traceparent} if traceparent else {}, context=Context())


def _links(context) -> list:
    from opentelemetry.trace import Link, get_current_span

    created = get_current_span(context).get_span_context()
    return [Link(created)] if created.is_valid else []


def _traceparent(current) -> str | None:
    from opentelemetry.trace import set_span_in_context

    carrier: dict[str, str] = {}
    if current.is_recording():
        _propagator().inject(carrier, context=set_span_in_context(current))
    return carrier.get("traceparent")
