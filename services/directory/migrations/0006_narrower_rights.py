"""directory: kept answers are the operator's alone, and nobody reads the statements of others."""

from chassis.migrations import narrower_rights

revision = "0006"
down_revision = "0005"


def upgrade():
    narrower_rights()
