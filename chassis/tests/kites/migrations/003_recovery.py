"""A restored database remembers it, and its audit chains go on."""

from chassis.migrations import recovery_tables

revision = "003"
down_revision = "002"


def upgrade():
    recovery_tables()
