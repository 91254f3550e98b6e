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


def upgrade() -> None:
    """Add it. 0009 has profiles folded again by it."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE fact DROP COLUMN aspect")
