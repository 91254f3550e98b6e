"""Whose webhooks Hub made at the vendor, and watches."""

from alembic import op

revision = "0017"
down_revision = "0016"

_UP = """
CREATE TABLE subscription (
    connection text PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT now(),
    looked_at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL DEFAULT '',
    silent_since timestamptz
);
COMMENT ON COLUMN subscription.reason IS 'What was wrong when it was looked last; empty when nothing was.';
"""

_DOWN = """
DROP TABLE subscription;
"""


def upgrade() -> None:
    """Add it."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(_DOWN)
