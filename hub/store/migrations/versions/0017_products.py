"""Products are facts that belong to nobody; they are read in the order of their ids."""

from alembic import op

revision = "0017"
down_revision = "0014"

_UP = """
CREATE INDEX fact_product ON fact (id) WHERE kind = 'product';
"""

_DOWN = """
DROP INDEX fact_product;
"""


def upgrade() -> None:
    """Add the index."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(_DOWN)
