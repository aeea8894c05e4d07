"""Kites over HTTP: one route of each kind that a service may have."""

from sqlalchemy import text

from chassis import attachments
from chassis.http import PUBLIC, SIGNED_IN, Blueprint, allow, asks, gives, lists, refuses, takes
from chassis.tests.kites.model import Kite
from chassis.tests.kites.schemas import KiteFiles, KiteFilter, KiteLine, KiteView, NewKite, Paint, Sale, Weather

blp = Blueprint("kites", description="Kites 风筝")


@blp.post("/kites")
@allow("kites:fly")
@takes(NewKite)
@gives(KiteView, status=201)
def build_kite(work, kite):
    """Build a kite."""
    work.require("kites:fly", kite["estate_id"])
    made = work.add(Kite.build(estate_id=kite["estate_id"], colour=kite["colour"], check_due=kite["check_due"]))
    files = kite["attachment_ids"]
    attachments.link(work, files, subject_type="kite", subject_id=made.id, estate_id=made.estate_id)
    return made


@blp.get("/kites")
@allow("kites:see")
@asks(KiteFilter)
@lists(KiteLine)
def list_kites(work, query):
    """The kites of one's estates."""
    by = [Kite.colour, Kite.id]
    return work.page(work.seen(Kite), by=by, limit=query["limit"], after=query["after"])


@blp.get("/kites/<uuid:kite_id>")
@allow("kites:see")
@gives(KiteView)
def show_kite(work, kite_id):
    """One kite."""
    return work.find(Kite, kite_id)


@blp.patch("/kites/<uuid:kite_id>")
@allow("kites:fly")
@takes(Paint)
@gives(KiteView)
def paint_kite(work, paint, kite_id):
    """Paint a kite."""
    kite = work.take(Kite, kite_id)
    kite.paint(**paint)
    return kite


@blp.post("/kites/<uuid:kite_id>/flight")
@allow("kites:fly")
@gives(KiteView)
@refuses(409)
def fly_kite(work, kite_id):
    """Let it fly."""
    kite = work.take(Kite, kite_id)
    kite.fly()
    return kite


@blp.post("/kites/<uuid:kite_id>/sale")
@allow("kites:fly")
@takes(Sale, idempotency="required")
@gives(None)
def sell_kite(work, kite_id, sale):
    """Sell a kite, once."""
    work.find(Kite, kite_id)


@blp.get("/kites/<uuid:kite_id>/files")
@allow("kites:see")
@gives(KiteFiles)
def list_files(work, kite_id):
    """Its pictures."""
    work.find(Kite, kite_id)
    return {"attachments": attachments.of(work, "kite", kite_id)}


@blp.get("/weather")
@allow(PUBLIC)
@gives(Weather)
def tell_weather(work):
    """The weather, for anybody."""
    return {"sky": "blue", "language": work.language}


@blp.post("/accidents")
@allow(SIGNED_IN)
@gives(None)
def crash(work):
    """A view with a fault in it."""
    raise RuntimeError("the string broke")


@blp.post("/disasters/<kind>")
@allow(SIGNED_IN)
@gives(None)
def strain_database(work, kind):
    """A view that strains the database."""
    work.execute(text(STRAINS[kind]))


STRAINS = {
    "queue": "SELECT pg_advisory_xact_lock(7)",
    "slow": "SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(10)",
    "twice": "INSERT INTO jwks (id, document, fetched_at) VALUES (1, '{}', now())",
    "elsewhere": """INSERT INTO note (id, operator_id, estate_id, text)
                    VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '')""",
    "large": "SELECT 9223372036854775807 + 1",
}
