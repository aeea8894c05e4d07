"""The edge's own pages: health that names what is missing, documentation of all services, in both languages."""

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from openapi_spec_validator import validate

from chassis import contracts
from chassis.servers import comes_true, end, free_port
from chassis.service import load, names
from gateway.edge import Settings
from gateway.edge.openapi import joined
from gateway.edge.pages import create_app
from gateway.edge.settings import ROOT
from gateway.edge.words import LANGUAGES, WORDS

PAGES = ["/", "/docs", "/docs/events"]


@pytest.fixture
def visit(tmp_path):
    """A visitor of the pages of these services."""

    def start(*services, **settings):
        behind = {service.name: service.upstream for service in services} | settings.pop("also", {})
        return create_app(replace(Settings(services=behind, contracts=tmp_path), **settings)).test_client()

    return start


def test_when_all_services_are_well_so_is_the_platform(visit, a_service):
    answer = visit(a_service("tickets"), a_service("notify")).get("/healthz")

    assert answer.status_code == 200
    assert answer.json["status"] == "ok"
    assert answer.json["services"]["notify"] == {"service": "notify", "status": "ok", "lacks": []}
    assert answer.headers["Cache-Control"] == "no-store"


def test_health_names_each_service_and_what_it_lacks(visit, a_service):
    tickets = a_service("tickets")
    tickets.health = (503, {"service": "tickets", "status": "lacking", "lacks": ["database"]})
    silent = {"notify": f"127.0.0.1:{free_port()}"}

    answer = visit(tickets, a_service("directory"), also=silent).get("/healthz")

    assert answer.status_code == 503
    assert answer.json["status"] == "lacking"
    lacks = {name: state["lacks"] for name, state in answer.json["services"].items()}
    assert lacks == {"tickets": ["database"], "directory": [], "notify": ["web"]}


def test_while_every_service_answers_what_comes_later_is_named_and_no_error(visit, a_service):
    """The broker is away: reports are accepted, so a load balancer must not take the platform away as well."""
    tickets = a_service("tickets")
    tickets.health = (200, {"service": "tickets", "status": "degraded", "lacks": ["broker"]})

    answer = visit(tickets, a_service("directory")).get("/healthz")

    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["services"]["tickets"]["lacks"] == ["broker"]


@pytest.mark.parametrize("body", [{"hello": "world"}, ["ok"], "ok"])
def test_an_answer_that_is_no_health_counts_as_none(visit, a_service, body):
    tickets = a_service("tickets")
    tickets.health = (200, body)

    assert visit(tickets).get("/healthz").json["services"]["tickets"]["lacks"] == ["web"]


def test_the_routes_of_all_services_are_one_valid_document(visit, a_service):
    whole = visit(a_service("tickets"), a_service("notify")).get("/docs/openapi.json").json

    validate(whole)
    assert set(whole["paths"]) == {"/api/tickets/v1/things", "/api/notify/v1/things"}
    assert whole["components"]["schemas"]["tickets.Thing"]["title"] == "tickets"
    assert whole["components"]["schemas"]["notify.Thing"]["title"] == "notify"
    see = whole["paths"]["/api/notify/v1/things"]["get"]
    assert see["operationId"] == "notify.get_thing" and see["tags"] == ["notify · things"]
    assert see["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/notify.Thing"
    }
    assert whole["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}


def test_what_the_services_really_offer_joins_into_one_valid_document():
    specs = {name: contracts.openapi(load(name)) for name in names()}

    whole = joined(specs, "en")

    validate(whole)
    assert set(whole["paths"]) == {path for spec in specs.values() for path in spec["paths"]}
    operations = [
        what["operationId"] for item in whole["paths"].values() for what in item.values() if "responses" in what
    ]
    assert len(operations) == len(set(operations))


def test_the_documentation_does_without_a_service_that_is_silent(visit, a_service):
    client = visit(a_service("tickets"), also={"notify": f"127.0.0.1:{free_port()}"})

    whole = client.get("/docs/openapi.json?lang=en").json

    assert list(whole["paths"]) == ["/api/tickets/v1/things"]
    assert "Not answering just now:** notify" in whole["info"]["description"]


@pytest.mark.parametrize("page", PAGES)
def test_pages_speak_the_readers_language(visit, page):
    client = visit()

    chinese = client.get(page, headers={"Accept-Language": "zh-CN"}).text
    english = client.get(page, headers={"Accept-Language": "en-GB"}).text
    chosen = client.get(f"{page}?lang=en", headers={"Accept-Language": "zh-CN"}).text

    assert 'lang="zh-CN"' in chinese and "事件目录" in chinese
    assert 'lang="en"' in english and "事件目录" not in english
    assert chosen == english


@pytest.mark.parametrize("page", PAGES)
def test_pages_need_no_script_or_style_in_line_and_nothing_from_elsewhere(visit, page):
    client = visit()
    answer = client.get(page)

    assert re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", answer.text) is None
    for source in re.findall(r'(?:src|href)="([^"#?]+)', answer.text):
        assert source.startswith("/"), source
        if source.startswith("/docs/"):
            with client.get(source) as asset:
                assert asset.status_code == 200, source
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert ("'unsafe-inline'" in answer.headers["Content-Security-Policy"]) is (page == "/docs")


def test_an_event_page_without_contracts_says_how_to_make_them(visit):
    assert "make contracts" in visit().get("/docs/events").text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/docs/nothing", 404),
        ("GET", "/docs/swagger/../flask_swagger_ui.py", 404),
        ("GET", "/docs/swagger/%2e%2e/flask_swagger_ui.py", 404),
        ("POST", "/docs", 405),
    ],
)
def test_refusals_are_problem_documents(visit, method, path, status):
    answer = visit().open(path, method=method, headers={"X-Request-Id": "abc", "Accept-Language": "en"})

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert list(answer.json) == ["type", "title", "status", "detail", "instance"]
    assert answer.json["instance"] == "abc"
    assert ("Allow" in answer.headers) is (status == 405)


def test_a_page_that_fails_says_so_without_its_reasons(visit, tmp_path):
    (tmp_path / "asyncapi.yaml").write_text("channels: {broken: {$ref: '#/nowhere'}}")

    answer = visit().get("/docs/events")

    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert "nowhere" not in answer.text


def test_every_sentence_exists_in_both_languages():
    assert all(len(said) == len(LANGUAGES) and all(said) for said in WORDS.values())


def test_the_pages_stand_behind_the_edge(an_edge, tickets):
    port = free_port()
    environment = os.environ | {"LINLI_SERVICES": f"tickets {tickets.upstream};"}
    pages = [sys.executable, "-m", "gateway.edge", "pages", "--bind", f"127.0.0.1:{port}"]
    running = subprocess.Popen(pages, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        edge = an_edge(tickets, pages=f"127.0.0.1:{port}")

        assert comes_true(lambda: edge.get("/healthz").status_code == 200, 20)
        assert "'unsafe-inline'" in edge.get("/docs").headers["Content-Security-Policy"]
        assert edge.get("/").headers["Content-Security-Policy"].count("default-src") == 1
        assert "/api/tickets/v1/things" in edge.get("/docs/openapi.json").json()["paths"]
    finally:
        end(running)


def test_without_its_pages_the_edge_still_serves_the_services(an_edge, tickets, the_problem_in):
    edge = an_edge(tickets, pages=f"127.0.0.1:{free_port()}")

    the_problem_in(edge.get("/healthz"), 503)
    assert edge.get("/api/tickets/v1/repairs").status_code == 200
