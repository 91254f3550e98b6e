"""What the stage intake needs beyond the first two."""

from alembic import op

revision = "0003"
down_revision = "0002"

_UP = """
ALTER TABLE token ADD COLUMN expires_at timestamptz;
COMMENT ON COLUMN token.expires_at IS 'Null: never. Tokens of before have none.';
-- GET /api/v1/profiles?updated_since: what other systems ask for again and again.
CREATE INDEX profile_updated ON profile (updated_at, id);
"""


def upgrade() -> None:
    """Add it."""
    if _UP.strip():
        op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX profile_updated; ALTER TABLE token DROP COLUMN expires_at;")
