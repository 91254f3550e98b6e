"""What the stage processing needs beyond the first two."""

from alembic import op

revision = "0006"
down_revision = "0005"

_UP = """
"""


def upgrade() -> None:
    """Add it."""
    if _UP.strip():
        op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
