"""What operators see and set: who paused a destination, since when something is wrong, what is written again whole."""

from alembic import op

revision = "0010"
down_revision = "0009"

_UP = """
ALTER TABLE destination_state ADD COLUMN since timestamptz, ADD COLUMN paused_at timestamptz,
    ADD COLUMN paused_by text NOT NULL DEFAULT '';
COMMENT ON COLUMN destination_state.since IS 'When the first of the failures in a row was; null while all is well.';
COMMENT ON COLUMN destination_state.paused_at IS 'A person wants nothing sent there; not_before is the machine''s own.';

ALTER TABLE outbox ADD COLUMN whole boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN outbox.whole IS 'Written again as if nobody knew what stands there, whatever the mirror says.';

CREATE TABLE route_change (
    profile_id uuid PRIMARY KEY,
    due_at timestamptz NOT NULL
);
CREATE INDEX route_change_due ON route_change (due_at);
COMMENT ON TABLE route_change IS 'When a route''s condition on time may come out otherwise though nothing changed.';

ALTER TABLE completion_rest ADD COLUMN since timestamptz NOT NULL DEFAULT now();
"""

_DOWN = """
DROP TABLE route_change;
ALTER TABLE completion_rest DROP COLUMN since;
ALTER TABLE outbox DROP COLUMN whole;
ALTER TABLE destination_state DROP COLUMN since, DROP COLUMN paused_at, DROP COLUMN paused_by;
"""


def upgrade() -> None:
    """Add it."""
    if _UP.strip():
        op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(_DOWN)
