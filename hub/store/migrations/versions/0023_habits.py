"""What is known of products by how they are bought: price, category, when again, and what dearer one comes after."""

from alembic import op

revision = "0023"
down_revision = "0022"

_UP = """
CREATE TABLE product_habit (
    item text PRIMARY KEY,
    category text,
    price double precision,
    currency text,
    gap_days double precision NOT NULL,
    again integer NOT NULL,
    bought integer NOT NULL
);
COMMENT ON TABLE product_habit IS 'Of each item: what one costs on the mean, its category, the median of days until it
is bought again (0: nobody knows), how many bought it again, and how many at all. Made by every fit.';

CREATE TABLE product_step (
    item text NOT NULL,
    place smallint NOT NULL,
    other text NOT NULL,
    moved integer NOT NULL,
    owners integer NOT NULL,
    PRIMARY KEY (item, place)
);
COMMENT ON TABLE product_step IS 'Which dearer item of the same category owners of an item bought later, the likeliest
first. Made by every fit.';
"""


def upgrade() -> None:
    """Add them. The next fit fills them."""
    op.execute(_UP)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE product_step, product_habit")
