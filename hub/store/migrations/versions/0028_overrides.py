"""What people say a stage or a lead's score is, against what is worked out."""

from alembic import op

revision = "0028"
down_revision = "0025"

_UP = """
CREATE TABLE trait_override (
    record_id uuid NOT NULL REFERENCES record ON DELETE CASCADE,
    trait text NOT NULL,
    value text NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL,
    reason text NOT NULL,
    until timestamptz,
    PRIMARY KEY (record_id, trait)
);
COMMENT ON TABLE trait_override IS 'A person knows better than what is worked out, until a day or for good. It hangs on
a record, so that merges and splits move it; of several of one person the newest holds.';
"""


def upgrade() -> None:
    """Add it."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE trait_override")
