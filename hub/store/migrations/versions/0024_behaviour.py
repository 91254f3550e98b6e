"""How far people came, the first channel of customers, what people said of tones, and what was told by alerts."""

from alembic import op

revision = "0024"
down_revision = "0023"

_UP = """
CREATE TABLE behaviour (
    profile_id uuid PRIMARY KEY,
    funnel double precision[] NOT NULL,
    ladder double precision[] NOT NULL,
    carted_at timestamptz,
    left_at timestamptz,
    left_total double precision,
    left_currency text,
    journeys text[] NOT NULL
);
CREATE INDEX behaviour_carted ON behaviour (carted_at) WHERE carted_at IS NOT NULL;
COMMENT ON TABLE behaviour IS 'A fold over what a person did besides ordering: first times (seconds since 1970) of each
step of the funnel and of the ladder, the cart that was left, and the journeys of the newest orders.';

ALTER TABLE customer_stat ADD first_via text NOT NULL DEFAULT '';
-- The next run folds everybody's orders and acts anew, as the first one did.
DELETE FROM insight_run;

CREATE TABLE tone (
    fact_id uuid PRIMARY KEY,
    tone text NOT NULL,
    about text NOT NULL,
    topic text NOT NULL,
    by text NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE tone IS 'What people said a message or mention is: it stands above what Hub hints at, and teaches it.';

CREATE TABLE alert (
    key text PRIMARY KEY,
    kind text NOT NULL,
    since timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    sent_at timestamptz,
    sent bigint NOT NULL DEFAULT 0,
    failed text NOT NULL DEFAULT '',
    text text NOT NULL
);
COMMENT ON TABLE alert IS 'What people were alerted of and is not over: sent again only after a while. A digest has the
key digest.';
"""

_DOWN = """
DROP TABLE alert;
DROP TABLE tone;
ALTER TABLE customer_stat DROP first_via;
DROP TABLE behaviour;
"""


def upgrade() -> None:
    """Add them. The next run fills them."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(_DOWN)
