"""What a source replaced before Hub knew of it: the events behind such records are read again."""

from alembic import op

revision = "0009"
down_revision = "0008"

# Stored states do not tell which of two e-mails, phones or loyalty numbers was told in full, the events do. To process
# an entry again changes nothing else (law L2). By patterns and never by a cast: a state may hold what jsonb refuses.
_UP = r"""
INSERT INTO inbox_queue (inbox_id)
SELECT DISTINCT told.event
FROM record, LATERAL (
    SELECT (regexp_matches(record.state, '\[-?\d+,\d+,(\d+)\]', 'g'))[1]::bigint AS event) told
JOIN inbox ON inbox.id = told.event AND inbox.body IS NOT NULL
WHERE record.state ~ '"(emails|phones)":\{"[^"]*":\[\[[^]]*\],\[[-0-9,]*\]\],"'
    OR record.state ~ '"loyalty_ids":\{"[^"]*":\["[^"]*",\[[-0-9,]*\]\],"'
ON CONFLICT (inbox_id) DO NOTHING;
"""

_DOWN = """
UPDATE record_identifier SET strength = 'strong' WHERE strength = 'former';
"""


def upgrade() -> None:
    """Queue the entries that told of records with more than one e-mail, phone or loyalty number."""
    op.execute(_UP)


def downgrade() -> None:
    """What was replaced is as much the record's as anything, as it was before."""
    op.execute(_DOWN)
