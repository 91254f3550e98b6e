"""Probabilistic identity: blocking keys, matches, crowds, judgements, and versions of rules and model."""

from alembic import op

revision = "0002"
down_revision = "0001"


_UP = """
ALTER TABLE record ADD COLUMN features text NOT NULL DEFAULT '';
COMMENT ON COLUMN record.features IS 'The record as identity compared it last, packed.';

CREATE TABLE record_key (
    key bigint NOT NULL,
    record_id uuid NOT NULL,
    PRIMARY KEY (key, record_id)
);
COMMENT ON TABLE record_key IS 'Blocking keys of each record''s present state, hashed. Fellows are compared.';

CREATE TABLE crowd (
    key bigint PRIMARY KEY,
    kind text NOT NULL,
    value text NOT NULL,
    people integer NOT NULL,
    carriers integer NOT NULL,
    shared boolean NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX crowd_shared ON crowd (at) WHERE shared;
COMMENT ON TABLE crowd IS 'Identifiers that more than one person uses; shared ones prove nothing.';

CREATE TABLE match (
    one uuid NOT NULL,
    other uuid NOT NULL,
    weight double precision NOT NULL,
    PRIMARY KEY (one, other),
    CHECK (one < other)
);
CREATE INDEX match_other ON match (other);
COMMENT ON TABLE match IS 'Pairs of records that are, or might be, one person; weight in bits.';

CREATE TABLE judgement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    verdict text NOT NULL CHECK (verdict IN ('same', 'different', 'hold')),
    one uuid[] NOT NULL,
    other uuid[] NOT NULL,
    by text NOT NULL,
    reason text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    withdrawn_by text
);
COMMENT ON TABLE judgement IS 'What people decided, for ever; a hold waits for a person.';

CREATE TABLE judgement_record (
    record_id uuid NOT NULL,
    judgement_id bigint NOT NULL REFERENCES judgement (id),
    PRIMARY KEY (record_id, judgement_id)
);
COMMENT ON TABLE judgement_record IS 'The judgements a record is named in, withdrawn ones not among them.';

CREATE TABLE dismissal (
    one uuid NOT NULL,
    other uuid NOT NULL,
    weight double precision NOT NULL,
    by text NOT NULL,
    reason text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    PRIMARY KEY (one, other)
);
CREATE INDEX dismissal_other ON dismissal (other);
COMMENT ON TABLE dismissal IS 'Reviews answered no for now: the pair comes back when its weight has grown.';

CREATE TABLE answer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    review uuid NOT NULL,
    answer text NOT NULL CHECK (answer IN ('accept', 'reject', 'never')),
    one uuid NOT NULL,
    other uuid NOT NULL,
    weight double precision,
    by text NOT NULL,
    reason text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    judgement_id bigint REFERENCES judgement (id)
);
CREATE INDEX answer_review ON answer (review, id);
COMMENT ON TABLE answer IS 'What people answered to reviews, each about its surest pair of records: to learn from.';

-- Which two profiles a match lies between is asked for all matches at once, to list the doubtful ones: answered out of
-- the index, without the wide rows of the records, it is four times as fast.
ALTER TABLE record DROP CONSTRAINT record_pkey, ADD PRIMARY KEY (id) INCLUDE (profile_id);

CREATE TABLE stake (
    profile_id uuid PRIMARY KEY,
    revenue numeric NOT NULL,
    orders integer NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE stake IS 'Read from golden profiles of open reviews now and then, to bring a long list into order.';

CREATE TABLE identity_version (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rules text,
    survivorship text,
    model text,
    records bigint NOT NULL,
    note text NOT NULL,
    by text NOT NULL,
    created_at timestamptz NOT NULL,
    active boolean NOT NULL,
    configured text,
    restores bigint
);
CREATE UNIQUE INDEX identity_version_active ON identity_version (active) WHERE active;
COMMENT ON TABLE identity_version IS 'Rules and trained weights, one active; null: configuration and shipped weights.
configured: what the files of rules said when it was made; restores: the earlier version it is a copy of.';

CREATE TABLE placement (
    record_id uuid NOT NULL,
    version bigint NOT NULL,
    profile_id uuid NOT NULL,
    PRIMARY KEY (record_id, version)
);
COMMENT ON TABLE placement IS 'Where a record was before a version of rules or weights moved it: to take that back.';

CREATE TABLE reresolve (
    record_id uuid PRIMARY KEY,
    unread boolean NOT NULL DEFAULT false
);
CREATE INDEX reresolve_unread ON reresolve (record_id) WHERE unread;
COMMENT ON TABLE reresolve IS 'To be resolved again in the background: after training, rules, an upgrade.
unread: of before an upgrade, and found by nobody until then; new entries wait for these.';
INSERT INTO reresolve (record_id, unread) SELECT id, true FROM record;
"""

_DOWN = """
DROP TABLE reresolve, placement, identity_version, stake, answer, dismissal, judgement_record, judgement, match, crowd,
    record_key;
ALTER TABLE record DROP COLUMN features, DROP CONSTRAINT record_pkey, ADD PRIMARY KEY (id);
"""


def upgrade() -> None:
    """Create the tables; records of before are queued to be resolved again."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(_DOWN)
