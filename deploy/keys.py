"""Passwords and keys, made once for one installation and never committed.

`python3 -m deploy.keys FILE` writes them as NAME=value lines that nobody else may read, and keeps
those already there.
It uses the standard library alone, so that it runs before anything is installed.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

SERVICES = ("directory", "tickets", "billing", "facilities", "notify", "training")


def fernet_key():
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def wanted():
    """Every secret's name, and how one is made."""
    yield "INSTALLATION", secrets.token_hex  # tells this installation's data from an earlier one's
    yield "PRIVATE_KEYS", fernet_key  # the same for all services: they exchange sealed names
    yield "RABBITMQ_ADMIN_PASSWORD", secrets.token_hex
    yield "POSTGRES_PASSWORD", secrets.token_hex
    yield "SMS_SECRET", secrets.token_hex
    for service in SERVICES:
        yield f"{service.upper()}_SECRET_KEY", secrets.token_hex
        for what in ("OWNER", "APP", "SYSTEM", "AMQP"):
            yield f"{service.upper()}_{what}_PASSWORD", secrets.token_hex


def read(path):
    """NAME → value."""
    lines = Path(path).read_text().splitlines() if Path(path).exists() else []
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def ensure(path):
    """The installation's secrets; those not yet in the file are made and added."""
    known = read(path)
    complete = known | {name: make() for name, make in wanted() if name not in known}
    if complete != known:
        write(path, complete)
    return complete


def write(path, values):
    """NAME=value lines that only we may read; the file changes as a whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    draft.replace(path)


if __name__ == "__main__":
    ensure(sys.argv[1])
