"""Kept answers are the operator's alone, and nobody reads the statements of others."""

from chassis.migrations import narrower_rights

revision = "004"
down_revision = "003"


def upgrade():
    narrower_rights()
