"""Two tables that decided nothing, and an order's number in a column of its own.

Which record carries what follows from its state, and its keys find it. An index over the text of the payload cost
every order that came in a hundred microseconds.
"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Drop the one, add the other."""
    op.execute(
        r"""
        DROP TABLE record_identifier, identifier;
        DROP INDEX fact_number;
        ALTER TABLE fact ADD COLUMN number text;
        COMMENT ON COLUMN fact.number IS 'An order''s own number, without signs and capitals: what people look for.';
        UPDATE fact SET number = nullif(
                lower(regexp_replace(substring(payload from '"number":"([^"]{1,100})"'), '[^[:alnum:]]', '', 'g')), '')
            WHERE kind = 'order';
        CREATE INDEX fact_number ON fact (number) WHERE number IS NOT NULL;
        -- Names that look alike, fillers and placeholder dates of birth are weighed otherwise now.
        INSERT INTO reresolve (record_id) SELECT id FROM record ON CONFLICT (record_id) DO NOTHING;
        """
    )


def downgrade() -> None:
    """Add the tables again, empty, and the index over the payload."""
    op.execute(
        r"""
        ALTER TABLE fact DROP COLUMN number;
        CREATE INDEX fact_number ON fact
            (lower(regexp_replace(substring(payload from '"number":"([^"]{1,100})"'), '[^[:alnum:]]', '', 'g')))
            WHERE kind = 'order';
        CREATE TABLE identifier (
            id uuid PRIMARY KEY, kind text NOT NULL, value text NOT NULL, shared boolean NOT NULL DEFAULT false
        );
        CREATE TABLE record_identifier (
            identifier_id uuid NOT NULL, record_id uuid NOT NULL, strength text NOT NULL, inbox_id bigint NOT NULL,
            PRIMARY KEY (identifier_id, record_id)
        );
        CREATE INDEX record_identifier_record ON record_identifier (record_id);
        """
    )
