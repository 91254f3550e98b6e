"""What Hub wrote and read at systems that people edit as well, so that an echo is known, and what is gone there."""

from alembic import op

revision = "0029"
down_revision = "0028"

_UP = """
CREATE TABLE write_print (
    destination text NOT NULL,
    key uuid NOT NULL,
    at timestamptz NOT NULL,
    digests text NOT NULL
);
CREATE INDEX write_print_key ON write_print (key, destination);
CREATE INDEX write_print_at ON write_print (at);
COMMENT ON TABLE write_print IS 'What stood in a record there: written by Hub, or found there. Keyed digests by field;
kept for some days, because webhooks of older writes come late.';

CREATE TABLE reading (
    inbox_id bigint PRIMARY KEY,
    told text NOT NULL
);
COMMENT ON TABLE reading IS 'Which fields of what was read there were edits of people, so that a replay says the same.';

ALTER TABLE crosswalk ADD gone_at timestamptz;
COMMENT ON COLUMN crosswalk.gone_at IS 'When people deleted this record there. Hub makes no new one by itself.';

CREATE TABLE drift (
    destination text NOT NULL,
    key uuid NOT NULL,
    external_id text NOT NULL,
    property text NOT NULL,
    found_at timestamptz NOT NULL,
    PRIMARY KEY (destination, key, property)
);
COMMENT ON TABLE drift IS 'What does not stand there as Hub wrote it: a person has to say which of both holds.';
"""

_DOWN = """
DROP TABLE drift;
ALTER TABLE crosswalk DROP gone_at;
DROP TABLE reading;
DROP TABLE write_print;
"""


def upgrade() -> None:
    """Add them, empty: what was written before is known by its mirror."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop them."""
    op.execute(_DOWN)
