"""Retention: how far each kind has been gone through, and what was passed over because it was still needed."""

from alembic import op

revision = "0004"
down_revision = "0003"

_UP = """
CREATE TABLE retention (
    kind text PRIMARY KEY,
    upto bigint NOT NULL DEFAULT 0,
    removed bigint NOT NULL DEFAULT 0,
    at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE retention IS 'Per kind: the last id that was old enough and looked at, and how much was removed.';
INSERT INTO retention (kind) VALUES ('bodies'), ('attempts'), ('outcomes');

CREATE TABLE retention_held (inbox_id bigint PRIMARY KEY);
COMMENT ON TABLE retention_held IS 'Old entries whose bodies were kept, as they wait or are parked; looked at again.';
"""


def upgrade() -> None:
    """Add it."""
    if _UP.strip():
        op.execute(_UP)


def downgrade() -> None:
    """Drop it. What was removed does not come back."""
    op.execute("DROP TABLE retention, retention_held")
