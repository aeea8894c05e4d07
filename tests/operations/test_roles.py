"""The roles as they really run: their figures, their heartbeats, and what `linli status` makes of them.

One service's web role with two workers and its background role, as processes on a real broker.
"""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import text

from chassis import amqp, broker, cli, status, status_screen
from chassis.clock import MovableClock
from chassis.servers import comes_true, free_port
from chassis.testing import PASSWORDS, Platform
from deploy.observability import rules
from tests.conftest import SERVICES
from tests.world import furnish

pytestmark = pytest.mark.connected
NAME = re.compile(r"\blinli_[a-z0-9_]+")


class Roles:
    """The processes of one service, and how to ask them."""

    def __init__(self, harness, environment: dict, folder: Path):
        self.harness, self.folder, self.killed = harness, folder, []
        self.web_port, self.metrics_port = free_port(), free_port()
        self.environment = {
            **environment,
            "BIND": f"127.0.0.1:{self.web_port}",
            "METRICS_BIND": f"127.0.0.1:{self.metrics_port}",
            "WEB_WORKERS": "2",
            "TMPDIR": str(folder),
        }
        self.processes = {role: self._start(role) for role in ("web", "background")}

    def _start(self, role: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "chassis", "run", self.harness.service.name, role]
        with open(self.folder / f"{role}.log", "wb") as log:
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def scrape(self, role: str) -> dict[tuple, float]:
        """{(name, labels): value}"""
        port = self.web_port if role == "web" else self.metrics_port
        told = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
        samples = [sample for family in text_string_to_metric_families(told) for sample in family.samples]
        return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}

    def value(self, role: str, name: str, **labels: str) -> float:
        return self.scrape(role)[name, frozenset({"service": self.harness.service.name, **labels}.items())]

    def health(self) -> dict:
        try:
            return requests.get(f"http://127.0.0.1:{self.web_port}/healthz", timeout=5).json()
        except requests.ConnectionError:
            return {}

    def well(self) -> bool:
        return self.health().get("status") == "ok"

    def log(self, role: str) -> str:
        return (self.folder / f"{role}.log").read_text()

    def beating(self) -> list[str]:
        """Processes whose heartbeats are there; those that the tests killed could not take theirs along."""
        with self.harness.runtime.transaction() as session:
            found = session.execute(text("SELECT process FROM heartbeat")).scalars()
            return [name for name in found if name.rpartition(":")[2] not in self.killed]

    def end(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(40)


@pytest.fixture(scope="module")
def platform(installations, rabbitmq):
    found = Platform(installations, *SERVICES)
    url = urlsplit(rabbitmq.management_url)
    wanted = broker.definitions([each.service for each in found.values()], dict.fromkeys(found, PASSWORDS["app"]))
    wanted["permissions"].append(
        {"user": url.username, "vhost": amqp.VHOST, "configure": ".*", "write": ".*", "read": ".*"}
    )
    broker.sync(url._replace(netloc=f"{url.hostname}:{url.port}").geturl(), wanted, url.username, url.password)
    return found


@pytest.fixture(scope="module")
def environments(platform, rabbitmq):
    at = urlsplit(rabbitmq.amqp_url)

    def of(name: str) -> dict:
        settings = platform[name].settings
        who = f"{broker.user_of(name)}:{PASSWORDS['app']}"
        return {
            "SERVICE_DATABASE_URL": settings.database_url,
            "SERVICE_SYSTEM_DATABASE_URL": settings.system_database_url,
            "AMQP_URL": f"amqp://{who}@{at.hostname}:{at.port}/{amqp.VHOST}",
            "SECRET_KEY": settings.secret_key,
            "PRIVATE_KEYS": ",".join(settings.private_keys),
            "PUBLIC_URL": "http://127.0.0.1:9",
        }

    return {name: of(name) for name in platform}


@pytest.fixture(scope="module")
def world(platform):
    """Today, for processes have the clock on the wall."""
    found = furnish(platform)
    platform.clock = MovableClock()
    for each in platform.values():
        each.clock = each.runtime.clock = platform.clock
    return found


@pytest.fixture(scope="module")
def start(platform, world, environments, tmp_path_factory):
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    started = []

    def begin(name: str) -> Roles:
        roles = Roles(platform[name], {**inherited, **environments[name]}, tmp_path_factory.mktemp(name))
        started.append(roles)
        return roles

    yield begin
    for roles in started:
        roles.end()
    for roles in started:
        assert roles.beating() == [], "who ends in order takes its heartbeats along"
        assert not list(roles.folder.glob("linli-figures-*"))


@pytest.fixture(scope="module")
def both(start):
    found = start("tickets"), start("notify")
    for roles in found:
        assert comes_true(roles.well, 60), roles.log("web") + roles.log("background")
    return found


@pytest.fixture
def tickets(both):
    return both[0]


@pytest.fixture
def notify(both):
    return both[1]


def ask(world, tickets, request_id: str, text: str = "物业费怎么算") -> None:
    """The owner's inquiry, to the process that answers for tickets."""
    headers = {
        "Authorization": f"Bearer {world.client('tickets', 'HY-E-01 owner').token()}",
        "X-Request-Id": request_id,
    }
    inquiry = {"kind": "inquiry", "estate_id": str(world.estates["HY-E-01"]), "description": text}
    address = f"http://127.0.0.1:{tickets.web_port}/api/tickets/v1/tickets"
    answer = requests.post(address, json=inquiry, headers=headers, timeout=10)
    assert answer.status_code == 201, answer.text
    assert answer.headers["X-Request-Id"] == request_id


def every_name(*texts: str) -> set[str]:
    return {name for each in texts for name in NAME.findall(each)}


def test_every_figure_that_a_rule_or_panel_names_is_told_by_a_running_role(notify):
    told = {name for role in ("web", "background") for name, _ in notify.scrape(role)}

    named = every_name(rules.alerts(), rules.dashboard())
    assert len(named) > 15 and named - told == set()


def test_two_workers_figures_are_added_up_and_outlive_a_worker(notify):
    route = {"method": "GET", "route": "/healthz", "status": "200"}
    before = notify.value("web", "linli_http_seconds_count", **route)
    for _ in range(20):
        notify.health()  # each on a connection of its own: both workers answer
    assert notify.value("web", "linli_http_seconds_count", **route) == before + 20

    children = (
        Path(f"/proc/{notify.processes['web'].pid}/task/{notify.processes['web'].pid}/children").read_text().split()
    )
    os.kill(int(children[0]), signal.SIGKILL)
    notify.killed.append(children[0])

    def replaced():
        path = Path(f"/proc/{notify.processes['web'].pid}/task/{notify.processes['web'].pid}/children")
        return children[0] not in path.read_text().split() and len(path.read_text().split()) == 2

    assert comes_true(replaced, 20) and comes_true(lambda: notify.health(), 20)
    assert notify.value("web", "linli_http_seconds_count", **route) >= before + 20
    left = {path.name for path in notify.folder.glob("linli-figures-*/*.db")}
    assert not [name for name in left if children[0] in name], left


def test_figures_have_few_labels(notify):
    """A label whose values grow with use fills Prometheus: no ids, no paths."""
    for role in ("web", "background"):
        series = notify.scrape(role)
        assert len(series) < 2500
        assert not [key for key in series if re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", str(key))]


def test_an_event_is_counted_by_who_says_it_and_by_who_hears_it(tickets, notify, world):
    sent = tickets.value("background", "linli_relay_events_total", outcome="sent")
    done = notify.value("background", "linli_consumer_events_total", outcome="done")
    reacted = notify.value("background", "linli_reaction_seconds_count", reaction="confirm_receipt")

    ask(world, tickets, "story-of-figures-1")

    def heard():
        return notify.value("background", "linli_reaction_seconds_count", reaction="confirm_receipt") == reacted + 1

    assert comes_true(heard, 20)
    assert tickets.value("background", "linli_relay_events_total", outcome="sent") > sent
    assert comes_true(lambda: notify.value("background", "linli_consumer_events_total", outcome="done") > done, 5)
    assert notify.value("background", "linli_consumer_events_total", outcome="parked") == 0


def test_the_request_id_at_the_edge_is_the_correlation_id_in_each_services_lines(tickets, notify, world):
    ask(world, tickets, "one-id-end-to-end-1", "电话 13712345678 请回电")

    def lines(roles, role):
        told = [json.loads(line) for line in roles.log(role).splitlines() if "one-id-end-to-end-1" in line]
        return {(line["service"], line["role"], line["event"], line["correlation_id"]) for line in told}

    assert comes_true(lambda: lines(notify, "background"), 20)
    assert lines(tickets, "web") == {("tickets", "web", "request", "one-id-end-to-end-1")}
    assert lines(notify, "background") == {("notify", "background", "heard", "one-id-end-to-end-1")}


def test_every_log_line_is_one_json_object_and_holds_no_phone_or_password(tickets, notify):
    for log in (roles.log(role) for roles in (tickets, notify) for role in ("web", "background")):
        for line in log.splitlines():
            assert line.startswith("{") and isinstance(json.loads(line), dict), line
        assert "13712345678" not in log
        assert PASSWORDS["app"] not in log


def test_a_role_that_cannot_go_on_says_why_in_one_line_and_ends(start, environments, platform, tmp_path):
    """Its password is wrong: a person must correct it, and the line says so without repeating it."""
    wrong = environments["directory"]["AMQP_URL"].replace(PASSWORDS["app"], "not-the-password")
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    refused = Roles(platform["directory"], {**inherited, **environments["directory"], "AMQP_URL": wrong}, tmp_path)
    try:
        assert refused.processes["background"].wait(60) == 1
    finally:
        refused.end()

    lines = [json.loads(line) for line in refused.log("background").splitlines()]
    failed = [line for line in lines if line["event"] == "part.failed"]
    assert failed and all("Refused" in line["exception"] for line in failed)
    assert "not-the-password" not in refused.log("background")


def test_status_shows_the_whole_and_what_is_away(notify, platform, environments, tmp_path, monkeypatch):
    for name, values in environments.items():
        (tmp_path / f"{name}.env").write_text("".join(f"{key}='{value}'\n" for key, value in values.items()))
    monkeypatch.setenv("LINLI_ENV_DIR", str(tmp_path))

    answer = CliRunner().invoke(cli.main, ["status", "--json"])
    drawn = CliRunner().invoke(cli.main, ["status"]).output

    assert answer.exit_code == 1, answer.output
    whole = json.loads(answer.output)
    assert whole["status"] == "degraded"
    troubles = "\n".join(whole["troubles"])
    for away in ("directory: worker is away", "directory: web is away", "edge: does not answer"):
        assert away in troubles
    assert "notify: web" not in troubles and "notify: worker" not in troubles
    assert PASSWORDS["app"] not in answer.output
    rows = {tuple(line.split()[:2]) for line in drawn.splitlines()}
    assert ("notify", "web") in rows


def test_status_judges_by_its_limits(notify, platform):
    found = status._condition(platform["notify"].runtime)
    late = status.Report([found], "http://edge", {"status": "ok"}, ["disk (rabbit@here)"], [])
    found.state["eldest"], found.state["transaction"], found.state["parked"] = 61.0, 301.0, 2
    found.revision = "0001"

    said = "\n".join([*status._service_troubles(found), *status._troubles(late)])

    for trouble in ("waited 61 s", "open since 301 s", "2 events found no queue", "revision 0001", "alarm of disk"):
        assert trouble in said, said
    assert "linli migrate notify" in said
    assert "disk" in status_screen.draw(late)


def test_the_oldest_transaction_is_seen_whoever_has_it_open(notify):
    """A migration of the owner's, say; its age is told, and nothing of its statements."""
    private = "SELECT '+8613800000005'"
    with psycopg.connect(notify.harness.settings.owner_database_url) as owner:
        owner.execute(private)
        with psycopg.connect(notify.harness.settings.system_database_url, autocommit=True) as system:
            age = system.execute("SELECT oldest_transaction()").fetchone()[0]
            seen = system.execute("SELECT query FROM pg_stat_activity").fetchall()

    assert age > 0
    assert seen and not any(private in (query or "") for (query,) in seen)


def test_who_serves_requests_does_not_ask_for_others_transactions(notify):
    with psycopg.connect(notify.harness.settings.database_url) as app, pytest.raises(InsufficientPrivilege):
        app.execute("SELECT oldest_transaction()")


def test_a_scrape_asks_by_indexes_and_gives_up_soon(platform):
    from chassis.observe import depths

    with platform["notify"].runtime.transaction(system=True) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(session.execute(text(f"EXPLAIN {depths.STATE.text}"), {"most": 10}).scalars())
        session.execute(depths.HASTE)
        assert session.scalar(text("SHOW statement_timeout")) == "2s"
    for index in ("outbox_todo", "outbox_parked", "audit_unsealed", "audit_seal_newest"):
        assert index in plan, plan
