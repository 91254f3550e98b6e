"""Fair turns per connection, completion per connection, notes, loads, and what a profile weighs as columns."""

import orjson
import sqlalchemy
from alembic import op

revision = "0006"
down_revision = "0005"

_UP = """
-- One clock: PostgreSQL's. clock_timestamp() counts on within a COPY, so that arrival still breaks ties.
ALTER TABLE inbox ALTER COLUMN received_at SET DEFAULT clock_timestamp();

-- Every connection has its own place in the queue, so that a flood on one makes no other wait.
ALTER TABLE inbox_queue ADD COLUMN connection text NOT NULL DEFAULT '';
UPDATE inbox_queue q SET connection = i.connection FROM inbox i WHERE i.id = q.inbox_id;
CREATE INDEX inbox_queue_turn ON inbox_queue (step, connection, inbox_id);
DROP INDEX inbox_queue_step;
CREATE OR REPLACE FUNCTION inbox_enqueue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_queue (inbox_id, connection) SELECT id, connection FROM added;
    PERFORM pg_notify('hub_wake', 'process');
    RETURN NULL;
END $$;

CREATE TABLE completion_rest (
    connection text PRIMARY KEY,
    not_before timestamptz NOT NULL,
    failures integer NOT NULL,
    reason text NOT NULL
);
COMMENT ON TABLE completion_rest IS 'A vendor that does not answer is left alone until then; its events wait.';

CREATE TABLE inbox_note (
    inbox_id bigint NOT NULL,
    position smallint NOT NULL,
    path text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (inbox_id, position)
);
COMMENT ON TABLE inbox_note IS 'Parts of an entry that were left out or changed while the rest was read; no values.';

-- Read without a cast over the stored text: one text that is no JSON to PostgreSQL must not stop the others.
ALTER TABLE profile ADD COLUMN suppressed boolean NOT NULL DEFAULT false,
    ADD COLUMN order_count integer NOT NULL DEFAULT 0, ADD COLUMN revenue numeric NOT NULL DEFAULT 0;
UPDATE profile SET suppressed = true WHERE golden LIKE '%"suppressed"_true%';

ALTER TABLE outbox ADD COLUMN held_at timestamptz;
CREATE INDEX outbox_held ON outbox (destination) WHERE held_at IS NOT NULL;
COMMENT ON COLUMN outbox.held_at IS 'Since when a write that cannot be undone waits for the end of a bulk load.';

CREATE TABLE bulk_load (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    since timestamptz NOT NULL,
    reason text NOT NULL
);
COMMENT ON TABLE bulk_load IS 'At most one row: since when much is coming in, and what it waits for.';

ALTER TABLE backfill ADD COLUMN parked bigint NOT NULL DEFAULT 0, ADD COLUMN skipped bigint NOT NULL DEFAULT 0,
    ADD COLUMN begun_at timestamptz NOT NULL DEFAULT now();
"""

_DOWN = """
ALTER TABLE backfill DROP COLUMN parked, DROP COLUMN skipped, DROP COLUMN begun_at;
DROP TABLE bulk_load, inbox_note, completion_rest;
ALTER TABLE outbox DROP COLUMN held_at;
ALTER TABLE profile DROP COLUMN suppressed, DROP COLUMN order_count, DROP COLUMN revenue;
CREATE OR REPLACE FUNCTION inbox_enqueue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_queue (inbox_id) SELECT id FROM added;
    PERFORM pg_notify('hub_wake', 'process');
    RETURN NULL;
END $$;
DROP INDEX inbox_queue_turn;
ALTER TABLE inbox_queue DROP COLUMN connection;
CREATE INDEX inbox_queue_step ON inbox_queue (step, inbox_id);
ALTER TABLE inbox ALTER COLUMN received_at DROP DEFAULT;
"""

_PAGE = 2_000
_READ = sqlalchemy.text(
    "SELECT id, golden FROM profile WHERE id > :after AND golden LIKE '%\"orders\"_{%' ORDER BY id LIMIT :most"
)
_WRITE = sqlalchemy.text("UPDATE profile SET order_count = :orders, revenue = :revenue WHERE id = :id")


def upgrade() -> None:
    """Add it; what stored profiles weigh is read here, one by one, and one that cannot be read weighs nothing."""
    op.execute(_UP)
    connection = op.get_bind()
    after = "00000000-0000-0000-0000-000000000000"
    while rows := connection.execute(_READ, {"after": after, "most": _PAGE}).fetchall():
        weighed = [{"id": id_, **found} for id_, golden in rows if (found := _weighed(golden))]
        if weighed:
            connection.execute(_WRITE, weighed)
        after = rows[-1][0]


def _weighed(golden: str) -> dict[str, object] | None:
    try:
        orders = orjson.loads(golden)["orders"]
        revenue = max((total["amount"] for total in orders.get("totals", ())), key=float, default="0")
        return {"orders": int(orders.get("count", 0)), "revenue": revenue}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def downgrade() -> None:
    """Drop it."""
    op.execute(_DOWN)
