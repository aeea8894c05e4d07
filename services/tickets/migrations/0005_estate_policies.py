"""tickets: lists of an estate are found by their index."""

from chassis.migrations import estate_policies

revision = "0005"
down_revision = "0004"


def upgrade():
    estate_policies()
