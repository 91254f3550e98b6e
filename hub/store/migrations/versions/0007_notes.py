"""What the stage notes needs beyond the first two."""

from alembic import op

revision = "0007"
down_revision = "0006"

_UP = """
"""


def upgrade() -> None:
    """Add it."""
    if _UP.strip():
        op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
