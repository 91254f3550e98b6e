"""What the stage records needs beyond the first two."""

from alembic import op

revision = "0009"
down_revision = "0008"

_UP = """
"""


def upgrade() -> None:
    """Add it."""
    if _UP.strip():
        op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
