"""What was stored is read once more; how long a write is held; which sources are refused.

Times far ahead of their arrival count as their arrival now, and facts replace what the same entry told before
(``hub.application.process``). Who came from another edition of 0009 was never read again: here everybody is, once.
"""

from alembic import op

revision = "0013"
down_revision = "0012"

_UP = """
ALTER TABLE outbox ADD COLUMN held_since timestamptz;
COMMENT ON COLUMN outbox.held_since IS 'When it was held first, though it changed since; until it is sent.';
UPDATE outbox SET held_since = held_at WHERE held_at IS NOT NULL;

CREATE TABLE arrival (
    connection text PRIMARY KEY,
    accepted_at timestamptz,
    refused_since timestamptz,
    refused_at timestamptz,
    refused bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE arrival IS 'When the signatures of a connection''s deliveries were accepted and refused last.';
COMMENT ON COLUMN arrival.refused_since IS 'Of the first since one was accepted; null while all is well.';

INSERT INTO inbox_queue (inbox_id, step, connection)
SELECT id, 'reread', connection FROM inbox
WHERE body IS NOT NULL AND NOT EXISTS (SELECT FROM inbox_outcome o WHERE o.inbox_id = inbox.id)
ON CONFLICT (inbox_id) DO NOTHING;

-- A salutation without a first name is weighed now (``hub.matching.features``).
INSERT INTO reresolve (record_id) SELECT id FROM record ON CONFLICT (record_id) DO NOTHING;
"""

_DOWN = """
DROP TABLE arrival;
ALTER TABLE outbox DROP COLUMN held_since;
DELETE FROM inbox_queue WHERE step = 'reread';
"""


def upgrade() -> None:
    """Add it, and queue all that was read."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute(_DOWN)
