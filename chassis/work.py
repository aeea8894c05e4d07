"""The unit of work: one transaction, one instant, one actor, one correlation id.

An HTTP request, a reaction to one event, or one run of a job. Handlers get it first and need nothing else.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.orm import Session

from chassis import tables
from chassis.actor import ALL, Actor, Kind
from chassis.errors import Forbidden, Invalid, NotFound, Stale
from chassis.events import Envelope
from chassis.i18n import Sentence
from chassis.model import Copy, Entity, Row
from chassis.moving import Moved, Telling, move
from chassis.paging import Order, Page
from chassis.shapes import Shaped, shaped

Thing = TypeVar("Thing", bound=Row)
CONTEXT = (
    "SELECT set_config('app.operator', %s, true), set_config('app.estates', %s, true),"
    " set_config('app.all_estates', %s, true)"
)
BEGIN = "BEGIN;" + CONTEXT.replace("%s", "'{}'")
BATCH = 200
AS_IT_IS = Sentence("Use the `next` of an earlier page as it is.", "请原样使用上一页的 next。")
BROKEN_CURSOR = (ValueError, TypeError, OverflowError, StatementError)


class Work:
    """See README.md, "The unit of work". Made by `Runtime.work` and `Runtime.begin`."""

    def __init__(
        self,
        session: Session,
        service,
        actor: Actor,
        now: datetime,
        *,
        correlation_id: str,
        cause: Envelope | None = None,
        permission: str | None = None,
        language: str = "zh-CN",
        traceparent: str | None = None,
        if_match: int | None = None,
        settings: Any = None,
    ):
        self.session = session
        self.service = service
        self.now = now
        self.correlation_id = correlation_id
        self.cause = cause
        self.permission = permission
        self.language = language
        self.traceparent = traceparent
        self.if_match = if_match
        self.settings = settings
        self.held: list[Row | None] = []
        self.mute = False  # what many events made together has no one cause, and may record nothing
        session.info["work"] = self
        self.become(actor)

    # ── who acts ─────────────────────────────────────────────────────────────────────────────────────────────────

    def become(self, actor: Actor) -> None:
        """Act as `actor` from here on; row-level security follows within the same transaction."""
        self.actor = replace(actor, at=self.now)
        estates = actor.estates()
        everywhere = estates is ALL
        context = (
            UUID.__str__(actor.operator_id) if actor.operator_id else "",
            "" if everywhere else ",".join(map(UUID.__str__, estates)),
            "on" if everywhere else "",
        )
        if self.session.info.get("context") != context:  # a session is one transaction, and that is how long it holds
            self._set(context)
            self.session.info["context"] = context

    def _set(self, context: tuple) -> None:
        """As the first statement of a transaction it finds out whether the pooled connection still lives: if not, the next."""
        try:
            self._tell(context)
        except DBAPIError as error:
            if "context" in self.session.info or not error.connection_invalidated:
                raise
            self.session.rollback()
            self._tell(context)

    def _tell(self, context: tuple) -> None:
        """BEGIN goes along with it when the transaction is new: one round trip, a tenth of a short request's time less."""
        connection = self.session.connection()
        inner = connection.connection.driver_connection.pgconn
        if inner.transaction_status == TransactionStatus.IDLE:
            told = inner.exec_(BEGIN.format(*context).encode())  # of ids, in which nothing needs to be quoted
            if told.status == ExecStatus.TUPLES_OK:
                return
        connection.exec_driver_sql(CONTEXT, context)

    def enter(self, operator_id: UUID, estates: Iterable[UUID] | None = None) -> None:
        """Step into an operator at a public door, once the caller's credential proved that it belongs there."""
        reach = {"*": ALL if estates is None else frozenset(estates)}
        self.become(Actor(Kind.EVENT, self.actor.id, operator_id, reach=reach))

    def require(self, permission: str, estate_id: UUID | None) -> None:
        if not self.actor.may(permission, estate_id):
            raise Forbidden()

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def seen(self, cls: type[Thing]) -> Select[tuple[Thing]]:
        """The start of every list: what exists for this actor under the route's permission."""
        return select(cls).where(cls.visible_to(self.actor, self.permission))

    def find(self, cls: type[Thing], id: UUID) -> Thing:
        """One thing to look at.

        Raises:
            NotFound: it is absent or out of reach.
            Forbidden: it is in reach, but the actor lacks the route's permission there.
        """
        return self._allowed(self.session.scalar(self._one(cls, id)))

    def one(self, statement: Select | Shaped):
        """The one row that was asked for, whose first thing is what it is about; all of it is held until the end.

        Raises:
            NotFound, Forbidden: as `find`, by that first thing.
        """
        row = self.execute(statement).one_or_none()
        self._allowed(row and row[0])
        self.held.extend(row)
        return row

    def take(self, cls: type[Thing], id: UUID) -> Thing:
        """One thing to change, locked until the end.

        Raises:
            NotFound, Forbidden: as `find`.
            Stale: `If-Match` names another version.
        """
        locked = self._one(cls, id).with_for_update(of=cls).execution_options(populate_existing=True)
        thing = self._allowed(self.session.scalar(locked))
        if self.if_match is not None and isinstance(thing, Entity) and thing.version != self.if_match:
            raise Stale()
        return thing

    def get(self, cls: type[Thing], id: UUID | None) -> Thing | None:
        """A copy or row of the operator's by id, or None."""
        thing = None if id is None else self.session.get(cls, id)
        self.held.append(thing)  # the session itself forgets what nobody holds, and would ask again
        mine = thing and (self.actor.kind is Kind.SYSTEM or thing.operator_id == self.actor.operator_id)
        return thing if mine else None

    def scalars(self, statement, params=None) -> list:
        return list(self.session.scalars(statement, params))

    def scalar(self, statement, params=None):
        return self.session.scalar(statement, params)

    def execute(self, statement, params=None):
        if isinstance(statement, Shaped):
            return self.session.execute(statement.kept.statement, statement.values)
        return self.session.execute(statement, params)

    def page(self, statement: Select | Shaped, *, by: list, limit: int = 50, after: str | None = None) -> Page:
        """A keyset page ordered `by` columns of which the last is unique.

        Raises:
            Invalid: the cursor is not one we gave.
        """
        order = Order(by)
        try:
            found = self._page(statement, order, limit + 1, after)
        except BROKEN_CURSOR as error:
            if not after or isinstance(error, OperationalError):
                raise
            raise Invalid(errors={"after": [AS_IT_IS]}) from error
        items = [row[0] if len(row) == 1 else row for row in found[:limit]]
        return Page(items, order.cursor(found[limit - 1]) if len(found) > limit else None)

    def _page(self, statement: Select | Shaped, order: Order, limit: int, after: str | None) -> list:
        if isinstance(statement, Shaped):
            self.session.flush()
            return statement.page(self.session.connection(), order.by, limit, order.place(after) if after else {})
        following = order.after(statement, after) if after else statement
        return self.session.execute(following.order_by(*order.by).limit(limit)).all()

    def shaped(self, build: Callable[..., Select], **asked) -> Shaped:
        """`build(work, **asked)` for `page`, built once for all questions of the same shape; see `chassis.shapes`."""
        return shaped(build, self, asked)

    def due(self, statement: Select, limit: int = BATCH) -> list:
        """Rows that a job handles now; rows that another clock is handling are left to it."""
        return self.scalars(statement.limit(limit).with_for_update(skip_locked=True))

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────

    def add(self, thing: Thing) -> Thing:
        self.session.add(thing)
        return thing

    def move_many(self, cls: type[Entity], fact: type, telling: Telling, moved: Sequence[Moved]) -> None:
        """Change rows of entities that were read and locked as columns, each with its event, in one statement."""
        if moved:
            move(self, cls, fact, telling, moved)

    def copy(self, cls: type[Copy], id: UUID, **fields) -> None:
        """Keep a copy of what the event says, unless the copy shows a later state already (the version gate)."""
        if "estate_id" in cls.__mapper__.columns:
            fields.setdefault("estate_id", self.cause.estate_id)
        row = {**fields, "id": id, "operator_id": self.cause.operator_id, "sequence": self.cause.sequence}
        put = insert(cls).values(row)
        newer = {name: put.excluded[name] for name in row if name != "id"}
        self.session.execute(
            put.on_conflict_do_update(index_elements=[cls.id], set_=newer, where=cls.sequence < put.excluded.sequence)
        )

    def revoke(self, subject_id: UUID, epoch: int) -> None:
        """Refuse tokens of this subject that were issued under an earlier epoch."""
        put = insert(tables.revocation).values(subject_id=subject_id, operator_id=self.cause.operator_id, epoch=epoch)
        higher = put.excluded.epoch > tables.revocation.c.epoch
        news = {"epoch": put.excluded.epoch, "heard_at": func.clock_timestamp()}
        self.session.execute(put.on_conflict_do_update(index_elements=["subject_id"], set_=news, where=higher))

    def _one(self, cls: type[Thing], id: UUID) -> Select:
        return select(cls).where(cls.id == id, cls.visible_to(self.actor, None))

    def _allowed(self, thing: Thing | None) -> Thing:
        if thing is None:
            raise NotFound()
        if self.permission and not thing.open_to(self.actor, self.permission):
            raise Forbidden()
        return thing
