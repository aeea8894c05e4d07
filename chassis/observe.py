"""What operations see: JSON log lines with one correlation id, figures for Prometheus, traces when OTLP is set."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import structlog
from prometheus_client import REGISTRY, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from chassis import redact, tables

SECRET = re.compile(r"(password|secret|token|authorization|phone|email|cookie)", re.IGNORECASE)
handling = Histogram("linli_handling_seconds", "From delivery to commit of one batch", ["service"])


def configure_logging(service: str, role: str, level: int = logging.INFO) -> None:
    """One JSON object a line on standard output; values under a secret's name are hidden."""
    structlog.configure(
        processors=steps(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service, role=role)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(OneLine())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def steps() -> list:
    """What a log line goes through."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]


def hide_secrets(_logger, _method, line: dict) -> dict:
    """By the name it stands under, and by its looks wherever it stands."""
    return redact.line({key: redact.HIDDEN if SECRET.search(key) else value for key, value in line.items()})


class OneLine(logging.Formatter):
    """What libraries log, as JSON of the same kind."""

    def format(self, record: logging.LogRecord) -> str:
        said = {"level": record.levelname.lower(), "logger": record.name, "event": redact.text(super().format(record))}
        return orjson.dumps(said).decode()


class Depths:
    """Asked at each scrape: what waits in the outbox and how late the clock is."""

    def __init__(self, runtime):
        self.runtime = runtime

    def describe(self) -> list:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            yield from self._ask()
        except SQLAlchemyError as error:
            structlog.get_logger("observe").warning("metrics.database_away", reason=type(error).__name__)

    def _ask(self) -> Iterator[GaugeMetricFamily]:
        box, runs, now = tables.outbox.c, tables.job_run.c, self.runtime.clock.now()
        waiting = select(func.count(), func.min(box.created_at)).where(box.sent_at.is_(None), box.parked_at.is_(None))
        with self.runtime.transaction(system=True) as session:
            count, oldest = session.execute(waiting).one()
            parked = session.scalar(select(func.count()).where(box.sent_at.is_(None), box.parked_at.is_not(None)))
            late = session.execute(select(runs.job, runs.due_at)).all()
        age = (now - oldest).total_seconds() if oldest else 0
        yield GaugeMetricFamily("linli_outbox_waiting", "Events not yet sent", value=count)
        yield GaugeMetricFamily("linli_outbox_oldest_seconds", "Age of the oldest event not yet sent", value=age)
        yield GaugeMetricFamily("linli_outbox_parked", "Events that no queue would take", value=parked)
        lag = GaugeMetricFamily("linli_job_lag_seconds", "By how much a job is late", labels=["job"])
        for job, due_at in late:
            lag.add_metric([job], max(0.0, (now - due_at).total_seconds()))
        yield lag


def serve_metrics(runtime) -> None:
    """`/metrics` of a background process on METRICS_BIND, an inner address."""
    if runtime.settings.metrics_bind:
        host, _, port = runtime.settings.metrics_bind.rpartition(":")
        REGISTRY.register(Depths(runtime))
        start_http_server(int(port), host)


def trace(settings) -> None:
    """Send spans by OTLP/HTTP when an endpoint is set; made after a fork, since its sender is a thread."""
    if not settings.otlp_endpoint:
        return
    from opentelemetry import trace as tracing
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"linli-{settings.service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracing.set_tracer_provider(provider)
    PsycopgInstrumentor().instrument()


@contextmanager
def span(name: str, traceparent: str | None = None, **attributes) -> Iterator[str | None]:
    """A span that continues `traceparent`; yields the traceparent for what follows. Without OTLP it only hands it on."""
    from opentelemetry import trace as tracing
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    propagator = TraceContextTextMapPropagator()
    before = propagator.extract({"traceparent": traceparent} if traceparent else {})
    with tracing.get_tracer("linli").start_as_current_span(name, context=before, attributes=attributes) as current:
        carrier: dict[str, str] = {}
        if current.is_recording():
            propagator.inject(carrier)
        yield carrier.get("traceparent", traceparent)
