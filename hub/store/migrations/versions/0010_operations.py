"""What the stage operations needs beyond the first two."""

from alembic import op

revision = "0010"
down_revision = "0009"

_UP = """
"""


def upgrade() -> None:
    """Add it."""
    if _UP.strip():
        op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
