"""Activities: entries in a person's history at a destination, a third kind of what is delivered."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Let outbox and crosswalk name them. What is stored stays as it is."""
    for table in ("outbox", "crosswalk"):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_subject_check")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_subject_check"
            " CHECK (subject IN ('profile', 'order', 'activity')) NOT VALID"
        )


def downgrade() -> None:
    """An older release knows no activities: those that wait are dropped; what was delivered stays there."""
    for table in ("outbox", "crosswalk"):
        op.execute(f"DELETE FROM {table} WHERE subject = 'activity'")
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_subject_check")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_subject_check CHECK (subject IN ('profile', 'order'))")
