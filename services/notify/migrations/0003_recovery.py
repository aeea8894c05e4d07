"""notify: a restored database remembers it, and its audit chains go on."""

from chassis.migrations import recovery_tables

revision = "0003"
down_revision = "0002"


def upgrade():
    recovery_tables()
