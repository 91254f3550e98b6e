"""Where the tokens of OAuth connections are kept, sealed with a key of the environment."""

from alembic import op

revision = "0012"
down_revision = "0011"

_UP = """
CREATE TABLE oauth_grant (
    connection text PRIMARY KEY,
    app text NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    sealed bytea,
    obtained_at timestamptz,
    expires_at timestamptz,
    begun_at timestamptz,
    wanted_at timestamptz,
    reason text NOT NULL DEFAULT ''
);
COMMENT ON COLUMN oauth_grant.app IS 'Digest of the app and token server the tokens belong to; no others are used.';
COMMENT ON COLUMN oauth_grant.sealed IS 'The tokens, encrypted with HUB_SECRET_KEY; null before the first.';
COMMENT ON COLUMN oauth_grant.begun_at IS 'A renewal was sent then, and its answer is not stored yet.';
COMMENT ON COLUMN oauth_grant.wanted_at IS 'Since when a person has to give a new token, for reason.';
"""

_DOWN = """
DROP TABLE oauth_grant;
"""


def upgrade() -> None:
    """Add it."""
    if _UP.strip():
        op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(_DOWN)
