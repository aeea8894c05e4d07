"""Kites, notes and winds."""

import sqlalchemy as sa
from alembic import op

from chassis.migrations import chassis_tables, copied, entity, protect, row

revision = "001"
down_revision = None


def upgrade():
    chassis_tables()
    op.create_table(
        "kite",
        *entity(),
        sa.Column("colour", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("flights", sa.BigInteger, nullable=False),
        sa.Column("owner_phone", sa.Text),
        sa.Column("check_due", sa.DateTime(timezone=True)),
    )
    op.create_table("note", *row(), sa.Column("text", sa.Text, nullable=False))
    op.create_table("wind", *copied(), sa.Column("force", sa.BigInteger, nullable=False))
    for table in ("kite", "note", "wind"):
        protect(table)
