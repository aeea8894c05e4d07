"""directory: revocations know when they were heard."""

from chassis.migrations import revocation_times

revision = "0004"
down_revision = "0003"


def upgrade():
    revocation_times()
