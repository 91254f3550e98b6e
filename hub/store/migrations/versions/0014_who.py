"""Finer keys, under which one person's many records stay together: all records are put under them in the background."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Queue all records to be resolved again; their profiles keep their ids."""
    op.execute("INSERT INTO reresolve (record_id) SELECT id FROM record ON CONFLICT (record_id) DO NOTHING")


def downgrade() -> None:
    """What stands under further keys harms nobody."""
