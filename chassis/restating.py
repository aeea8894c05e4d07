"""`linli republish`: a service says its present state again, for a listener that came late.

Each entity's `restated()` fact goes out with `sequence` = its present version, which is not bumped: a copy that is up to
date ignores it, and no reaction may hear it.
"""

from sqlalchemy import insert, select

from chassis import tables
from chassis.actor import SYSTEM
from chassis.model import Entity
from chassis.outbox import envelope_of, outbox_row

BLOCK = 500


def republish(runtime, names: set[str] | None = None):
    """Restate all entities that can be, or those of these class names. Yields (class name, entities so far) as it goes."""
    for cls in runtime.service.entities:
        if cls.restated is not Entity.restated and (not names or cls.__name__ in names):
            yield from _restate(runtime, cls)


def _restate(runtime, cls: type[Entity]):
    last, total = None, 0
    while True:
        with runtime.work(SYSTEM, system=True) as work:
            page = select(cls).order_by(cls.id).limit(BLOCK).with_for_update(read=True)
            block = work.scalars(page.where(cls.id > last) if last else page)
            if not block:
                return
            rows = [outbox_row(envelope_of(work, each, each.restated(), each.version)) for each in block]
            work.session.connection().execute(insert(tables.outbox).inline(), rows)
        last, total = block[-1].id, total + len(block)
        yield cls.__name__, total
