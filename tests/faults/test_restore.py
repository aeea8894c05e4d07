"""A backup taken while everybody works, everything destroyed, and all of it brought back elsewhere.

On the way at that moment: what is written and not sent, and what is sent and not heard. The new place has a PostgreSQL of
its own, whose transaction numbers begin anew, and queues that are empty.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import pytest
import requests

from chassis import recovery, servers
from chassis.servers import comes_true
from deploy.local import backup, restore
from deploy.local.demo import photo
from tests.faults.accounting import Account
from tests.faults.load import Caller, Load
from tests.faults.site import SERVICES, Site

pytestmark = [pytest.mark.connected, pytest.mark.slow, pytest.mark.timeout(300)]
GAP = 0.7  # seconds between one service's snapshot and the next: a slow network, many services


@dataclass
class Rehearsal:
    """What was there when the backup was taken, and what came of it."""

    books: Account
    answered: list[str]  # tickets that somebody was told of before it
    numbers: set[str]  # all that anybody was ever told


def test_after_a_restore_every_event_has_its_effect_once_and_what_was_answered_is_there(
    site, load, tmp_path, monkeypatch
):
    with elsewhere(site) as bring_back:
        owner, ticket = a_ticket_with_a_photo(site)
        done = rehearse(site, load, tmp_path, monkeypatch, bring_back)

        assert done.books.whole, done.books
        assert done.books.effects > 0
        kept = {str(id) for (id,) in site.sql("tickets", "SELECT id FROM ticket")}
        assert set(done.answered) <= kept
        assert len(load.filed) > len(kept & {each.id for each in load.filed}), "nothing was filed after the backup"

        assert_the_token_of_before_is_refused(owner)
        assert_the_photo_opens(site, ticket)
        assert a_new_number(site) not in done.numbers
        assert comes_true(lambda: sealed_since_the_restore(site), 90), "audit chains do not go on"
        assert site.quiesce(20).whole


@pytest.mark.faults
def test_without_saying_again_what_was_on_its_way_is_lost(site, load, tmp_path, monkeypatch):
    with elsewhere(site) as bring_back:
        done = rehearse(site, load, tmp_path, monkeypatch, bring_back, since="0")

        assert "not heard" in str(done.books)


@pytest.mark.faults
def test_without_holding_relays_still_a_listener_has_heard_what_nobody_said(site, load, tmp_path, monkeypatch):
    monkeypatch.setattr(recovery, "relays_paused", lambda sessions: nullcontext())

    with elsewhere(site) as bring_back:
        done = rehearse(site, load, tmp_path, monkeypatch, bring_back, asleep="")

        assert "heard, but never said" in str(done.books)


# ── the rehearsal ────────────────────────────────────────────────────────────────────────────────────────────────────


def rehearse(site: Site, load: Load, folder, monkeypatch, bring_back, *, since="", asleep="notify") -> Rehearsal:
    """Work, back up, work on, lose everything, restore."""
    slowly(monkeypatch)
    site.start()
    with load.running():
        assert comes_true(lambda: len(load.filed) >= 15, 60)
        if asleep:
            next(each for each in site.processes if each.name == f"{asleep} worker").kill()
        time.sleep(1)
        answered = [each.id for each in load.filed]
        files = site.folder / "files"
        kept = backup.take(backup.Source({name: site.postgres.url(name) for name in SERVICES}, files, {}), folder)
        filed = len(load.filed)
        assert comes_true(lambda: len(load.filed) >= filed + 5, 60)
    numbers = {number for (number,) in site.sql("tickets", "SELECT number FROM ticket")}
    bring_back(kept, since)
    site.start()
    return Rehearsal(site.quiesce(60 if not since and asleep else 12), answered, numbers)


def slowly(monkeypatch) -> None:
    snapshot = recovery._snapshot

    def take(session):
        taken = snapshot(session)
        time.sleep(GAP)
        return taken

    monkeypatch.setattr(recovery, "_snapshot", take)


@contextmanager
def elsewhere(site: Site) -> Iterator:
    """Gives the way to a new place: the databases, queues and files of here are gone by then."""
    home = site.postgres
    with servers.scratch_postgres() as new:

        def bring_back(kept, since):
            destroy(site)
            site.postgres = site.plan._postgres = new
            for service in SERVICES:
                servers.create_service_database(new.url(), service, site.plan.passwords(service))
            whole = restore.opened(kept)
            restore.restore_databases(kept, {service: new.url(service) for service in SERVICES})
            restore.restore_files(kept, site.folder / "files")
            for service in SERVICES:
                window = ["--since", since] if since else []
                site.linli(service, "recover", service, "--taken-at", whole.taken_at, *window)

        try:
            yield bring_back
        finally:
            site.stop()
            site.postgres = site.plan._postgres = home


def destroy(site: Site) -> None:
    site.stop()
    for service in SERVICES:
        site.sql("postgres", f"DROP DATABASE {service} WITH (FORCE)")
    site.purge()
    shutil.rmtree(site.folder / "files", ignore_errors=True)


# ── what people see of it ────────────────────────────────────────────────────────────────────────────────────────────


def owner_of(site: Site) -> Caller:
    """Who signs in at the first call."""
    return Caller(Load(site, seed=0), "owner")


def a_ticket_with_a_photo(site: Site) -> tuple[Caller, str]:
    site.start(("directory", "tickets"), "web")
    owner = owner_of(site)
    owner.sign_in()
    files = {"file": ("leak.jpg", photo("leak"), "image/jpeg")}
    uploaded = owner.http.post(owner._url("tickets", "/attachments"), files=files, timeout=30)
    assert uploaded.status_code == 201, uploaded.text
    ticket = owner.call("POST", "tickets", "/tickets", report(owner) | {"attachment_ids": [uploaded.json()["id"]]})
    site.stop()
    return owner, ticket["id"]


def report(owner: Caller) -> dict:
    where = {name: owner.account[name] for name in ("estate_id", "unit_id")}
    return {"kind": "repair", "category": "PLB", "description": "漏水 A leak", **where}


def assert_the_photo_opens(site: Site, ticket: str) -> None:
    owner = owner_of(site)
    (attachment,) = owner.call("GET", "tickets", f"/tickets/{ticket}/attachments")["report"]
    address = attachment["url"].replace(site.plan.address, f"http://{site.plan.at('tickets')}")
    answer = requests.get(address, timeout=30)
    assert answer.status_code == 200 and answer.content.startswith(b"\xff\xd8")


def assert_the_token_of_before_is_refused(owner: Caller) -> None:
    """What was revoked since the backup must not be good again, so nothing of before is."""
    assert owner.http.get(owner._url("tickets", "/tickets"), timeout=30).status_code == 401


def a_new_number(site: Site) -> str:
    owner = owner_of(site)
    return owner.call("POST", "tickets", "/tickets", report(owner))["number"]


def sealed_since_the_restore(site: Site) -> bool:
    """New rows join the chain, although the new server counts its transactions from the beginning."""
    site.sql("tickets", "UPDATE job_run SET due_at = now() WHERE job = 'seal_audit'")
    newest = "(SELECT max(seq) FROM audit)"
    return site.count("tickets", f"audit WHERE seq = {newest} AND xid < (SELECT max(below_xid) FROM audit_seal)") == 1
