"""Two tables that decided nothing: which record carries what follows from its state, and its keys find it."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE record_identifier, identifier")


def downgrade() -> None:
    """Add them again, empty."""
    op.execute(
        """
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
