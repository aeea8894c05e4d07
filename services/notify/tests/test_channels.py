"""The two ways out against real servers: signatures, repeats, refusals, secrets."""

import logging
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import orjson
import pytest
import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chassis.servers import free_port
from services.notify.channels import Parcel, Permanent, Retryable, Sms, Unreachable, is_signed, outside, signed
from services.notify.settings import Settings
from services.notify.simulators import Mailbox
from services.notify.tests.conftest import SECRET

PARCEL = Parcel(
    key="e:p:sms", reference="o:d", to="+8613800001111", subject="Hello", text="Hello.", html="<p>Hello.</p>"
)


@pytest.fixture
def settings(mail, provider):
    found = Settings()
    found.smtp_host, found.smtp_port = "127.0.0.1", mail.port
    found.sms_url, found.sms_secret = f"http://127.0.0.1:{provider.server_port}", SECRET
    found.sms_receipts_url = ""
    found.send_timeout = 2.0
    return found


@pytest.fixture
def sms(settings):
    channel = Sms(settings)
    yield channel
    channel.close()


def post(provider, body: bytes, headers: dict) -> requests.Response:
    return requests.post(f"http://127.0.0.1:{provider.server_port}/messages", data=body, headers=headers, timeout=5)


# ── text messages ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_provider_knows_a_repeat_by_its_key(sms, provider):
    assert sms.send(PARCEL) == sms.send(PARCEL)

    assert len(provider.messages()) == 1


def test_twenty_repeats_at_once_are_one_message(settings, provider):
    channels = [Sms(settings) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        ids = set(threads.map(lambda number: channels[number % 4].send(PARCEL), range(20)))
    for channel in channels:
        channel.close()

    assert len(ids) == len(provider.messages()) == 1


def test_the_provider_keeps_its_memory_over_a_restart(sms, provider, settings):
    first = sms.send(PARCEL)

    provider.ids = {line["key"]: line["id"] for line in provider.messages()}

    assert sms.send(PARCEL) == first


def test_a_forged_signature_is_refused_and_nothing_is_kept(provider):
    body = orjson.dumps({"key": "k", "to": "+8613800001111", "text": "Hello.", "reference": "r"})
    forged = signed("not-the-secret", body)
    altered = signed(SECRET, body.replace(b"Hello", b"Pay me"))
    stale = signed(SECRET, body, at=time.time() - 301)

    assert [post(provider, body, headers).status_code for headers in (forged, altered, stale, {})] == [401] * 4
    assert provider.messages() == []


def test_a_signature_is_good_for_one_request(provider):
    body = orjson.dumps({"key": "k", "to": "+8613800001111", "text": "Hello.", "reference": "r"})
    headers = signed(SECRET, body)

    assert (post(provider, body, headers).status_code, post(provider, body, headers).status_code) == (202, 401)


def test_our_own_wrong_secret_can_be_cured(settings):
    settings.sms_secret = "an-old-secret"
    channel = Sms(settings)

    with pytest.raises(Retryable, match="401"):
        channel.send(PARCEL)
    channel.close()


def test_a_number_that_is_none_is_refused_for_good(sms):
    with pytest.raises(Permanent, match="422"):
        sms.send(Parcel(key="k", reference="r", to="not-a-number", subject="", text="Hello."))


def test_a_provider_that_is_away_is_unreachable(settings):
    settings.sms_url = f"http://127.0.0.1:{free_port()}"
    channel = Sms(settings)

    with pytest.raises(Unreachable):
        channel.send(PARCEL)
    channel.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Sms-Timestamp": "yesterday"},
        {"X-Sms-Timestamp": "²"},
        {"X-Sms-Timestamp": "9" * 400},
        {"X-Sms-Signature": "ключ"},
    ],
)
def test_nonsense_in_the_headers_is_just_no_signature(headers):
    assert is_signed(SECRET, b"{}", {**signed(SECRET, b"{}"), **headers}, time.time()) is False


# ── e-mail ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_connection_serves_a_batch_and_a_repeat_carries_the_same_message_id(settings, mail):
    channel = outside(settings)["email"]
    first = channel.send(Parcel(**{**vars(PARCEL), "to": "fang@example.com"}))
    connection = channel._server
    again = channel.send(Parcel(**{**vars(PARCEL), "to": "fang@example.com"}))
    channel.close()

    assert first == again and connection is not None and channel._server is None
    assert len(list(mail.handler.folder.glob("*.eml"))) == 2


@pytest.fixture
def guarded(settings, tmp_path, caplog):
    """A mail server that wants TLS, with a certificate of its own making, and us signed in."""

    def check(_server, _session, _envelope, _mechanism, given):
        return AuthResult(success=given.login == b"linli" and given.password == b"right")

    caplog.set_level(logging.CRITICAL, logger="mail.log")  # it complains of those who doubt its certificate
    certificate = self_signed(tmp_path / "tls.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    box = Mailbox(tmp_path / "guarded")
    server = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        authenticator=check,
        auth_required=True,
    )
    server.start()
    settings.smtp_port, settings.smtp_starttls, settings.smtp_ca_file = server.port, True, str(certificate)
    settings.smtp_user, settings.smtp_password = "linli", "right"
    yield box
    server.stop()


def self_signed(path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(hours=1)
    )
    signed_by_itself = made.add_extension(here, critical=False).sign(key, SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem + signed_by_itself.public_bytes(Encoding.PEM))
    return path


def send(settings, **odd) -> None:
    channel = outside(settings)["email"]
    try:
        channel.send(Parcel(**{**vars(PARCEL), "to": "fang@example.com", **odd}))
    finally:
        channel.close()


def test_mail_goes_over_tls_to_a_server_that_wants_us_signed_in(settings, guarded):
    send(settings)

    assert len(list(guarded.folder.glob("*.eml"))) == 1


def test_a_wrong_password_can_be_cured(settings, guarded):
    settings.smtp_password = "wrong"

    with pytest.raises(Retryable, match="mail server"):
        send(settings)


def test_a_mail_server_that_cannot_prove_who_it_is_gets_nothing(settings, guarded):
    settings.smtp_ca_file = ""

    with pytest.raises(Unreachable, match="SSLCertVerificationError"):
        send(settings)
    assert list(guarded.folder.glob("*.eml")) == []


@pytest.mark.parametrize(
    "odd", [{"subject": "Hello\nBcc: all@example.com"}, {"to": "fang@example.com\r\nBcc: all@example.com"}]
)
def test_nothing_smuggles_a_header_into_a_letter(settings, mail, odd):
    with pytest.raises(Permanent, match="cannot be written"):
        send(settings, **odd)
    assert list(mail.handler.folder.glob("*.eml")) == []


def test_a_channel_without_an_address_is_not_offered():
    nothing = Settings()
    nothing.smtp_host = nothing.sms_url = ""

    assert (outside(nothing), nothing.offered) == ({}, {"in_app"})
