"""tickets: what the words of a report propose."""

from alembic import op

revision = "0010"
down_revision = "0009"

TICKET = """
ALTER TABLE ticket ADD COLUMN proposed jsonb;
"""


def upgrade():
    op.execute(TICKET)
