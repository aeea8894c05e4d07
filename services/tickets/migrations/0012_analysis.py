"""tickets: analysis."""

revision = "0012"
down_revision = "0011"


def upgrade():
    pass
