"""Every metric, in one place. No label ever holds a person.

Counters and histograms are of the process that is asked, or of all processes of one ``hub up``, which share a folder
(``PROMETHEUS_MULTIPROC_DIR``, prometheus_client's own way); Prometheus adds up those of several machines. Gauges say
how the rows of the database are when they are asked for (``hub.store.gauges``): the same in every process, so that of
several the ``max`` is right, and none shows a 0 that nobody counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST

# The stages, in the order of hub/pipeline.py.
RECEIVED = Counter(
    "hub_intake_received_total",
    "Webhook requests by what became of them: stored, answered, refused, withheld, paced, "
    "too_large, unknown, unavailable, gone.",
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
REMOVED = Counter(
    "hub_retention_removed_total", "Rows that retention removed: bodies, attempts, outcomes, visits.", ["outcome"]
)
CONNECTIONS_REFUSED = Counter(
    "hub_http_refused_total",
    "HTTP connections and requests refused before they were read: address, connections, malformed, late, too_large, "
    "body (too large, or without end), token (wrong ones).",
    ["reason"],
)
RESTORED = Counter("hub_subscription_restored_total", "Webhooks put back at the vendor.", ["connection"])
SQL_STATEMENTS = Counter("hub_sql_statements_total", "SQL statements sent to PostgreSQL by this process.")


@dataclass(frozen=True, slots=True)
class StateGauge:
    """A gauge that is read from the database when it is asked for."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a gauge says: values by the values of its labels."""

    gauge: StateGauge
    values: Mapping[tuple[str, ...], float]


INBOX_LAG = StateGauge("hub_inbox_lag_seconds", "Age of the first due inbox entry of a stage, in seconds.", ("stage",))
INBOX_WAITING = StateGauge("hub_inbox_waiting", "Inbox entries that wait for a stage, due or not.", ("stage",))
PARKED_ENTRIES = StateGauge("hub_parked_entries", "Inbox entries that cannot be read.", ("connection",))
OUTBOX_ROWS = StateGauge(
    "hub_outbox_rows", "Outbox rows: pending (retrying ones too), retrying, delivered, rejected, dead.",
    ("destination", "state"),
)  # fmt: skip
OUTBOX_LAG = StateGauge(
    "hub_outbox_lag_seconds", "Age of the oldest waiting outbox row, in seconds, also while nothing is sent.",
    ("destination",),
)  # fmt: skip
DEAD_ROWS = StateGauge("hub_dead_rows", "Outbox rows whose attempts are used up.", ("destination",))
BREAKER_STATE = StateGauge(
    "hub_breaker_state", "0: closed; 1: the last call failed; 2: left alone for a while.", ("destination",)
)
PAUSED = StateGauge("hub_destination_paused", "1 while a person wants nothing sent there.", ("destination",))
REFUSED_CREDENTIALS = StateGauge(
    "hub_credentials_refused", "1 while the credentials of a connection are not accepted.", ("connection",)
)
RECONCILED = StateGauge(
    "hub_reconcile_items", "Items of a source's list at its last comparison with Hub.", ("connection", "state")
)
RECONCILED_AT = StateGauge(
    "hub_reconcile_timestamp_seconds",
    "Time of a source's last comparison, in seconds since 1970; 0: never.",
    ("connection",),
)
PLACING_WAITING = StateGauge("hub_placing_waiting", "Marks: batches of records that are recorded and not placed yet.")
PLACING_LAG = StateGauge("hub_placing_lag_seconds", "Age of the oldest of these, in seconds.")
SET_ASIDE = StateGauge("hub_set_aside", "Marks that could not be placed; `hub identity retry` tries them again.")
OPEN_REVIEWS = StateGauge("hub_open_reviews", "Doubtful matches that wait for a person.")
DATABASE_BYTES = StateGauge("hub_database_bytes", "What the database takes on its server's disk, in bytes.")
DATABASE_UP = StateGauge("hub_database_up", "1 when the database told all other gauges, 0 when it could not be asked.")


def registry(readings: Callable[[], Iterable[Reading]] = tuple) -> CollectorRegistry:
    """What ``/metrics`` exposes: counters and histograms, and the gauges that ``readings`` gives."""
    exposed = CollectorRegistry()
    exposed.register(_Processes())
    exposed.register(_State(readings))
    return exposed


def exposition(exposed: CollectorRegistry) -> bytes:
    """All of it in Prometheus text form (``CONTENT_TYPE``)."""
    return generate_latest(exposed)


class _Processes(Collector):
    """Counters and histograms of this process, or of all that share the folder."""

    def collect(self) -> Iterator[Metric]:
        """See ``prometheus_client.registry.Collector``."""
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            yield from MultiProcessCollector(None).collect()  # type: ignore[no-untyped-call]
        else:
            yield from REGISTRY.collect()


class _State(Collector):
    def __init__(self, readings: Callable[[], Iterable[Reading]]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        """See ``prometheus_client.registry.Collector``."""
        for reading in self._readings():
            gauge = reading.gauge
            family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
            for labels, value in reading.values.items():
                family.add_metric(labels, value)
            yield family
