"""Products are facts that belong to nobody; and what the last comparison of a source with Hub found."""

from alembic import op

revision = "0016"
down_revision = "0015"

_UP = """
CREATE INDEX fact_product ON fact (id) WHERE kind = 'product';

CREATE TABLE reconciliation (
    connection text PRIMARY KEY,
    begun_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT now(),
    since timestamptz,
    found text NOT NULL
);
COMMENT ON TABLE reconciliation IS 'The last comparison of what a source holds with what Hub has of it.';
COMMENT ON COLUMN reconciliation.found IS 'Counts by state, as JSON; no ids.';
"""

_DOWN = """
DROP TABLE reconciliation;
DROP INDEX fact_product;
"""


def upgrade() -> None:
    """Add both."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop both."""
    op.execute(_DOWN)
