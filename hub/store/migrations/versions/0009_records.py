"""Replaced contacts, read anew from the events behind them; and indexes to find people by the numbers they have."""

from alembic import op

revision = "0009"
down_revision = "0008"

# Stored states do not tell which of two e-mails, phones or loyalty numbers was told in full, the events do. To process
# an entry again changes nothing else (law L2). By patterns and never by a cast: a state may hold what jsonb refuses.
_UP = r"""
INSERT INTO inbox_queue (inbox_id, connection)
SELECT DISTINCT told.event, inbox.connection
FROM record, LATERAL (
    SELECT (regexp_matches(record.state, '\[-?\d+,\d+,(\d+)\]', 'g'))[1]::bigint AS event) told
JOIN inbox ON inbox.id = told.event AND inbox.body IS NOT NULL
WHERE record.state ~ '"(emails|phones)":\{"[^"]*":\[\[[^]]*\],\[[-0-9,]*\]\],"'
    OR record.state ~ '"loyalty_ids":\{"[^"]*":\["[^"]*",\[[-0-9,]*\]\],"'
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
"""


def upgrade() -> None:
    """Queue the entries that told of records with more than one e-mail, phone or loyalty number."""
    op.execute(_UP)


def downgrade() -> None:
    """What was replaced is as much the record's as anything, as it was before."""
    op.execute(_DOWN)
