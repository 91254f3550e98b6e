"""Whether a person is asked about a doubtful match."""

from alembic import op

revision = "0020"
down_revision = "0019"

_UP = """
ALTER TABLE match ADD asked boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN match.asked IS
    'False where all that is known of both profiles says that they are two, or nearly so: nobody is asked then.';
"""

_DOWN = """
ALTER TABLE match DROP asked;
"""


def upgrade() -> None:
    """Add it: what is stored is asked about until one of its profiles is resolved again."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(_DOWN)
