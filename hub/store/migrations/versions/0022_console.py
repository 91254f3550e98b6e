"""What vendors tell of their limits, and the hours of the last comparison of a source."""

from alembic import op

revision = "0022"
down_revision = "0021"

_UP = """
CREATE TABLE quota (
    connection text NOT NULL,
    period text NOT NULL CHECK (period IN ('day', 'moment')),
    allowed bigint,
    remaining bigint NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (connection, period)
);
COMMENT ON TABLE quota IS 'Calls that a vendor said are left, as its last answers told; noted twice a minute at most.';

ALTER TABLE reconciliation ADD hours text NOT NULL DEFAULT '[]';
COMMENT ON COLUMN reconciliation.hours IS
    'JSON: [hour (UTC), items, items that were not here] of the hours that were compared, the newest 31 days.';
"""

_DOWN = """
ALTER TABLE reconciliation DROP hours;
DROP TABLE quota;
"""


def upgrade() -> None:
    """Add them: they fill with the next calls and comparisons."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(_DOWN)
