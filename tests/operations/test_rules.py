"""Alerts and dashboard are loaded by the programs they are for, and speak of figures that exist."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.observability import rules

HERE = Path(rules.__file__).parent
RUNBOOKS = HERE.parent / "runbooks"


def promtool(*words, cwd=HERE):
    program = shutil.which("promtool")
    assert program, "make test installs Debian's prometheus, which has it"
    return subprocess.run([program, *words], cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def loads(*words, cwd=HERE):
    done = promtool(*words, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", rules.FILES)
def test_what_is_committed_is_what_the_lists_say(name):
    assert (HERE / name).read_text() == rules.FILES[name](), "run python -m deploy.observability.rules"


def test_prometheus_loads_the_alerts_and_its_configuration():
    loads("check", "rules", "alerts.yml")
    loads("check", "config", "prometheus.yml")


def test_the_right_alerts_ring():
    loads("test", "rules", "alerts_test.yml")


def test_an_alert_that_never_rings_would_be_noticed(tmp_path):
    """The tests above bite: with one limit raised, they fail."""
    (tmp_path / "alerts_test.yml").write_bytes((HERE / "alerts_test.yml").read_bytes())
    (tmp_path / "alerts.yml").write_text(rules.alerts().replace(f"> {rules.OLDEST_EVENT}", "> 6000"))

    assert promtool("test", "rules", "alerts_test.yml", cwd=tmp_path).returncode


def test_every_panels_expression_is_one_that_prometheus_reads(tmp_path):
    expressions = [expr for panel in rules.PANELS for expr in panel.lines.values()]
    recorded = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(expressions)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))

    loads("check", "rules", "panels.yml", cwd=tmp_path)


def test_the_dashboards_panels_are_told_apart_and_do_not_lie_on_each_other():
    panels = json.loads((HERE / "dashboard.json").read_text())["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels) == len(rules.PANELS)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
    assert all(re.search("[一-鿿]", panel["title"]) for panel in panels)


@pytest.mark.parametrize("alert", rules.ALERTS, ids=lambda alert: alert.name)
def test_every_alert_says_what_to_do_in_a_runbook(alert):
    text = (RUNBOOKS / f"{alert.name}.md").read_text()

    title = text.splitlines()[0]
    assert title.startswith("# ") and re.search("[一-鿿]", title)
    assert all(f"**{part}" in text for part in ("What it means", "Look", "Do"))
    assert len(text.splitlines()) < 30


def test_every_alert_is_seen_to_ring():
    told = yaml.safe_load((HERE / "alerts_test.yml").read_text())["tests"]
    rung = {case["alertname"] for test in told for case in test["alert_rule_test"] if case["exp_alerts"]}

    assert rung == {alert.name for alert in rules.ALERTS}


def test_no_runbook_is_left_without_its_alert():
    """Pages of other work have names in small letters."""
    assert {page.stem for page in RUNBOOKS.glob("[A-Z]*.md")} == {alert.name for alert in rules.ALERTS}


def test_prometheus_scrapes_every_role_of_every_service():
    compose = yaml.safe_load((HERE.parent / "compose.yaml").read_text())["services"]
    roles = {name for name in compose if re.fullmatch(r"\w+-(web|worker|relay|clock)", name)}
    scraped = yaml.safe_load((HERE / "prometheus.yml").read_text())["scrape_configs"][0]["dns_sd_configs"]

    assert {name for part in scraped for name in part["names"]} == roles
