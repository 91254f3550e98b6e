"""What the stage orders needs beyond the first two."""

from alembic import op

revision = "0008"
down_revision = "0007"

_UP = """
"""


def upgrade() -> None:
    """Add it."""
    if _UP.strip():
        op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
