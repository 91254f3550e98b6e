"""What the stage intake needs beyond the first two."""

from alembic import op

revision = "0003"
down_revision = "0002"

_UP = """
"""


def upgrade() -> None:
    """Add it."""
    if _UP.strip():
        op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
