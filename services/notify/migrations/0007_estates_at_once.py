"""notify: all who live in an estate are found by an index of their own, when all are to be told."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade():
    op.execute("CREATE INDEX occupancy_estate ON occupancy (estate_id)")
