"""What is asked at each scrape: what waits in outbox and queues, who is alive, how late the clock is, and the like.

A scrape may not hurt the database: one round trip, by indexes, counting no further than COUNTED, and given up after two
seconds. Answers are kept for a moment, for several may ask.
"""

import platform
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from prometheus_client import REGISTRY, start_http_server
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from chassis import VERSION, heartbeat

log = structlog.get_logger(__name__)
COUNTED = 100_000
KEPT = 5.0  # seconds
HASTE = text("SET LOCAL statement_timeout = '2s'")
STATE = text("""
    SELECT
    (SELECT count(*) FROM (SELECT FROM outbox WHERE sent_at IS NULL AND parked_at IS NULL LIMIT :most) AS counted) AS waiting,
    (SELECT count(*) FROM (SELECT FROM outbox WHERE sent_at IS NULL AND parked_at IS NOT NULL LIMIT :most) AS counted) AS parked,
    (SELECT extract(epoch FROM clock_timestamp() - min(eldest.created_at))::float8
        FROM generate_series(0, 15) AS each(shard) CROSS JOIN LATERAL (
            SELECT created_at FROM outbox WHERE shard = each.shard AND sent_at IS NULL AND parked_at IS NULL
            ORDER BY seq LIMIT 1) AS eldest) AS eldest,
    oldest_transaction() AS transaction,
    (SELECT at FROM audit WHERE xid >= (SELECT coalesce(max(below_xid), '0'::xid8) FROM audit_seal)
        ORDER BY xid, seq LIMIT 1) AS unsealed,
    (SELECT max(sealed_at) FROM audit_seal WHERE below_xid = (SELECT max(below_xid) FROM audit_seal)) AS sealed""")
JOBS = text("SELECT job, due_at, finished_at, last_error FROM job_run ORDER BY job")


class Kept:
    """The last answer to a question, for a moment."""

    def __init__(self, ask: Callable[[], Any], seconds: float = KEPT):
        self.ask, self.seconds = ask, seconds
        self.answer, self.asked_at = None, -seconds
        self.lock = threading.Lock()

    def get(self) -> Any:
        with self.lock:
            if time.monotonic() - self.asked_at >= self.seconds:
                self.answer, self.asked_at = self.ask(), time.monotonic()
            return self.answer


def state_of(runtime) -> dict[str, Any]:
    """What a service's database says of it: see STATE; `jobs` are rows, `beats` the processes. Raises SQLAlchemyError."""
    with runtime.transaction(system=True) as session:
        session.execute(HASTE)
        found = dict(session.execute(STATE, {"most": COUNTED}).mappings().one())
        return found | {"jobs": session.execute(JOBS).all(), "beats": heartbeat.look(session)}


class Depths:
    """Of one service's database, for Prometheus."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.kept = Kept(self._ask)

    def describe(self) -> list:
        return []

    def _ask(self) -> dict | None:
        try:
            return state_of(self.runtime)
        except SQLAlchemyError as error:
            log.warning("metrics.database_away", reason=type(error).__name__)
            return None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        state = self.kept.get()
        yield self._gauge("linli_database_up", "1 when the service's database answers in time", state is not None)
        if state is not None:
            yield from self._told(state)
            yield from self._jobs(state)
            yield self._processes(state)

    def _told(self, state: dict) -> Iterator[GaugeMetricFamily]:
        unsealed = (self.runtime.clock.now() - state["unsealed"]).total_seconds() if state["unsealed"] else 0
        for name, meaning, value in (
            ("linli_outbox_waiting", f"Events not yet sent, counted up to {COUNTED}", state["waiting"]),
            ("linli_outbox_oldest_seconds", "Age of the oldest event not yet sent", state["eldest"]),
            ("linli_outbox_parked", "Events that no queue would take", state["parked"]),
            ("linli_transaction_oldest_seconds", "Age of the database's oldest transaction", state["transaction"]),
            ("linli_audit_unsealed_seconds", "Age of the oldest audit row that no seal covers", unsealed),
        ):
            yield self._gauge(name, meaning, max(value or 0, 0))

    def _jobs(self, state: dict) -> Iterator[GaugeMetricFamily]:
        now, service = self.runtime.clock.now(), self.runtime.service.name
        lag = GaugeMetricFamily("linli_job_lag_seconds", "By how much a job is late", labels=["service", "job"])
        last = GaugeMetricFamily(
            "linli_job_finished_timestamp_seconds", "When a job last ended", labels=["service", "job"]
        )
        failing = GaugeMetricFamily("linli_job_failing", "1 when a job's last run failed", labels=["service", "job"])
        for run in state["jobs"]:
            lag.add_metric([service, run.job], max(0.0, (now - run.due_at).total_seconds()))
            failing.add_metric([service, run.job], run.last_error is not None)
            if run.finished_at:
                last.add_metric([service, run.job], run.finished_at.timestamp())
        yield from (lag, last, failing)

    def _processes(self, state: dict) -> GaugeMetricFamily:
        alive = GaugeMetricFamily(
            "linli_processes", "Processes of a role that are alive and make progress", labels=["service", "role"]
        )
        for role in heartbeat.ROLES:
            beating = [beat for beat in state["beats"] if beat.role == role and beat.fresh and beat.lacks != "progress"]
            alive.add_metric([self.runtime.service.name, role], len(beating))
        return alive

    def _gauge(self, name: str, meaning: str, value: float) -> GaugeMetricFamily:
        return _gauge(self.runtime.service.name, name, meaning, value)


class Queues:
    """Of one service's queues, for Prometheus, with the service's own rights."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.kept = Kept(self._ask)

    def describe(self) -> list:
        return []

    def _ask(self):
        """→ `queues.Queues`, or None. Imported here, so that a web role never has what speaks AMQP."""
        from pika.exceptions import AMQPError

        from chassis import queues

        try:
            return queues.look(self.runtime)
        except (AMQPError, OSError) as error:
            log.warning("metrics.broker_away", reason=type(error).__name__)
            return None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        seen, service = self.kept.get(), self.runtime.service.name
        yield _gauge(service, "linli_broker_up", "1 when the broker answers", seen is not None)
        if seen is None:
            return
        waiting = GaugeMetricFamily(
            "linli_queue_messages", "Messages ready in a queue of the service", labels=["service", "queue"]
        )
        for queue, depth in seen.waiting.items():
            waiting.add_metric([service, queue], depth)
        yield waiting
        yield _gauge(service, "linli_queue_consumers", "Workers that take events from the queue", seen.consumers)


class Build:
    """Which version of which service this process is."""

    def __init__(self, service: str, role: str):
        self.labels = {"service": service, "role": role, "version": VERSION, "python": platform.python_version()}

    def describe(self) -> list:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        info = GaugeMetricFamily("linli_build_info", "What runs here; the value says nothing", labels=list(self.labels))
        info.add_metric(list(self.labels.values()), 1)
        yield info


def _gauge(service: str, name: str, meaning: str, value: float) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, meaning, labels=["service"])
    gauge.add_metric([service], value)
    return gauge


def serve_metrics(runtime, role: str) -> None:
    """`/metrics` of a background process on METRICS_BIND, an inner address."""
    if runtime.settings.metrics_bind:
        host, _, port = runtime.settings.metrics_bind.rpartition(":")
        for collector in (Depths(runtime), Queues(runtime), Build(runtime.service.name, role)):
            REGISTRY.register(collector)
        start_http_server(int(port), host)
