"""notify with a real mail server and a real text message provider of its own beside it."""

import threading

import pytest

from chassis.servers import free_port
from chassis.testing import harness
from services.notify.settings import Settings
from services.notify.simulators import Provider, mail_server
from services.notify.tests.factories import an_estate

SECRET = "shared-with-the-provider-only-in-tests"

bare_notify = harness("notify")


@pytest.fixture
def mail(tmp_path):
    """A running mail server; `mail.handler` is its Mailbox."""
    server = mail_server(free_port(), tmp_path / "mail")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def provider(tmp_path):
    """A running text message provider, which sends receipts only where a test asks for them."""
    server = Provider(free_port(), tmp_path / "sms", SECRET)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def notify(bare_notify, mail, provider):
    """The service, with both channels offered."""
    settings = Settings()
    settings.public_url = "https://linli.example"
    settings.smtp_host, settings.smtp_port = "127.0.0.1", mail.port
    settings.sms_url, settings.sms_secret = f"http://127.0.0.1:{provider.server_port}", SECRET
    settings.sms_receipts_url = ""
    settings.send_timeout = 2.0
    bare_notify.runtime.own_settings = settings
    return bare_notify


@pytest.fixture
def place(notify):
    """An estate with its directory, as most tests need one."""
    return an_estate(notify)
