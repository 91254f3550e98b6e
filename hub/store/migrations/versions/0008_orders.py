"""What an order or a refund says beyond its amount: nobody has paid yet; goods without money, money without goods."""

from alembic import op

revision = "0008"
down_revision = "0007"

# An order's JSON begins with its id, number and state; no cast reads it, for one that cannot be read would stop all.
_UP = r"""
ALTER TABLE fact ADD COLUMN aspect text CHECK (aspect IN ('open', 'goods', 'money'));
COMMENT ON COLUMN fact.aspect IS 'open: an order nobody has paid. goods, money: a refund that tells this side only.';
UPDATE fact SET aspect = 'open' WHERE kind = 'order'
    AND payload ~ '^\{"external_id":"([^"\\]|\\.)*",("number":"([^"\\]|\\.)*",)?"state":"open"';
"""

# What an order counts for is another sum now: their people are folded again, as the next event about them would do.
_AGAIN = """
INSERT INTO reresolve (record_id)
SELECT o.record_id FROM fact o WHERE o.kind = 'order' AND o.record_id IS NOT NULL AND (o.aspect = 'open'
    OR EXISTS (SELECT FROM fact p WHERE p.parent_id = o.id AND p.currency <> o.currency))
UNION SELECT o.record_id FROM fact o JOIN fact p ON p.parent_id = o.id AND p.kind = 'deletion'
    WHERE o.kind = 'order' AND o.record_id IS NOT NULL
ON CONFLICT (record_id) DO NOTHING
"""


def upgrade() -> None:
    """Add it, and let profiles tell it."""
    op.execute(_UP)
    op.execute(_AGAIN)


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE fact DROP COLUMN aspect")
