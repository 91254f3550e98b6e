"""Mails that forms want sent."""

from alembic import op

revision = "0026"
down_revision = "0025"

_UP = """
CREATE TABLE mail (
    inbox_id bigint PRIMARY KEY,
    connection text NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    reason text NOT NULL DEFAULT '',
    recipient text,
    sent_at timestamptz
);
CREATE INDEX mail_due ON mail (due_at) WHERE state = 'waiting';
CREATE INDEX mail_sent ON mail (sent_at) WHERE sent_at IS NOT NULL;
COMMENT ON TABLE mail IS 'One mail for each form that asks for one: waiting, sent, failed, or held, as its address had
enough of them. What it says is read from the entry; recipient is a keyed digest of the address.';
"""


def upgrade() -> None:
    """Add it."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE mail")
