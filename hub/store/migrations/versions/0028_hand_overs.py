"""Hand-overs between marketing and sales, opt-outs that go first, addresses nobody writes to, and tokens of shops."""

from alembic import op

revision = "0028"
down_revision = "0027"

_UP = """
CREATE TABLE hand_over (
    id uuid PRIMARY KEY,
    profile_id uuid NOT NULL,
    at timestamptz NOT NULL,
    came_from text,
    state text NOT NULL,
    reason text NOT NULL,
    owner text,
    follow_up text,
    value numeric,
    currency text,
    due_at timestamptz,
    held_until timestamptz,
    left_at timestamptz
);
CREATE INDEX hand_over_profile ON hand_over (profile_id, at DESC);
CREATE UNIQUE INDEX hand_over_current ON hand_over (profile_id) WHERE left_at IS NULL;
CREATE INDEX hand_over_owner ON hand_over (owner) WHERE owner IS NOT NULL;
COMMENT ON TABLE hand_over IS 'Who came into which state of the funnel, and why. A merged profile keeps its rows: they
are its own again when the merge is undone.';

ALTER TABLE outbox ADD urgent boolean NOT NULL DEFAULT false;
CREATE INDEX outbox_urgent ON outbox (destination, subject, due_at)
    WHERE urgent AND state IN ('pending', 'retrying');
COMMENT ON COLUMN outbox.urgent IS 'It carries an opt-out: it goes before all others.';

ALTER TABLE attempt ADD confirmed boolean;
COMMENT ON COLUMN attempt.confirmed IS 'Whether an opt-out that this attempt wrote was read back; null where none was.';

CREATE TABLE suppression (
    digest bytea NOT NULL,
    channel text NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    connection text NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (digest, channel, reason)
);
COMMENT ON TABLE suppression IS 'Keyed digests of addresses and numbers that nobody may write to, whatever is imported
again: of erased people, complaints, hard bounces, and those named by hand. No address can be read from it.';

ALTER TABLE token DROP CONSTRAINT token_role_check;
ALTER TABLE token ADD CONSTRAINT token_role_check CHECK (role IN ('shop', 'viewer', 'operator', 'admin'));
ALTER TABLE token ADD connection text;
COMMENT ON COLUMN token.connection IS 'Of which shop the bearer is: it is told of the people that it knows itself.';

CREATE TABLE suppression_key (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    key bytea NOT NULL
);
COMMENT ON TABLE suppression_key IS 'The key of these digests, made with the first of them.';
"""

_DOWN = """
DROP TABLE suppression_key, suppression;
ALTER TABLE attempt DROP confirmed;
DROP INDEX outbox_urgent;
ALTER TABLE outbox DROP urgent;
DROP TABLE hand_over;
DELETE FROM token WHERE role = 'shop';
ALTER TABLE token DROP connection;
ALTER TABLE token DROP CONSTRAINT token_role_check;
ALTER TABLE token ADD CONSTRAINT token_role_check CHECK (role IN ('viewer', 'operator', 'admin'));
"""


def upgrade() -> None:
    """Add them."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop them: a list of suppressed addresses is gone then."""
    op.execute(_DOWN)
