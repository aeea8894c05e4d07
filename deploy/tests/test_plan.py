"""What runs where on this machine."""

import os
import socket
import stat

import pytest

from chassis import servers
from deploy import keys
from deploy.local import plan, supervise, words


@pytest.fixture
def here(tmp_path):
    return plan.Plan(["directory", "notify"], 9080, keys.ensure(tmp_path / "secrets"))


def test_no_two_programs_share_a_port_and_none_is_one_the_kernel_gives_away(here):
    ports = plan.Plan(list(keys.SERVICES), plan.HIGHEST, here.secrets).ports().values()

    assert len(set(ports)) == len(ports)
    assert max(ports) < servers.EPHEMERAL


@pytest.mark.parametrize("text", ["eighty", "0", "32701", "-1", ""])
def test_a_port_that_cannot_be_is_refused_by_name(text, monkeypatch):
    monkeypatch.setenv("LINLI_PORT", text)

    with pytest.raises(words.Failed, match="LINLI_PORT"):
        plan._port()


def test_a_taken_port_is_named_with_its_holder():
    with socket.create_server(("127.0.0.1", servers.free_port())) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(words.Failed, match=rf"{port}.*{os.getpid()}"):
            plan.refuse_taken_ports({"edge": port})


def test_a_free_port_is_not_refused():
    plan.refuse_taken_ports({"edge": servers.free_port()})


def test_each_service_has_its_own_passwords_and_nobody_else_may_read_them(here, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "ENV", tmp_path / "env")

    here.write_settings()

    directory, notify = (keys.read(tmp_path / "env" / f"{name}.env") for name in ("directory", "notify"))
    own = [name for name in directory if "DATABASE" in name] + ["AMQP_URL", "SECRET_KEY"]
    assert all(directory[name] != notify[name] for name in own)
    assert directory["PRIVATE_KEYS"] == notify["PRIVATE_KEYS"]
    assert stat.S_IMODE((tmp_path / "env" / "notify.env").stat().st_mode) == 0o600


def test_only_notify_is_told_about_mail_and_text_messages(here):
    assert "SMTP_HOST" in here.settings("notify")
    assert "SMTP_HOST" not in here.settings("directory")


def test_programs_end_with_supervisord():
    program = supervise.Program("edge", ["nginx", "-g", "daemon off;"])

    assert program.command[:3] == ["setpriv", "--pdeathsig", "TERM"]


def test_a_percent_sign_in_a_folder_survives_supervisords_configuration():
    program = supervise.Program("edge", ["nginx", "-p", "/srv/100%/edge"], {"FOLDER": "/srv/100%"})

    text = "\n".join(program.section())

    assert "/srv/100%%/edge" in text
    assert 'FOLDER="/srv/100%%"' in text


def test_the_shells_own_secrets_do_not_reach_a_service(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "of another program")
    monkeypatch.setenv("LINLI_PORT", "9080")

    environment = plan.plain_environment()

    assert environment["LINLI_PORT"] == "9080"
    assert "SECRET_KEY" not in environment
