"""The `linli` command: one for all services and all their roles."""

import json
import logging
import os
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import click
import structlog

from chassis import VERSION, settings
from chassis.service import load, names


def runtime_of(service: str, *, background: bool = False):
    from chassis.database import PATIENCE
    from chassis.runtime import Runtime

    settings.load_environment(service)
    return Runtime(load(service), settings.read(service), patience=PATIENCE["background" if background else "web"])


@contextmanager
def runtimes():
    """One runtime for each service, each by its own settings alone."""
    found = {}
    for name in names():
        with settings.environment_of(name):
            found[name] = runtime_of(name, background=True)
    yield found
    for runtime in found.values():
        runtime.close()


class ServiceName(click.ParamType):
    """The name of a service in this installation."""

    name = "service"

    def convert(self, value, param, ctx):
        if value not in names():
            self.fail(f"{value!r} is none of {', '.join(names())}", param, ctx)
        return value


SERVICE = ServiceName()
MOMENTS = ["%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="linli")
def main():
    """Linli 邻里: run a service's roles, migrate, look after its events."""


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────

ROLES = ["web", "worker", "relay", "clock", "background"]


@main.command()
@click.argument("service", type=SERVICE)
@click.argument("role", type=click.Choice(ROLES))
def run(service: str, role: str):
    """Run one role of one service: its HTTP door, its queue, its outbox, its clock, or the last three together."""
    from chassis.observe import configure_logging

    configure_logging(service, role)
    if role == "web":
        from chassis.http.server import serve

        serve(lambda: runtime_of(service))
    else:
        _in_background(runtime_of(service, background=True), role)


def _in_background(runtime, role: str) -> None:
    """Each part in a thread; a signal ends them in order, a part that fails ends the process so that it is started anew."""
    from chassis import consumer, jobs, observe, relay
    from chassis.heartbeat import Heart
    from chassis.observe import figures

    parts = {"worker": consumer.run, "relay": relay.run, "clock": jobs.run}
    stop, failed = threading.Event(), []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    roles = [name for name in parts if role in (name, "background")]
    observe.trace(runtime.settings, role)
    figures.begin(runtime.service, roles)
    observe.serve_metrics(runtime, role)
    heart = Heart(runtime, roles, each_time=lambda: figures.note_pools(runtime))

    def live(name):
        try:
            parts[name](runtime, stop)
        except BaseException as error:
            failed.append(error)
            structlog.get_logger("cli").error("part.failed", part=name, exc_info=error)
        finally:
            stop.set()

    threads = [threading.Thread(target=live, args=[name], name=name) for name in roles]
    for thread in [*threads, heart]:
        thread.start()
    for thread in threads:
        thread.join()
    heart.stop()
    observe.end_trace()
    runtime.close()
    sys.exit(1 if failed else 0)


# ── databases and broker ─────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@click.argument("service", type=SERVICE)
def migrate(service: str):
    """Bring the service's database to its newest revision."""
    from chassis.migrations import migrate as bring_up

    settings.load_environment(service)
    bring_up(load(service), settings.read(service).owner_database_url)
    click.echo(f"{service}: database is up to date")


@main.command("broker-definitions")
@click.option("--administrator", default="linli_admin", show_default=True)
def broker_definitions(administrator: str):
    """Print the broker's definitions. Passwords come from <SERVICE>_AMQP_PASSWORD and RABBITMQ_ADMIN_PASSWORD, and go in hashed."""
    click.echo(json.dumps(_definitions(administrator), indent=1))


@main.group()
def broker():
    """The broker's exchanges, queues, rights."""


@broker.command()
@click.argument("management_url")
@click.option("--administrator", default="linli_admin", show_default=True)
def sync(management_url: str, administrator: str):
    """Import the definitions and unbind what is no longer heard. Passwords as for `broker-definitions`."""
    from chassis.broker import sync as bring_up

    wanted = _definitions(administrator)
    credentials = f"{administrator}:{quote(os.environ['RABBITMQ_ADMIN_PASSWORD'], safe='')}"
    removed = bring_up(management_url.replace("://", f"://{credentials}@", 1), wanted)
    for binding in removed:
        click.echo(f"unbound {binding}")
    click.echo("broker is up to date")


def _definitions(administrator: str) -> dict:
    from chassis import broker as topology

    wanted = [f"{name.upper()}_AMQP_PASSWORD" for name in names()] + ["RABBITMQ_ADMIN_PASSWORD"]
    absent = [name for name in wanted if not os.environ.get(name)]
    if absent:
        raise click.ClickException(f"set {', '.join(absent)}")
    passwords = {name: os.environ[f"{name.upper()}_AMQP_PASSWORD"] for name in names()}
    admin = topology.administrator(administrator, os.environ["RABBITMQ_ADMIN_PASSWORD"])
    return topology.definitions([load(name) for name in names()], passwords, extra=[admin])


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@click.argument("service", type=SERVICE)
@click.argument("entities", nargs=-1)
def republish(service: str, entities: tuple[str, ...]):
    """Say the present state of all (or these) entities again, for a listener that came late."""
    from chassis.restating import republish as say_again

    told: dict[str, int] = {}
    for name, total in say_again(runtime_of(service, background=True), set(entities)):
        told[name] = total
        click.echo(f"\r{name}: {total}", nl=False, err=True)
    click.echo("", err=True)
    click.echo(json.dumps(told))


@main.command()
@click.argument("service", type=SERVICE)
@click.option("--taken-at", type=click.DateTime(MOMENTS), required=True, help="The instant of the backup, in UTC.")
@click.option("--release", default="unknown", help="What wrote the backup.")
@click.option("--since", type=float, help="Say again only what was sent this many hours before; else all that is kept.")
def recover(service: str, taken_at: datetime, release: str, since: float | None):
    """Mend a restored database, before any role runs: events go out again, sessions end, audit chains go on."""
    from chassis.recovery import AlreadyRecovered
    from chassis.recovery import recover as mend

    window = timedelta(hours=since) if since is not None else None
    runtime = runtime_of(service, background=True)
    try:
        done = mend(runtime, taken_at=taken_at.replace(tzinfo=UTC), release=release, since=window)
    except AlreadyRecovered as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{service}: {done.said_again} events to be said again, {done.remembered} heard ones remembered")


@main.group()
def parked():
    """Messages that could not be handled."""


@parked.command("list")
@click.argument("service", type=SERVICE)
def list_parked(service: str):
    """Show each parked message and why it is there."""
    from chassis.parked import list_parked as look

    for message in look(runtime_of(service)):
        click.echo(json.dumps(asdict(message), ensure_ascii=False))


@parked.command()
@click.argument("service", type=SERVICE)
def replay(service: str):
    """Put parked messages back into the service's queue, as new; let events that found no queue go out again."""
    from chassis.parked import replay as put_back
    from chassis.relay import resume

    runtime = runtime_of(service)
    click.echo(f"{put_back(runtime)} put back, {resume(runtime)} to go out again")


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@click.argument("correlation_id")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def trace(correlation_id: str, as_json: bool):
    """Tell one request's story across services: what was changed and said, who heard it, what came of it.

    The id is the X-Request-Id of the answer, `instance` of a problem, `correlation_id` of a log line.
    """
    from chassis import story

    with runtimes() as services:
        moments = story.gather(services.values(), correlation_id)
    click.echo(story.as_json(moments) if as_json else story.told(moments, correlation_id))
    sys.exit(0 if moments else 1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(as_json: bool):
    """Show the health of the whole in one screen. Exit 0 when all is well, 1 when something is not."""
    from chassis import status as health
    from chassis.status_screen import draw

    with runtimes() as services:
        report = health.gather(services)
    click.echo(health.as_json(report) if as_json else draw(report))
    sys.exit(1 if report.troubles else 0)


# ── the rest ─────────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@click.option("--check", is_flag=True, help="Only say what differs; exit 1 if anything does.")
def contracts(check: bool):
    """Write contracts/ from the code."""
    from chassis import contracts as promises
    from chassis.observe import configure_logging

    configure_logging("contracts", "contracts", logging.WARNING)
    services = [load(name) for name in names()]
    changed = promises.drift(services) if check else promises.write(services)
    for path in changed:
        click.echo(f"{'differs' if check else 'written'}: contracts/{path}")
    sys.exit(1 if check and changed else 0)


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=".local/demo.json", show_default=True)
def seed(out: Path):
    """Make the demo operators; a second time changes nothing. Addresses and sign-ins go to the file."""
    demo: dict = {}
    for name in names():
        if find_spec(f"services.{name}.demo"):
            with settings.environment_of(name):
                demo |= import_module(f"services.{name}.demo").seed(runtime_of(name, background=True))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.touch(mode=0o600)
    out.write_text(json.dumps(demo, ensure_ascii=False, indent=1) + "\n")
    click.echo(f"demo operators are in; sign-ins in {out}")


@main.group()
def audit():
    """The audit record."""


@audit.command()
@click.argument("service", type=SERVICE)
@click.option("--operator", type=click.UUID, help="This one's chain alone.")
@click.option("--since", type=click.DateTime(MOMENTS), help="Only what was sealed from here on, in UTC.")
@click.option("--until", type=click.DateTime(MOMENTS), help="Only what was sealed before.")
@click.option(
    "--heads", is_flag=True, help="Name the newest block of each chain, to be held against what was said and logged."
)
def verify(service: str, operator, since: datetime | None, until: datetime | None, heads: bool):
    """Recompute the hash chains: exit 0 when they hold, 1 when they do not, with each place; the first is where to look."""
    from chassis import audit as record
    from chassis.verifying import examine

    span = {name: at and at.replace(tzinfo=UTC) for name, at in (("since", since), ("until", until))}
    with runtime_of(service, background=True).transaction(system=True) as session:
        verdict = examine(session, operator_id=operator, progress=_tell_progress, **span)
        waiting = record.unsealed(session)
    click.echo("", err=True)
    for number, place in enumerate(verdict.breaks):
        click.echo(f"{'first break' if number == 0 else 'then'}: {place}")
    for owner, (number, digest) in verdict.heads.items() if heads else ():
        click.echo(f"operator {owner}: block {number} {digest}")
    state = f"{verdict.rows} rows in {verdict.blocks} blocks; {waiting} wait for the next seal"
    click.echo(f"{service}: {'broken' if verdict.breaks else 'whole'}; {state}")
    sys.exit(1 if verdict.breaks else 0)


def _tell_progress(blocks: int, rows: int) -> None:
    click.echo(f"\r{rows} rows in {blocks} blocks", nl=False, err=True)
