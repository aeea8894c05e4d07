"""Who is alive, and one request's story."""

from chassis.migrations import operations_tables

revision = "002"
down_revision = "001"


def upgrade():
    operations_tables()
