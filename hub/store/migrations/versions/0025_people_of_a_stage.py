"""An index that leads to the people of a stage, those first of whom most is expected."""

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Add it."""
    op.execute(
        'CREATE INDEX trait_stage ON trait (stage, (substring(told from \'"value_next_year":"?([0-9.]+)\')::numeric) '
        "DESC NULLS LAST, profile_id)"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX trait_stage")
