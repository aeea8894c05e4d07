"""One template, two renderings: ours, and envsubst in the official nginx image. Settings that cannot work say so."""

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from chassis.servers import comes_true, end, free_port
from gateway.edge import Missing, Settings, command, render
from gateway.edge.config import PLACE, TEMPLATE, variables
from gateway.edge.settings import ROOT, BadSetting, services_in

# As images and distributions write theirs: the template must live inside it without a clash.
FOREIGN_FRAME = """\
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
daemon off;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    log_format main '$remote_addr "$request" $status';
    access_log {folder}/foreign.log main;
    sendfile on; tcp_nopush on; types_hash_max_size 2048; keepalive_timeout 65; gzip on;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers on;
    include {folder}/conf.d/*.conf;
}}
"""


def envsubst(text, values):
    """What the image's entry point does: $NAME and ${NAME} of the variables that are set."""
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda place: values.get(place[1] or place[2], place[0]), text)


def test_the_template_asks_for_exactly_what_is_given():
    assert set(PLACE.findall(TEMPLATE.read_text())) == set(variables(Settings()))
    assert "${" not in render(Settings())


def test_every_variable_is_told_in_the_readme():
    told = (TEMPLATE.parents[1] / "README.md").read_text()

    assert [name for name in variables(Settings()) if f"`{name}`" not in told] == []


def test_the_template_serves_inside_the_frame_of_an_image(an_edge, tickets, tmp_path):
    (tmp_path / "conf.d").mkdir()
    edge = an_edge(tickets)
    settings = replace(edge.settings, folder=tmp_path, port=free_port())
    (tmp_path / "nginx.conf").write_text(FOREIGN_FRAME.format(folder=tmp_path))
    (tmp_path / "conf.d/edge.conf").write_text(envsubst(TEMPLATE.read_text(), dict(os.environ) | variables(settings)))
    edge.stop()

    edge.settings = settings
    edge.prepare = lambda: None
    edge.start()

    assert edge.get("/api/tickets/v1/repairs").json()["service"] == "tickets"
    assert edge.get("/nothing").json()["status"] == 404


def test_as_root_the_workers_are_root_and_otherwise_nobody_is_named():
    assert render(Settings(user="root")).startswith("user root;\n")
    assert "user " not in render(Settings(user="")).split("http {")[0]


def test_nginx_that_is_not_installed_is_named_with_its_package(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("gateway.edge.config.WHERE_DEBIAN_KEEPS_IT", str(tmp_path))

    with pytest.raises(Missing, match="apt-get install nginx"):
        command(Settings())


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("LINLI_PORT", "9443")
    monkeypatch.setenv("LINLI_SERVICES", "tickets tickets-web:8000;\n notify notify-web:8000")
    monkeypatch.setenv("LINLI_TLS_CERT", "/c.pem")
    monkeypatch.setenv("LINLI_TLS_KEY", "/k.pem")
    monkeypatch.setenv("LINLI_RATE_ADDRESS", "7r/s")

    conf = render(Settings.from_environment())

    assert "listen 127.0.0.1:9443 ssl;" in conf
    assert 'ssl_certificate "/c.pem"; ssl_certificate_key "/k.pem";' in conf
    assert "tickets tickets-web:8000; notify notify-web:8000;" in conf
    assert "rate=7r/s" in conf


def test_a_certificate_without_its_key_is_refused(monkeypatch):
    monkeypatch.setenv("LINLI_TLS_CERT", "/c.pem")

    with pytest.raises(BadSetting, match="LINLI_TLS_KEY"):
        Settings.from_environment()


@pytest.mark.parametrize("text", ["tickets", "tickets=host:1", "tickets host", "tickets h:1 }", "Tickets h:1;"])
def test_a_list_of_services_that_cannot_be_meant_is_refused(text):
    with pytest.raises(BadSetting, match="name host:port"):
        services_in(text)


def test_the_command_line_renders_and_runs(tmp_path, tickets):
    port = free_port()
    told = {
        "LINLI_EDGE_DIR": str(tmp_path / "a folder"),
        "LINLI_PORT": str(port),
        "LINLI_SERVICES": f"tickets {tickets.upstream}",
    }
    edge = [sys.executable, "-m", "gateway.edge"]
    environment = os.environ | told

    out = subprocess.run(
        [*edge, "render", "--out", str(tmp_path / "x/edge.conf")],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert out.stdout.decode().strip() == str(tmp_path / "x/edge.conf")
    assert f"listen 127.0.0.1:{port};" in (tmp_path / "x/edge.conf").read_text()

    running = subprocess.Popen([*edge, "run"], env=environment, cwd=ROOT, stderr=subprocess.PIPE)
    try:
        assert comes_true(lambda: (tmp_path / "a folder/nginx.pid").exists(), 10)
        assert int((tmp_path / "a folder/nginx.pid").read_text()) == running.pid
    finally:
        end(running)
        running.stderr.close()
