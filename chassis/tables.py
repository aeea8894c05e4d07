"""The tables each service's database has for the chassis itself (messaging.md §1.4, §6, §7)."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

metadata = MetaData()
Moment = DateTime(timezone=True)
NOW = text("clock_timestamp()")


class TransactionId(UserDefinedType):
    """PostgreSQL's `xid8`, read as text: only compared inside the database."""

    cache_ok = True

    def get_col_spec(self, **_):
        return "xid8"


THIS_TRANSACTION = text("pg_current_xact_id()")

outbox = Table(
    "outbox",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    Column("operator_id", Uuid, nullable=False),
    Column("estate_id", Uuid),
    Column("aggregate_type", Text, nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    Column("aggregate_version", BigInteger, nullable=False),
    Column("routing_key", Text, nullable=False),
    Column("event", JSONB, nullable=False),
    Column("created_at", Moment, nullable=False, server_default=NOW),
    Column("sent_at", Moment),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_error", Text),
    Column("parked_at", Moment),
    UniqueConstraint("id"),
    # A forgotten lock on the aggregate becomes an error here, not disorder; restated facts repeat a version.
    Index(
        "outbox_version",
        "aggregate_type",
        "aggregate_id",
        "aggregate_version",
        unique=True,
        postgresql_where=text("split_part(routing_key, '.', 3) <> 'restated'"),
    ),
    Index("outbox_todo", "shard", "seq", postgresql_where=text("sent_at IS NULL AND parked_at IS NULL")),
    Index("outbox_parked", "aggregate_id", postgresql_where=text("sent_at IS NULL AND parked_at IS NOT NULL")),
    Index("outbox_sent", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
    postgresql_with={"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.02, "autovacuum_vacuum_cost_delay": 0},
)

inbox = Table(
    "inbox",
    metadata,
    Column("consumer", Text),
    Column("source", Text),
    Column("event_id", Uuid),
    Column("operator_id", Uuid, nullable=False),
    Column("processed_at", Moment, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("consumer", "source", "event_id"),
    Index("inbox_processed", "processed_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("xid", TransactionId, nullable=False, server_default=THIS_TRANSACTION),
    Column("operator_id", Uuid, nullable=False),
    Column("estate_id", Uuid),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("changes", JSONB, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Index("audit_subject", "subject_type", "subject_id", "seq"),
    Index("audit_unsealed", "xid", "seq"),
    Index(
        "audit_correlation", "correlation_id"
    ),  # from here the outbox is found by subject and version, the inbox by id
)

audit_seal = Table(
    "audit_seal",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("operator_id", Uuid, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("sealed_at", Moment, nullable=False),
    Column("from_xid", TransactionId, nullable=False),
    Column("below_xid", TransactionId, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    UniqueConstraint("operator_id", "number"),
    Index("audit_seal_newest", "below_xid"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("principal", Text),
    Column("route", Text),
    Column("key", Text),
    Column("operator_id", Uuid, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("status", Integer),
    Column("headers", JSONB),
    Column("body", LargeBinary),
    Column("created_at", Moment, nullable=False, server_default=NOW),
    PrimaryKeyConstraint("principal", "route", "key"),
    Index("idempotency_created", "created_at"),
)

attachment = Table(
    "attachment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("operator_id", Uuid, nullable=False),
    Column("estate_id", Uuid),
    Column("uploader_id", Uuid, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("subject_type", Text),
    Column("subject_id", Uuid),
    Column("linked_at", Moment),
    UniqueConstraint("path"),
    Index("attachment_subject", "subject_type", "subject_id"),
    Index("attachment_loose", "created_at", postgresql_where=text("linked_at IS NULL")),
    Index("attachment_uploader", "uploader_id", postgresql_where=text("linked_at IS NULL")),
)

revocation = Table(
    "revocation",
    metadata,
    Column("subject_id", Uuid, primary_key=True),
    Column("operator_id", Uuid, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("heard_at", Moment, nullable=False, server_default=NOW),
    Index("revocation_recent", "operator_id", "heard_at"),
)

jwks = Table(
    "jwks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document", JSONB, nullable=False),
    Column("fetched_at", Moment, nullable=False),
)

job_run = Table(
    "job_run",
    metadata,
    Column("job", Text, primary_key=True),
    Column("due_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    Column("handled", BigInteger),
    Column("last_error", Text),
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("process", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("rate", Double, nullable=False),
    Column("lacks", Text, nullable=False),
    postgresql_with={"fillfactor": 50},
)

restoration = Table(
    "restoration",
    metadata,
    Column("taken_at", Moment, primary_key=True),
    Column("restored_at", Moment, nullable=False),
    Column("release", Text, nullable=False),
    Column("ahead", BigInteger, nullable=False),  # of the server's own transaction numbers, which began anew
)
