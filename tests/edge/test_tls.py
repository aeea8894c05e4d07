"""With a certificate the edge speaks https, and only decent https."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from functools import reduce
from ipaddress import ip_address

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chassis.servers import free_port
from gateway.edge.config import FRAME, PLACE, TEMPLATE, variables
from gateway.edge.settings import ROOT, BadSetting, Settings

REPAIRS = "/api/tickets/v1/repairs"


def certificate(subject, key, issuer, issuer_key, ca):
    name, by = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (subject, issuer))
    start = datetime.now(UTC) - timedelta(hours=1)
    building = x509.CertificateBuilder(
        by, name, key.public_key(), x509.random_serial_number(), start, start + timedelta(days=2)
    )
    building = building.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    where = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]
    return building.add_extension(x509.SubjectAlternativeName(where), critical=False).sign(issuer_key, hashes.SHA256())


def pem(thing):
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    return thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


@pytest.fixture
def authority(tmp_path):
    """A certificate authority of our own → (its certificate's path, the edge's certificate, the edge's key)."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    files = {
        "ca.pem": certificate("Test CA", ca_key, "Test CA", ca_key, ca=True),
        "edge.pem": certificate("localhost", key, "Test CA", ca_key, ca=False),
        "edge.key": key,
    }
    for name, thing in files.items():
        (tmp_path / name).write_bytes(pem(thing))
    return [str(tmp_path / name) for name in files]


@pytest.fixture
def lenient_openssl(tmp_path, monkeypatch):
    """A library that would speak anything, so that what is refused is refused by the edge's own configuration."""
    lenient = tmp_path / "openssl.cnf"
    lenient.write_text(
        "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = lenient\n"
        "[lenient]\nMinProtocol = TLSv1\nCipherString = ALL:@SECLEVEL=0\n"
    )
    monkeypatch.setenv("OPENSSL_CONF", str(lenient))


@pytest.fixture
def secure_edge(an_edge, tickets, authority):
    ca, cert, key = authority
    edge = an_edge(tickets, tls_cert=cert, tls_key=key)
    edge.session.verify = ca
    return edge


def test_https_is_spoken_and_said_to_the_service(secure_edge):
    answer = secure_edge.get(REPAIRS)

    assert secure_edge.settings.address.startswith("https://")
    assert answer.json()["headers"]["x-forwarded-proto"] == "https"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_plain_http_to_the_https_port_is_told_so(secure_edge, the_problem_in):
    refused = secure_edge.raw(b"GET / HTTP/1.1\r\nHost: x\r\nAccept-Language: en\r\n\r\n")

    problem, _ = the_problem_in(refused, 400)
    assert "https" in problem["detail"]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")  # that it is old is the point
@pytest.mark.parametrize(("version", "spoken"), [("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
def test_old_tls_is_not_spoken(lenient_openssl, secure_edge, version, spoken):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(secure_edge.session.verify)
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that it is the edge which refuses, not this client
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)

    assert shakes_hands(context, secure_edge.settings.port) is spoken


def shakes_hands(context, port):
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 5) as line,
            context.wrap_socket(line, server_hostname="127.0.0.1"),
        ):
            return True
    except ssl.SSLError:
        return False


def test_the_plain_port_leads_to_the_secure_one_and_to_nothing_else(an_edge, tickets, authority):
    _ca, cert, key = authority
    plain = free_port()
    edge = an_edge(tickets, tls_cert=cert, tls_key=key, tls_redirect_port=plain)
    token = {"Authorization": "Bearer hers"}

    answer = edge.session.post(f"http://127.0.0.1:{plain}{REPAIRS}?x=1", headers=token, allow_redirects=False)

    assert answer.status_code == 308 and answer.headers["Location"] == f"{edge.settings.address}{REPAIRS}?x=1"
    assert "Strict-Transport-Security" not in answer.headers, "said over https alone"
    assert tickets.asked == []


def test_a_redirect_needs_somewhere_to_lead(monkeypatch):
    monkeypatch.setenv("LINLI_TLS_REDIRECT_PORT", "8080")

    with pytest.raises(BadSetting, match="LINLI_TLS_CERT"):
        Settings.from_environment()


def test_without_a_certificate_nobody_is_told_to_insist_on_https(edge):
    assert "Strict-Transport-Security" not in edge.get(REPAIRS).headers


def test_the_edge_in_containers_speaks_https_by_one_more_file(an_edge, tickets, authority, tmp_path):
    """The overlay's words, with this machine's ports and paths in the place of the container's."""
    _, cert, key = authority
    said = yaml.safe_load((ROOT / "deploy" / "compose.tls.yaml").read_text())["services"]["edge"]["environment"]
    port, plain = free_port(), free_port()
    words = {"8443 ssl": f"127.0.0.1:{port} ssl", "/tls/cert.pem": cert, "/tls/key.pem": key, "$$": "$"}
    words |= {"listen 8080": f"listen 127.0.0.1:{plain}", "${LINLI_TLS_PORT:-8443}": str(port)}
    overlaid = {
        name: reduce(lambda text, pair: text.replace(*pair), words.items(), value) for name, value in said.items()
    }

    edge = an_edge(tickets, port=port)
    edge.stop()
    values = variables(edge.settings) | overlaid
    conf = FRAME.format(
        user="", folder=edge.settings.folder, server=PLACE.sub(lambda at: values[at[1]], TEMPLATE.read_text())
    )
    edge.prepare = lambda: (edge.settings.folder / "nginx.conf").write_text(conf)
    edge.start()

    answer = edge.session.get(f"https://127.0.0.1:{port}{REPAIRS}", verify=authority[0])
    assert answer.json()["headers"]["x-forwarded-proto"] == "https"
    sent_on = edge.session.get(f"http://127.0.0.1:{plain}/docs", allow_redirects=False)
    assert sent_on.headers["Location"] == f"https://127.0.0.1:{port}/docs"
