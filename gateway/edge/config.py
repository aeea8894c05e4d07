"""From settings to a running nginx: the one template, and the frame around it where no image brings one."""

import re
import shutil
from pathlib import Path

from gateway.edge.settings import Settings

TEMPLATE = Path(__file__).parent / "nginx" / "edge.conf.template"
PLACE = re.compile(r"\$\{(LINLI_[A-Z_]+)\}")
WHERE_DEBIAN_KEEPS_IT = "/usr/sbin:/usr/local/sbin"

FRAME = """\
{user}daemon off;
worker_processes auto;
worker_rlimit_nofile 16384;
worker_shutdown_timeout 10s;
pid "{folder}/nginx.pid";
error_log "{folder}/error.log" warn;

events {{ worker_connections 4096; }}

http {{
    client_body_temp_path "{folder}/tmp/body";
    proxy_temp_path "{folder}/tmp/proxy";
    fastcgi_temp_path "{folder}/tmp/fastcgi";
    uwsgi_temp_path "{folder}/tmp/uwsgi";
    scgi_temp_path "{folder}/tmp/scgi";

{server}}}
"""


class Missing(SystemExit):
    """Something that must be installed first, named with its package."""


def variables(settings: Settings) -> dict[str, str]:
    """What fills the template's places: the same names that compose.yaml sets for envsubst."""
    limits = settings.limits
    return {
        "LINLI_LISTEN": f"{settings.bind}:{settings.port}{' ssl' if settings.tls else ''}",
        "LINLI_TLS": _tls(settings),
        "LINLI_TLS_REDIRECT": _redirect(settings),
        "LINLI_SERVICES": " ".join(f"{name} {upstream};" for name, upstream in settings.services.items()),
        "LINLI_PAGES": settings.pages,
        "LINLI_RESOLVER": settings.resolver,
        "LINLI_READ_TIMEOUT": settings.read_timeout,
        "LINLI_LOGS": str(settings.folder),
        "LINLI_CONNECTIONS": str(limits.connections),
        "LINLI_RATE_ADDRESS": limits.address,
        "LINLI_BURST_ADDRESS": str(limits.address_burst),
        "LINLI_RATE_CALLER": limits.caller,
        "LINLI_BURST_CALLER": str(limits.caller_burst),
        "LINLI_RATE_SIGN_IN": limits.sign_in,
        "LINLI_BURST_SIGN_IN": str(limits.sign_in_burst),
    }


def _tls(settings: Settings) -> str:
    if not settings.tls:
        return ""
    return f'ssl_certificate "{settings.tls_cert}"; ssl_certificate_key "{settings.tls_key}";'


def _redirect(settings: Settings) -> str:
    """A plain port beside the secure one, which only says where to go."""
    if not settings.tls_redirect_port:
        return ""
    where = f"https://$host:{settings.port}$request_uri"
    listen = f"{settings.bind}:{settings.tls_redirect_port}"
    return f"server {{ listen {listen}; server_tokens off; client_header_timeout 10s; return 308 {where}; }}"


def render(settings: Settings) -> str:
    """A whole nginx.conf that keeps to `settings.folder` and runs as whoever starts it."""
    values = variables(settings)
    server = PLACE.sub(lambda place: values[place[1]], TEMPLATE.read_text())
    user = f"user {settings.user};\n" if settings.user else ""
    return FRAME.format(user=user, folder=settings.folder, server=_indented(server))


def _indented(text: str) -> str:
    return "".join(f"    {line}" if line.strip() else line for line in text.splitlines(keepends=True))


def write(settings: Settings, out: Path | None = None) -> Path:
    """Write the configuration (to `nginx.conf` in its folder unless told otherwise) and make the folders it needs."""
    path = out or settings.folder / "nginx.conf"
    (settings.folder / "tmp").mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(settings))
    return path


def command(settings: Settings) -> list[str]:
    """How to run nginx in the foreground on what `write` wrote.

    Raises:
        Missing: nginx is not installed.
    """
    nginx = shutil.which("nginx") or shutil.which("nginx", path=WHERE_DEBIAN_KEEPS_IT)
    if not nginx:
        raise Missing("edge: nginx is not installed; run `apt-get install nginx`, or use Docker")
    return [nginx, "-e", "stderr", "-p", str(settings.folder), "-c", str(settings.folder / "nginx.conf")]
