"""Holds the place of the migration that another part of this issue brings; replaced when the parts are merged."""

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Nothing."""


def downgrade() -> None:
    """Nothing."""
