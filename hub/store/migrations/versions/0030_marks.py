"""What was recorded and is to be placed: identity works in two transactions, and this stands between them."""

from alembic import op

revision = "0030"
down_revision = "0029"

_UP = """
CREATE TABLE mark (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    compared uuid[] NOT NULL,
    folded uuid[] NOT NULL,
    again boolean NOT NULL DEFAULT false,
    told text NOT NULL DEFAULT '',
    tries integer NOT NULL DEFAULT 0,
    failed text,
    at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE mark IS 'Records of a batch that are to be placed. compared: with whoever may be the same person;
folded: their profile is folded again. told: what else the batch tells destinations, as JSON. failed: why it was set
aside.';
"""

_DOWN = """
-- What was not placed yet is resolved again by the release before.
INSERT INTO reresolve (record_id, unread)
    SELECT DISTINCT one, true FROM mark, unnest(mark.compared || mark.folded) AS one
    ON CONFLICT (record_id) DO UPDATE SET unread = true;
DROP TABLE mark;
"""


def upgrade() -> None:
    """Add it, empty: the release before placed what it recorded in the same transaction."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(_DOWN)
