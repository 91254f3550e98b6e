"""The first schema."""

from alembic import op

revision = "0001"
down_revision = None

# The tables of the hot path have no foreign keys: each would cost a look-up per row, and what they would guard is
# written in the same statement or transaction as what it points at.
SCHEMA = """
-- intake -------------------------------------------------------------------------------------------------------------
CREATE TABLE inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection text NOT NULL,
    event_id text NOT NULL,
    topic text NOT NULL,
    headers text NOT NULL,
    body bytea,
    received_at timestamptz NOT NULL,
    UNIQUE (connection, event_id)
);
COMMENT ON TABLE inbox IS 'Every verified delivery, as it came. Append-only; the unique key outlives the body.';

CREATE TABLE inbox_queue (
    inbox_id bigint PRIMARY KEY,
    step text NOT NULL DEFAULT 'process',
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0
);
-- Thin events may wait for days while their vendor is away; a claim must not walk over them.
CREATE INDEX inbox_queue_step ON inbox_queue (step, inbox_id);
COMMENT ON TABLE inbox_queue IS 'Entries that wait for a step: complete (fetch what a thin event lacks) or process.';

-- A statement trigger keeps entry, queue row and wake-up in one COPY: no entry can be stored and never be worked on,
-- and storing a batch takes one statement.
CREATE FUNCTION inbox_enqueue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_queue (inbox_id) SELECT id FROM added;
    PERFORM pg_notify('hub_wake', 'process');
    RETURN NULL;
END $$;
CREATE TRIGGER inbox_enqueue AFTER INSERT ON inbox
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION inbox_enqueue();

CREATE TABLE inbox_outcome (
    inbox_id bigint PRIMARY KEY REFERENCES inbox (id),
    state text NOT NULL CHECK (state IN ('skipped', 'parked')),
    reason text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX inbox_outcome_state ON inbox_outcome (state, inbox_id);
COMMENT ON TABLE inbox_outcome IS 'An entry neither here nor in inbox_queue is done.';

CREATE TABLE completion (
    inbox_id bigint NOT NULL REFERENCES inbox (id),
    name text NOT NULL,
    body bytea NOT NULL,
    fetched_at timestamptz NOT NULL,
    PRIMARY KEY (inbox_id, name)
);
COMMENT ON TABLE completion IS 'Bodies fetched for thin events, so that replay stays pure. Empty: it does not exist.';

CREATE TABLE backfill (
    connection text PRIMARY KEY,
    cursor text NOT NULL,
    since timestamptz,
    stored bigint NOT NULL,
    total bigint,
    finished boolean NOT NULL,
    updated_at timestamptz NOT NULL
);

-- identity -----------------------------------------------------------------------------------------------------------
CREATE TABLE record (
    id uuid PRIMARY KEY,
    connection text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    profile_id uuid NOT NULL,
    state text NOT NULL,
    first_seen timestamptz NOT NULL
);
CREATE INDEX record_profile ON record (profile_id);
COMMENT ON TABLE record IS 'One source''s view of one customer: the leaves. id is derived from connection, kind, id.';

CREATE TABLE identifier (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    value text NOT NULL,
    shared boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE identifier IS 'id is derived from kind and value. Locking these rows orders concurrent resolves.';

CREATE TABLE record_identifier (
    identifier_id uuid NOT NULL,
    record_id uuid NOT NULL,
    strength text NOT NULL,
    inbox_id bigint NOT NULL,
    PRIMARY KEY (identifier_id, record_id)
);
CREATE INDEX record_identifier_record ON record_identifier (record_id);
COMMENT ON TABLE record_identifier IS 'Evidence: this record carries this identifier; inbox_id names the event.';

-- profiles -----------------------------------------------------------------------------------------------------------
CREATE TABLE profile (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    golden text NOT NULL,
    search text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX profile_search ON profile USING gin (to_tsvector('simple', search));
COMMENT ON TABLE profile IS 'The golden profile: a fold over the records that point here.';

CREATE TABLE alias (
    id uuid PRIMARY KEY,
    profile_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz NOT NULL
);
CREATE INDEX alias_profile ON alias (profile_id);
COMMENT ON TABLE alias IS 'Retired profile ids; they redirect for ever.';

CREATE TABLE history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    profile_id uuid NOT NULL,
    at timestamptz NOT NULL,
    what text NOT NULL CHECK (what IN ('merged', 'split')),
    other_id uuid NOT NULL,
    evidence text NOT NULL
);
CREATE INDEX history_profile ON history (profile_id);

CREATE TABLE fact (
    id uuid PRIMARY KEY,
    connection text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    record_id uuid,
    parent_id uuid,
    happened_at timestamptz NOT NULL,
    version_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    amount numeric,
    currency text,
    counted boolean NOT NULL,
    payload text NOT NULL,
    inbox_id bigint NOT NULL,
    record_version_at timestamptz,
    record_received_at timestamptz
);
CREATE INDEX fact_record ON fact (record_id) WHERE record_id IS NOT NULL;
CREATE INDEX fact_parent ON fact (parent_id) WHERE parent_id IS NOT NULL;
COMMENT ON TABLE fact IS 'Orders, their parts, carts, interactions, privacy requests. They hang on records.';

-- delivery -----------------------------------------------------------------------------------------------------------
CREATE TABLE outbox (
    destination text NOT NULL,
    key uuid NOT NULL,
    subject text NOT NULL CHECK (subject IN ('profile', 'order')),
    profile_id uuid NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'retrying', 'delivered', 'rejected', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    uncertain boolean NOT NULL DEFAULT false,
    due_at timestamptz NOT NULL,
    enqueued_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    reason text NOT NULL DEFAULT '',
    events bigint[] NOT NULL,
    PRIMARY KEY (destination, key)
);
CREATE INDEX outbox_due ON outbox (destination, subject, due_at) WHERE state IN ('pending', 'retrying');
CREATE INDEX outbox_failed ON outbox (destination, state) WHERE state IN ('rejected', 'dead');
CREATE INDEX outbox_profile ON outbox (profile_id);
COMMENT ON TABLE outbox IS 'This profile or order differs at this destination. One row each: changes coalesce.';

CREATE TABLE mirror (
    destination text NOT NULL,
    key uuid NOT NULL,
    properties text NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (destination, key)
);
COMMENT ON TABLE mirror IS 'What we last wrote there.';

CREATE TABLE crosswalk (
    destination text NOT NULL,
    external_id text NOT NULL,
    subject text NOT NULL CHECK (subject IN ('profile', 'order')),
    key uuid NOT NULL,
    merged boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (destination, subject, external_id)
);
CREATE INDEX crosswalk_key ON crosswalk (key, destination);
COMMENT ON TABLE crosswalk IS 'Our id to theirs. merged: their record was merged away there.';

CREATE TABLE attempt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    destination text NOT NULL,
    key uuid NOT NULL,
    version bigint NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL,
    events bigint[] NOT NULL
);
CREATE INDEX attempt_key ON attempt (key);

CREATE TABLE destination_state (
    destination text PRIMARY KEY,
    lease_owner text,
    lease_until timestamptz,
    failures integer NOT NULL DEFAULT 0,
    not_before timestamptz,
    reason text NOT NULL DEFAULT '',
    credentials text NOT NULL DEFAULT ''
);
COMMENT ON TABLE destination_state IS 'One sender at a time per destination; its breaker and its pause.';

-- access -------------------------------------------------------------------------------------------------------------
CREATE TABLE token (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    digest bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);

-- Queues turn over thousands of rows a second: vacuum by count, not by share, and without pauses.
ALTER TABLE inbox_queue SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000);
ALTER TABLE outbox SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE record SET (fillfactor = 70);
ALTER TABLE profile SET (fillfactor = 70);
"""

# A PostgreSQL may be built without lz4 (the embedded one is), and pglz costs more than all else of storing an event:
# then bodies are stored as they are.
LZ4 = """
DO $$ BEGIN
    ALTER TABLE inbox ALTER COLUMN body SET COMPRESSION lz4;
    ALTER TABLE fact ALTER COLUMN payload SET COMPRESSION lz4;
    ALTER TABLE record ALTER COLUMN state SET COMPRESSION lz4;
    ALTER TABLE profile ALTER COLUMN golden SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    ALTER TABLE inbox ALTER COLUMN body SET STORAGE EXTERNAL;
END $$;
"""


def upgrade() -> None:
    op.execute(SCHEMA)
    op.execute(LZ4)


def downgrade() -> None:
    op.execute(
        """
        DROP TABLE token, destination_state, attempt, crosswalk, mirror, outbox, fact, history, alias, profile,
            record_identifier, identifier, record, backfill, completion, inbox_outcome, inbox_queue, inbox CASCADE;
        DROP FUNCTION inbox_enqueue;
        """
    )
