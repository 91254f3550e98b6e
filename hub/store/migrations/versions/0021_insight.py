"""Insight: order days per customer, traits, versions of what they are weighed by, and the history of segments."""

from alembic import op

revision = "0021"
down_revision = "0020"

_UP = """
CREATE TABLE customer_stat (
    profile_id uuid PRIMARY KEY,
    days integer[] NOT NULL,
    nets double precision[] NOT NULL,
    currency text NOT NULL,
    via text NOT NULL
);
COMMENT ON TABLE customer_stat IS 'A fold over the counted orders of a profile: UTC days since 1970 with an order, net
amounts of each in the main currency, and the connection of the last order.';

CREATE TABLE trait (
    profile_id uuid PRIMARY KEY,
    told text NOT NULL,
    stage text NOT NULL,
    segments text[] NOT NULL,
    model_id bigint NOT NULL,
    as_of timestamptz NOT NULL,
    due_at timestamptz
);
CREATE INDEX trait_due ON trait (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX trait_segments ON trait USING gin (segments) WHERE segments <> '{}';
ALTER TABLE trait SET (fillfactor = 80);
COMMENT ON TABLE trait IS 'What was worked out of a profile, as it is told to people and destinations. due_at: when
time alone changes something of it.';

CREATE TABLE insight_model (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model text NOT NULL,
    note text NOT NULL,
    by text NOT NULL,
    made_at timestamptz NOT NULL,
    active boolean NOT NULL,
    restores bigint
);
CREATE UNIQUE INDEX insight_model_active ON insight_model (active) WHERE active;
COMMENT ON TABLE insight_model IS 'Versions of what customers are weighed by; one is in force, null: fixed days.';

CREATE TABLE insight_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    profiles bigint NOT NULL,
    changed bigint NOT NULL,
    seconds double precision NOT NULL
);
COMMENT ON TABLE insight_run IS 'Every time the traits of everybody were worked out.';

CREATE TABLE segment_size (
    segment text NOT NULL,
    day date NOT NULL,
    size bigint NOT NULL,
    PRIMARY KEY (segment, day)
);

CREATE TABLE product_pair (
    item text NOT NULL,
    place smallint NOT NULL,
    other text NOT NULL,
    score double precision NOT NULL,
    both_bought integer NOT NULL,
    bought integer NOT NULL,
    PRIMARY KEY (item, place)
);
COMMENT ON TABLE product_pair IS 'What customers of an item bought too, the likeliest first; made by every run.
The item "" has what is bought most.';
"""

_DOWN = """
DROP TABLE product_pair, segment_size, insight_run, insight_model, trait, customer_stat;
"""


def upgrade() -> None:
    """Add them. The first run fills them."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(_DOWN)
