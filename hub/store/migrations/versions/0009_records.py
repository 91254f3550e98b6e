"""Replaced contacts, read anew from the events behind them; and indexes to find people by the numbers they have."""

from alembic import op

revision = "0009"
down_revision = "0008"

# Stored states do not tell what was told in full, the events do: without it, nothing a source replaces from now on is
# replaced. They are read once more in the background, after what is new, and nothing but that is taken from them
# (``hub.identity.record_changes``, ``reread``). What was skipped or parked told nothing.
_UP = r"""
INSERT INTO inbox_queue (inbox_id, step, connection)
SELECT id, 'reread', connection FROM inbox
WHERE body IS NOT NULL AND NOT EXISTS (SELECT FROM inbox_outcome o WHERE o.inbox_id = inbox.id)
ON CONFLICT (inbox_id) DO NOTHING;

-- People are found by what is in front of them: a customer number, an order's number, a date of birth.
-- Of each the beginning: an id may be longer than a page of an index holds (a csv's may be a whole text).
CREATE INDEX record_external_id ON record (left(external_id, 100));
CREATE INDEX fact_number ON fact
    (lower(regexp_replace(substring(payload from '"number":"([^"]{1,100})"'), '[^[:alnum:]]', '', 'g')))
    WHERE kind = 'order';
CREATE INDEX history_at ON history (at, id) WHERE what = 'merged';
UPDATE profile SET search = search || ' ' || replace(substring(golden from '"birth_date":"([-0-9]{10})"'), '-', '')
WHERE golden ~ '"birth_date":"[-0-9]{10}"';

-- Who is one person is weighed otherwise now, and orders count otherwise (0008): else the next event about each would
-- tell, and two people of whom the same is stored would differ until then.
INSERT INTO reresolve (record_id) SELECT id FROM record ON CONFLICT (record_id) DO NOTHING;
"""

_DOWN = """
DROP INDEX record_external_id, fact_number, history_at;
UPDATE record_identifier SET strength = 'strong' WHERE strength = 'former';
DELETE FROM inbox_queue WHERE step = 'reread';
"""


def upgrade() -> None:
    """Queue all that was read to be read once more, and all records to be resolved again."""
    op.execute(_UP)


def downgrade() -> None:
    """What was replaced is as much the record's as anything, as it was before."""
    op.execute(_DOWN)
