"""process: normalise → resolve → survive → enqueue for one batch of inbox entries, in one transaction.

``kill -9`` anywhere rolls the batch back, and its entries are still queued. What cannot be taken in is found before it
is stored (``hub.normalise.fit``). A batch that fails all the same is halved, and each half again only where the fault
is: whoever is at fault is parked alone, and every other entry goes through once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import perf_counter
from uuid import UUID

import psycopg
import psycopg_pool
import structlog

from hub import metrics
from hub.application import form_mails
from hub.application.activities import new_activities
from hub.application.behaviour import who_acted
from hub.application.changed_orders import changed_orders, with_other_orders
from hub.application.fetched import completed
from hub.application.in_force import InForce, in_force
from hub.application.leads import contacted
from hub.application.qualify import hand_over_activities
from hub.application.returned import settle, take
from hub.application.stage_changes import stage_changes
from hub.application.suppress import suppress
from hub.application.traits import Insight, follow
from hub.errors import HubError, RetryableError
from hub.identity.place import Resolution
from hub.identity.record_changes import Drafting, Drafts, orphans
from hub.identity.resolve import resolve
from hub.matching.rules import IdentityRules
from hub.model.event import Note
from hub.normalise.batch import Normalised, Outcome, normalise
from hub.normalise.telling import tell
from hub.outbox.enqueue import Route, enqueue
from hub.profiles.survive import survive
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection, counting_placed_orders
from hub.store import facts, inbox, matches, notes, records, suppressions, versions
from hub.store.database import Database, Session
from hub.store.inbox import ClaimedEntry

log = structlog.get_logger()

REREAD = "reread"
"""The step of entries that an upgrade wants read once more, when nothing new is due (migration 0009)."""

BATCH = 500
"""Entries per transaction: at 50 most of the gain of working in sets is there, at 500 all of it (performance.md)."""

ORPHAN_RETRIES = (timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=60))
"""A refund whose order is not stored yet is looked at again: the order may be in another worker's open transaction."""

_TRANSIENT = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure, RetryableError)


@dataclass(frozen=True, slots=True)
class Processing:
    """What every batch works with: the database, and the configuration of connections, routes and rules."""

    database: Database
    connections: Mapping[str, Connection]
    routes: Sequence[Route]
    identity: IdentityRules
    survivorship: SurvivorshipRules
    insight: Insight = field(default_factory=Insight)
    read: dict[int, InForce] = field(default_factory=dict)
    """The version of rules and weights that was read last."""

    def in_force(self, session: Session) -> InForce:
        """The rules and weights that hold now: the stored version, or what is configured."""
        return in_force(session, self.identity, self.survivorship, self.read)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did; ``destinations`` have something to deliver now."""

    entries: int
    destinations: frozenset[str] = frozenset()
    thin: frozenset[str] = frozenset()
    """Connections with entries that wait for ``complete``."""

    def __add__(self, other: Batch) -> Batch:
        return Batch(self.entries + other.entries, self.destinations | other.destinations, self.thin | other.thin)


@dataclass(frozen=True, slots=True)
class Applied:
    """``waiting`` are entries whose order is not stored yet."""

    destinations: frozenset[str] = frozenset()
    waiting: frozenset[int] = frozenset()
    resolution: Resolution = field(default_factory=Resolution)


class _Failed(Exception):  # noqa: N818 - carries which entries, or records to be resolved again, were in the batch
    def __init__(
        self, error: Exception, *, entries: Sequence[int] = (), records: Sequence[UUID] = (), reread: bool = False
    ) -> None:
        super().__init__()
        self.error, self.entries, self.records, self.reread = error, entries, records, reread


def process_batch(processing: Processing, limit: int = BATCH) -> Batch:
    """Work on up to ``limit`` due entries; ``entries`` is 0 when there were none."""
    size = limit
    while True:
        try:
            return _attempt(processing, size)
        except _TRANSIENT as error:
            log.info("process.repeated", reason=type(error).__name__)
        except _Failed as failed:
            if failed.entries:
                return _isolate(processing, failed)
            # Records are taken by whole profiles: these may be more than was asked for.
            number = min(size, len(failed.records))
            if number == 1:
                return _leave(processing, failed)
            size = max(1, number // 2)
            log.warning("process.halved", records=number, error=type(failed.error).__name__)


def process_these(processing: Processing, ids: Sequence[int]) -> Batch:
    """Work on these entries, as far as they are still due; what fails stays due, and a worker takes it."""
    try:
        with processing.database.session() as session:
            return _all_or_none(session, processing, inbox.claim_these(session, "process", ids))
    except (*_TRANSIENT, _Failed) as error:
        log.info("process.left", reason=type(error).__name__)
        return Batch(0)


def _isolate(processing: Processing, failed: _Failed) -> Batch:
    """Work on a batch that failed, part by part.

    One entry at fault among 500 costs some 18 smaller attempts, and no entry that went through is worked on again.
    """
    done = Batch(0)
    waiting = _halves(failed)
    while waiting:
        part = waiting.pop(0)
        try:
            done += _attempt_these(processing, part)
        except _TRANSIENT as error:
            log.info("process.repeated", reason=type(error).__name__)
            waiting.insert(0, part)
        except _Failed as again:
            waiting[:0] = _halves(again)
            if len(again.entries) == 1:
                done += (_pass_over if again.reread else _park)(processing, again.entries[0], again.error)
    return done


def _halves(failed: _Failed) -> list[Sequence[int]]:
    entries = failed.entries
    if len(entries) == 1:
        return []
    log.warning("process.halved", entries=len(entries), error=type(failed.error).__name__)
    middle = len(entries) // 2
    return [entries[:middle], entries[middle:]]


def _attempt_these(processing: Processing, ids: Sequence[int]) -> Batch:
    with processing.database.session() as session:
        if claimed := inbox.claim_these(session, REREAD, ids):
            return _reread(session, processing, claimed)
        return _all_or_none(session, processing, inbox.claim_these(session, "process", ids))


def _attempt(processing: Processing, limit: int) -> Batch:
    with processing.database.session() as session:
        if versions.any_unread(session):
            # Records from before the upgrade have no blocking keys yet. New records of the same people would not find
            # them.
            done = _again(session, processing, limit)
            if done.entries:
                return done
        if claimed := inbox.claim(session, "process", limit):
            return _all_or_none(session, processing, claimed)
        # Nothing new is due. What was read before comes ahead of the records: they are resolved again by what it tells.
        if claimed := inbox.claim(session, REREAD, limit):
            return _reread(session, processing, claimed)
        return _again(session, processing, limit)


def _all_or_none(session: Session, processing: Processing, claimed: list[ClaimedEntry]) -> Batch:
    """Work on claimed entries, all or none. Raises _Failed with their ids when they, and not the database, fail."""
    if not claimed:
        return Batch(0)
    try:
        return _work(session, processing, claimed, claimed[0].claimed_at)
    except Exception as error:
        if isinstance(error, _TRANSIENT) or _is_away(error):
            raise
        raise _Failed(error, entries=[entry.id for entry in claimed]) from error


def _reread(session: Session, processing: Processing, claimed: list[ClaimedEntry]) -> Batch:
    """Take in entries that were worked on before an upgrade as they are read now (``Drafting.reread``).

    One that cannot be read by now, or whose connection is configured no more, stays what it was. So does what hangs on
    a record that is stored no more.
    """
    ready, _ = completed(session, claimed, processing.connections)
    done, _ = normalise(ready, processing.connections)
    drafting = Drafting()
    for entry in take(session, done, processing.connections)[0]:
        drafting.reread(entry.connection, entry.inbox_id, entry.received_at, entry.events)
    drafts = drafting.drafts
    stored = records.stored(session, drafts.records)
    drafts.records = {record: draft for record, draft in drafts.records.items() if record in stored}
    drafts.facts = {
        one: fact for one, fact in drafts.facts.items() if fact.record_id is None or fact.record_id in stored
    }
    ids = [entry.id for entry in claimed]
    try:
        applied = apply(session, processing, drafts, session.now()) if drafts.records or drafts.facts else Applied()
    except Exception as error:
        if isinstance(error, _TRANSIENT) or _is_away(error):
            raise
        raise _Failed(error, entries=ids, reread=True) from error
    inbox.finish(session, ids)
    return Batch(len(claimed), applied.destinations)


def _again(session: Session, processing: Processing, limit: int) -> Batch:
    """Resolve queued records again, after rules or weights changed or after an upgrade. Used when no entry is due."""
    if not versions.any_waiting(session):
        return Batch(0)
    # The lock comes before the queue. Whoever fills the queue holds the lock, and would wait for rows taken here.
    matches.lock(session)
    records = versions.take(session, limit)
    if not records:
        return Batch(0)
    try:
        applied = apply(session, processing, Drafts(touched=frozenset(records), again=True), session.now())
    except Exception as error:
        if isinstance(error, _TRANSIENT) or _is_away(error):
            raise
        raise _Failed(error, records=records) from error
    merged, members = len(applied.resolution.merges), applied.resolution.members.keys()
    if (apart := len(members - applied.resolution.known.keys())) or merged:
        log.info("process.resolved_again", records=len(records), merged=merged, split=apart)
    return Batch(len(records), applied.destinations)


def _is_away(error: Exception) -> bool:
    """True when the database is at fault and no entry is: connection, resources, shutdown or disk."""
    if isinstance(error, psycopg.InterfaceError | psycopg_pool.PoolTimeout):
        return True
    return isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08")[:2] in ("08", "53", "57", "58")


def _work(session: Session, processing: Processing, claimed: list[ClaimedEntry], now: datetime) -> Batch:
    entries, incomplete = completed(session, claimed, processing.connections)
    if incomplete:
        inbox.move(session, [entry.id for entry in incomplete], "complete")
    started = perf_counter()
    done, outcomes = normalise(entries, processing.connections)
    metrics.STAGE_SECONDS.labels("normalise").observe(perf_counter() - started)
    applied = _draft(session, processing, done, now) if done else Applied()
    _finish(session, entries, applied, outcomes, {entry.inbox_id: entry.notes for entry in done if entry.notes})
    form_mails.queue(session, processing.connections, entries)
    return Batch(len(claimed), applied.destinations, frozenset(entry.entry.connection for entry in incomplete))


def _draft(session: Session, processing: Processing, done: Sequence[Normalised], now: datetime) -> Applied:
    done, back = take(session, done, processing.connections)
    drafting = Drafting(back.touched)
    for entry in done:
        drafting.add(entry.connection, entry.inbox_id, entry.received_at, entry.events)
    applied = apply(session, processing, drafting.drafts, now)
    more = settle(session, back, applied.resolution, processing.connections)
    return replace(applied, destinations=applied.destinations | more)


def apply(session: Session, processing: Processing, drafts: Drafts, now: datetime) -> Applied:
    """Resolve → survive → enqueue, in the caller's transaction. Raises RetryableError when it has to be repeated."""
    started = perf_counter()
    # Other rules or weights are put in force under this lock: those read now stay in force until the commit.
    matches.lock(session)
    rules = processing.in_force(session)
    resolution = resolve(session, drafts, rules.identity, now)
    resolved = perf_counter()
    placed = counting_placed_orders(processing.connections)
    ranks = {name: connection.settings.rank for name, connection in processing.connections.items()}
    settled = (resolution.members, resolution.known, resolution.created_at)
    suppress(session, drafts, resolution)
    heard = suppressions.heard_of_many(session, resolution.members)
    changed = survive(session, *settled, ranks=ranks, rules=rules.survivorship, now=now, placed=placed, heard=heard)
    survived = perf_counter()
    orders = changed_orders(session, resolution, drafts)
    ordered = with_other_orders(resolution, orders)
    losers = [merge.loser for merge in resolution.merges]
    acted = who_acted(session, resolution, drafts)
    changed = follow(session, processing.insight, changed, ordered, losers, now, placed, acted)
    told = perf_counter()
    if processing.insight.leads is not None:
        contacted(session, resolution, drafts, now)
    new = new_activities(session, processing.routes, resolution, drafts, now)
    new += stage_changes(processing.routes, changed, now) + hand_over_activities(processing.routes, changed, now)
    destinations = enqueue(session, processing.routes, changed, orders, resolution.merges, resolution.events, now, new)
    metrics.STAGE_SECONDS.labels("resolve").observe(resolved - started)
    metrics.STAGE_SECONDS.labels("survive").observe(survived - resolved)
    metrics.STAGE_SECONDS.labels("insight").observe(told - survived)
    metrics.STAGE_SECONDS.labels("enqueue").observe(perf_counter() - told)
    parents = {fact.parent_id for fact in drafts.facts.values() if fact.parent_id is not None}
    waiting = frozenset(orphans(drafts, facts.existing(session, parents)) if parents else ())
    return Applied(frozenset(destinations), waiting, resolution)


def _finish(
    session: Session,
    entries: Sequence[ClaimedEntry],
    applied: Applied,
    outcomes: Sequence[Outcome],
    noted: Mapping[int, Sequence[Note]],
) -> None:
    again = [e for e in entries if e.id in applied.waiting and e.attempts < len(ORPHAN_RETRIES)]
    repeated = {entry.id: ORPHAN_RETRIES[entry.attempts] for entry in again}
    if repeated:
        inbox.postpone(session, repeated)
    failed = {outcome.inbox_id: outcome.state for outcome in outcomes}
    everyone = [entry.id for entry in entries]
    inbox.finish(
        session,
        [each for each in everyone if each not in repeated],
        done=[each for each in everyone if each not in failed],
        worked_on=everyone,
    )
    ended = Counter((entry.entry.connection, failed.get(entry.id, "done")) for entry in entries)
    for (connection, outcome), count in ended.items():
        metrics.NORMALISED.labels(connection, outcome).inc(count)
    notes.add(session, noted)
    tell(outcomes, {entry.id: entry.entry.connection for entry in entries})
    if outcomes:
        inbox.set_outcomes(session, [(o.inbox_id, o.state, o.reason) for o in outcomes])


def _leave(processing: Processing, failed: _Failed) -> Batch:
    """Take the profile that fails out of the queue, so that the others go on."""
    # Its records stay as they are. Their next event resolves them again.
    records, error = sorted(failed.records), failed.error
    log.error("process.not_resolved_again", records=len(records), record=str(records[0]), error=type(error).__name__)
    with processing.database.session() as session:
        versions.unqueue(session, records)
    return Batch(len(records))


def _pass_over(processing: Processing, inbox_id: int, error: Exception) -> Batch:
    log.error("process.not_reread", inbox_id=inbox_id, error=type(error).__name__)
    with processing.database.session() as session:
        inbox.finish(session, [inbox_id])
    return Batch(1)


def _park(processing: Processing, inbox_id: int, error: Exception) -> Batch:
    detail = f": {error}" if isinstance(error, HubError) else ""
    log.error("process.parked", inbox_id=inbox_id, error=type(error).__name__, exc_info=error)
    with processing.database.session() as session:
        # By its id, because the first entry that is due may be another one by now.
        inbox.finish(session, [inbox_id])
        inbox.set_outcomes(
            session, [(inbox_id, "parked", f"Hub failed on this entry ({type(error).__name__}){detail}")]
        )
    return Batch(1)
