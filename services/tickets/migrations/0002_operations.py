"""tickets: who is alive, and one request's story."""

from chassis.migrations import operations_tables

revision = "0002"
down_revision = "0001"


def upgrade():
    operations_tables()
