"""What visitors did of whom nothing else is known is removed after some time: how far that went."""

from alembic import op

revision = "0019"
down_revision = "0018"

_UP = """
CREATE INDEX fact_interaction ON fact (received_at) WHERE kind = 'interaction';
INSERT INTO retention (kind) VALUES ('visits');
"""

_DOWN = """
DELETE FROM retention WHERE kind = 'visits';
DROP INDEX fact_interaction;
"""


def upgrade() -> None:
    """Add both."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop both."""
    op.execute(_DOWN)
