"""The way of the data, as data: the stages in order. Imports nothing, so anything may import it.

Queue names, metric names, ``docs/pipeline.md`` and an architecture test are derived from this table.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the pipeline: where it lives, what it takes and gives, who wakes it, what counts it."""

    name: str
    module: str
    takes: str
    gives: str
    law: str
    queue: str | None
    metric: str


STAGES: tuple[Stage, ...] = (
    Stage(
        "receive",
        "hub.intake.receive",
        "HTTP request",
        "raw delivery",
        "bytes and headers as they came; size limit; nothing parsed",
        None,
        "hub_intake_received_total",
    ),
    Stage(
        "verify",
        "hub.intake.verify",
        "raw delivery",
        "verified delivery, or 401",
        "signature over the raw bytes, constant time, two live secrets",
        None,
        "hub_intake_refused_total",
    ),
    Stage(
        "store",
        "hub.intake.inbox",
        "verified delivery",
        "inbox entry",
        "unique per connection and event id, for ever; answered only after the commit",
        None,
        "hub_intake_stored_total",
    ),
    Stage(
        "normalise",
        "hub.normalise.batch",
        "inbox entry",
        "canonical events | skipped(reason) | parked(error)",
        "pure; re-runnable at any time",
        "process",
        "hub_normalise_entries_total",
    ),
    Stage(
        "resolve",
        "hub.identity.resolve",
        "canonical events",
        "records, identifiers, clusters",
        "a function of the set of records and rules, not of arrival order",
        "process",
        "hub_resolve_records_total",
    ),
    Stage(
        "survive",
        "hub.profiles.survivorship",
        "a cluster's records",
        "golden profile with provenance per value",
        "pure fold: newest source time, then source rank, then record key",
        "process",
        "hub_survive_profiles_total",
    ),
    Stage(
        "enqueue",
        "hub.outbox.enqueue",
        "changed profiles",
        "outbox rows",
        "coalesced per destination and profile; routing decided here and again before send",
        "process",
        "hub_outbox_enqueued_total",
    ),
    Stage(
        "render",
        "hub.outbox.render",
        "profile and mirror",
        "minimal write",
        "pure; no difference, no request",
        "deliver",
        "hub_outbox_rendered_total",
    ),
    Stage(
        "send",
        "hub.outbox.send",
        "batch of writes",
        "result per record",
        "budget, time-out, retry, bisect, breaker; outside any transaction",
        "deliver",
        "hub_outbox_calls_total",
    ),
    Stage(
        "record",
        "hub.outbox.record",
        "result",
        "mirror, attempt, next state",
        "delivered | retry at | rejected | dead",
        "deliver",
        "hub_outbox_results_total",
    ),
)

QUEUES: tuple[str, ...] = ("complete", "process", "deliver")
"""The dramatiq queues: ``complete`` fetches the bodies of thin events before ``process`` may read them."""
