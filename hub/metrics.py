"""Every metric, in one place. Labels are connector, connection, destination, outcome, reason and stage; never a person.

Each process exposes its own numbers; Prometheus adds them up. Gauges are set by the scheduler's sweep, from the rows.
"""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE = CONTENT_TYPE_LATEST

# The stages, in the order of hub/pipeline.py.
RECEIVED = Counter(
    "hub_intake_received_total",
    "Webhook requests by what became of them: stored, answered, refused, too_large, unknown, unavailable, gone.",
    ["connection", "outcome"],
)
REFUSED = Counter(
    "hub_intake_refused_total",
    "Deliveries refused, by reason (signature).",
    ["connection", "reason"],
)
STORED = Counter("hub_intake_stored_total", "Inbox entries: stored or duplicate.", ["connection", "outcome"])
NORMALISED = Counter(
    "hub_normalise_entries_total", "Inbox entries read: done, skipped, parked.", ["connection", "outcome"]
)
RESOLVED = Counter("hub_resolve_records_total", "Records taken in: created, changed.", ["outcome"])
SURVIVED = Counter("hub_survive_profiles_total", "Profiles folded: changed, unchanged.", ["outcome"])
ENQUEUED = Counter("hub_outbox_enqueued_total", "Outbox rows: queued.", ["destination", "outcome"])
RENDERED = Counter("hub_outbox_rendered_total", "Rows rendered: write or unchanged.", ["destination", "outcome"])
CALLS = Counter(
    "hub_outbox_calls_total",
    "Calls to destinations by how they ended: ok, rate_limited, unavailable, auth, rejected, conflict, bug.",
    ["destination", "outcome"],
)
RESULTS = Counter(
    "hub_outbox_results_total", "Results per row: delivered, retry, rejected, dead.", ["destination", "outcome"]
)

STAGE_SECONDS = Histogram(
    "hub_stage_seconds",
    "Seconds one batch (one request in intake, one call in send) spends in a stage.",
    ["stage"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
INBOX_LAG = Gauge("hub_inbox_lag_seconds", "Age of the first due inbox entry of a stage, in seconds.", ["stage"])
OUTBOX_LAG = Gauge("hub_outbox_lag_seconds", "Age of the oldest waiting outbox row, in seconds.", ["destination"])
DEAD_ROWS = Gauge("hub_dead_rows", "Outbox rows whose attempts are used up.", ["destination"])
OPEN_REVIEWS = Gauge("hub_open_reviews", "Doubtful matches that wait for a person.")
PARKED_ENTRIES = Gauge("hub_parked_entries", "Inbox entries that cannot be read.")
BREAKER_STATE = Gauge("hub_breaker_state", "Circuit breaker: 0 closed, 1 half open, 2 open.", ["destination"])
REMOVED = Counter(
    "hub_retention_removed_total", "Rows that retention removed: bodies, attempts, outcomes.", ["outcome"]
)
DATABASE_BYTES = Gauge("hub_database_bytes", "What the database takes on its server's disk, in bytes.")
CONNECTIONS_REFUSED = Counter(
    "hub_http_refused_total",
    "HTTP connections and requests refused before they were read: address, connections, malformed, late, too_large, "
    "body (too large, or without end), token (wrong ones).",
    ["reason"],
)
SQL_STATEMENTS = Counter("hub_sql_statements_total", "SQL statements sent to PostgreSQL by this process.")


def exposition() -> bytes:
    """All metrics of this process in Prometheus text form (``CONTENT_TYPE``)."""
    return generate_latest()
