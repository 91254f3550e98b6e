"""What the stage delivery needs beyond the first two."""

from alembic import op

revision = "0005"
down_revision = "0004"

_UP = """
ALTER TABLE destination_state
    ADD COLUMN answers integer NOT NULL DEFAULT 0,
    ADD COLUMN settings text NOT NULL DEFAULT '';
COMMENT ON COLUMN destination_state.answers IS 'Calls answered since the last failure; a few of them end the failures.';
COMMENT ON COLUMN destination_state.settings IS 'Fingerprint of the settings under which it failed; others lift it.';

ALTER TABLE outbox ADD COLUMN refused text NOT NULL DEFAULT '';
COMMENT ON COLUMN outbox.refused IS 'Which values the destination refused, with its codes; the row went out without.';
CREATE INDEX outbox_refused ON outbox (destination, key) WHERE refused <> '';
"""


def upgrade() -> None:
    """Add it."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(
        """
        DROP INDEX outbox_refused;
        ALTER TABLE outbox DROP COLUMN refused;
        ALTER TABLE destination_state DROP COLUMN answers, DROP COLUMN settings;
        """
    )
