"""`linli status`: the health of the whole in one screen, asked of every database, the broker and the edge at once."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

import orjson
import requests
from pika.exceptions import AMQPError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from chassis import VERSION, heartbeat, settings
from chassis.heartbeat import Beat
from chassis.observe.depths import state_of
from chassis.queues import Queues
from chassis.queues import look as look_into

# What is more than this is a trouble; deploy/observability/alerts.yml wakes people by the same figures.
OLDEST_EVENT, OLDEST_TRANSACTION, LATE_JOB, UNSEALED = 60, 300, 120, 600  # seconds


@dataclass
class Condition:
    """One service: what its database, queues and processes say. A part that does not answer is None, and why is in `away`."""

    name: str
    state: dict[str, Any] | None = None
    queues: Queues | None = None
    revision: str = ""
    newest: str = ""
    late: float = 0.0
    unsealed: float = 0.0
    away: dict[str, str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def alive(self, role: str) -> list[Beat]:
        return [beat for beat in self.state["beats"] if beat.role == role and beat.fresh] if self.state else []


@dataclass
class Report:
    """Everything, and in `troubles` a line for each thing that is not as it should be."""

    services: list[Condition]
    edge: str
    edge_says: dict
    alarms: list[str] | None
    troubles: list[str]


def gather(runtimes: Mapping[str, Any]) -> Report:
    with settings.environment_of("platform"):
        env = settings.Env()
        some = next(iter(runtimes.values())).settings.public_url
        address, management = env.str("LINLI_EDGE_URL", some), env.str("LINLI_MANAGEMENT_URL", "")
    with ThreadPoolExecutor(len(runtimes) + 2) as crowd:
        services = crowd.map(_condition, runtimes.values())
        edge, alarms = crowd.submit(_edge, address), crowd.submit(_alarms, management)
        found = list(services)
    report = Report(found, address, edge.result(), alarms.result(), [])
    report.troubles = list(_troubles(report))
    return report


# ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _condition(runtime) -> Condition:
    found = Condition(runtime.service.name)
    try:
        found.state = state_of(runtime)
        found.revision, found.newest = _revisions(runtime)
    except SQLAlchemyError as error:
        found.away["database"] = type(getattr(error, "orig", None) or error).__name__
    try:
        found.queues = look_into(runtime)
    except (AMQPError, OSError) as error:
        found.away["broker"] = type(error).__name__
    if found.state:
        now = runtime.clock.now()
        zero = timedelta(0)
        found.late = max((now - run.due_at for run in found.state["jobs"]), default=zero).total_seconds()
        found.unsealed = (now - found.state["unsealed"] if found.state["unsealed"] else zero).total_seconds()
        found.troubles = list(_service_troubles(found))
    return found


def _revisions(runtime) -> tuple[str, str]:
    """Where the database's migrations are, and where the code's are."""
    from alembic.script import ScriptDirectory

    from chassis.migrations import alembic_config

    newest = ScriptDirectory.from_config(alembic_config(runtime.service)).get_current_head()
    with runtime.transaction(system=True) as session:
        return session.scalar(text("SELECT version_num FROM alembic_version")), newest


def _edge(address: str) -> dict:
    """What /healthz says; nothing when it does not answer. A certificate that this machine does not know is no illness."""
    try:
        answer = requests.get(f"{address}/healthz", timeout=5)
        return answer.json() | {"http": answer.status_code}
    except requests.exceptions.SSLError:
        return {"status": "ok", "http": 0}
    except (requests.RequestException, ValueError):
        return {}


def _alarms(management: str) -> list[str] | None:
    """Which alarms the broker's nodes have raised; None when it is not known."""
    if not management:
        return None
    try:
        nodes = requests.get(f"{management}/api/nodes", timeout=5).json()
    except (requests.RequestException, ValueError):
        return None
    kinds = {"mem_alarm": "memory", "disk_free_alarm": "disk"}
    return [f"{kind} ({node['name']})" for node in nodes for key, kind in kinds.items() if node.get(key)]


# ── judging ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _service_troubles(found: Condition):
    state = found.state
    if found.revision != found.newest:
        yield f"database is at revision {found.revision}, the code at {found.newest}: linli migrate {found.name}"
    for what in heartbeat.missing(state["beats"]):
        yield f"{what} is away" if what in heartbeat.BACKGROUND else f"a role waits for the {what}"
    if not found.alive("web"):
        yield "web is away"
    for figure, most, words in (
        (state["eldest"], OLDEST_EVENT, "the oldest event has waited {} s in the outbox"),
        (state["transaction"], OLDEST_TRANSACTION, "a transaction is open since {} s"),
        (found.late, LATE_JOB, "a job is late by {} s"),
        (found.unsealed, UNSEALED, "audit rows wait since {} s for their seal"),
    ):
        if figure and figure > most:
            yield words.format(round(figure))
    if state["parked"]:
        yield f"{state['parked']} events found no queue: linli parked replay {found.name}"
    for run in state["jobs"]:
        if run.last_error:
            yield f"job {run.job} failed: {run.last_error}"


def _troubles(report: Report):
    for found in report.services:
        if found.state is None:
            yield f"{found.name}: its database does not answer ({found.away['database']})"
        if found.queues is None:
            yield f"{found.name}: the broker does not answer it ({found.away['broker']})"
        elif found.queues.waiting["parked"]:
            yield f"{found.name}: {found.queues.waiting['parked']} messages parked: linli parked list {found.name}"
        yield from (f"{found.name}: {trouble}" for trouble in found.troubles)
    for alarm in report.alarms or []:
        yield f"broker: alarm of {alarm}"
    if report.edge_says.get("status") != "ok":
        yield f"edge: {report.edge_says.get('status', 'does not answer')} at {report.edge}/healthz"


def as_json(report: Report) -> str:
    plain = asdict(report) | {"version": VERSION, "status": "degraded" if report.troubles else "ok"}
    for service in plain["services"]:
        if service["state"]:
            service["state"]["jobs"] = [dict(run._mapping) for run in service["state"]["jobs"]]
    return orjson.dumps(plain, option=orjson.OPT_INDENT_2, default=str).decode()
