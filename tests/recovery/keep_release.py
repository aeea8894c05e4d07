"""Keep this release's data for the upgrade test: `python -m tests.recovery.keep_release FOLDER`, once for each release.

A small world (tests/world.py) lives through one repair, and each service's database is written out as it then is, with the
keys that open it and the names of what is in it. Nothing in it was ever used elsewhere.
"""

import argparse
import gzip
import json
import logging
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from chassis import VERSION, contracts
from chassis.observe import configure_logging
from chassis.servers import postgres_binaries, scratch_postgres
from chassis.service import load
from chassis.testing import KEY, PRIVATE_KEYS, SECRET, Installations, Platform
from tests.conftest import SERVICES
from tests.stories.repair import live_through
from tests.world import World, furnish

KINDS = ("operators", "regions", "estates", "units")
PLAIN = ["--format=plain", "--quote-all-identifiers"]


class Folders:
    """Where each service's files are to lie: as pytest would say it."""

    def __init__(self, base: Path):
        self.base = base

    def mktemp(self, name: str) -> Path:
        return self.base / name


def keep(folder: Path) -> None:
    """Write `<service>.sql.gz`, `files/`, `world.json`, and `events.json`: {type: the schema that was promised}."""
    folder.mkdir(parents=True)
    promised = {
        type: contracts.schema_of(event) for type, event in sorted(contracts.said_by(map(load, SERVICES)).items())
    }
    (folder / "events.json").write_text(a_line_each(promised))
    with scratch_postgres() as server, tempfile.TemporaryDirectory() as files:
        installations = Installations(server.url(), Folders(Path(files)))
        platform = Platform(installations, *SERVICES)
        world = furnish(platform)
        live_through(world)
        platform.tick(minutes=2)  # the audit record is sealed
        for name, each in platform.items():
            (folder / f"{name}.sql.gz").write_bytes(dump(server.url(each.database)))
        shutil.copytree(Path(files, "tickets"), folder / "files" / "tickets")
        (folder / "world.json").write_text(json.dumps(described(world), ensure_ascii=False, indent=1) + "\n")
        installations.close()


def a_line_each(promised: dict[str, dict]) -> str:
    """JSON that a reviewer can compare type by type."""
    lines = (f"{json.dumps(type)}: {json.dumps(schema, ensure_ascii=False)}" for type, schema in promised.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def dump(url: str) -> bytes:
    """The database as SQL, gzipped so that the same data makes the same bytes."""
    text = subprocess.run([postgres_binaries() / "pg_dump", *PLAIN, url], capture_output=True, check=True).stdout
    # newer dumps fence themselves with a random word that older clients do not know
    return gzip.compress(re.sub(rb"(?m)^\\(un)?restrict .*\n", b"", text), mtime=0)


def described(world: World) -> dict:
    """Ids by plain names, and the keys that open this data and no other."""
    people = {label: [str(each.operator_id), list(each.roles), str(each.id)] for label, each in world.people.items()}
    ids = {kind: {name: str(id) for name, id in getattr(world, kind).items()} for kind in KINDS}
    keys = {"private_keys": list(PRIVATE_KEYS), "secret_key": SECRET, "signing_key": KEY.pem}
    return {"release": VERSION, "now": world.platform.clock.now().isoformat(), **ids, "people": people, "keys": keys}


if __name__ == "__main__":
    configure_logging("keep", "keep", logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    keep(parser.parse_args().folder)
