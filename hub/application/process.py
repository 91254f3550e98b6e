"""process: normalise → record for one batch of inbox entries, in one transaction; then what it marked is placed.

Recording holds no lock that another worker waits for, but that of counting, at its end. Placing (``placing``) is a
transaction of its own, that every worker does for itself. ``kill -9`` anywhere rolls back the one that was open: the
entries are still queued, or their mark is there, and the next worker places it.

What cannot be taken in is found before it is stored (``hub.normalise.fit``). A batch that fails all the same is halved,
and each half again only where the fault is: whoever is at fault is parked alone, and every other entry goes through
once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from uuid import UUID

import structlog

from hub import metrics
from hub.application import form_mails
from hub.application.fetched import completed
from hub.application.in_force import InForce
from hub.application.placing import Placed, Processing, is_away, place_left_behind, place_marks
from hub.application.repeating import TRANSIENT
from hub.application.returned import take
from hub.application.suppress import suppress_refusing
from hub.errors import HubError
from hub.identity.record import Recorded, publish, record
from hub.identity.record_changes import Drafting, Drafts, orphans
from hub.model.event import Note
from hub.normalise.batch import Outcome, normalise
from hub.normalise.telling import tell
from hub.store import facts, identity_locks, inbox, notes, records, versions
from hub.store.database import Session
from hub.store.inbox import ClaimedEntry

__all__ = ["BATCH", "Batch", "Processing", "process_batch", "process_these"]

log = structlog.get_logger()

REREAD = "reread"
"""The step of entries that an upgrade wants read once more, when nothing new is due (migration 0009)."""

BATCH = 500
"""Entries per transaction: at 50 most of the gain of working in sets is there, at 500 all of it (performance.md)."""

ORPHAN_RETRIES = (timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=60))
"""A refund whose order is not stored yet is looked at again: the order may be in another worker's open transaction."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did; ``destinations`` have something to deliver now."""

    entries: int
    destinations: frozenset[str] = frozenset()
    thin: frozenset[str] = frozenset()
    """Connections with entries that wait for ``complete``."""
    marks: tuple[int, ...] = ()
    """What was recorded and is to be placed."""

    def __add__(self, other: Batch) -> Batch:
        return Batch(
            self.entries + other.entries,
            self.destinations | other.destinations,
            self.thin | other.thin,
            self.marks + other.marks,
        )

    def placed(self, placed: Placed) -> Batch:
        """The same once its marks are placed; what was placed beside them counts where nothing else was done."""
        return Batch(self.entries or placed.records, self.destinations | placed.destinations, self.thin)


class _Failed(Exception):  # noqa: N818 - carries which entries, or records to be resolved again, were in the batch
    def __init__(
        self, error: Exception, *, entries: Sequence[int] = (), records: Sequence[UUID] = (), reread: bool = False
    ) -> None:
        super().__init__()
        self.error, self.entries, self.records, self.reread = error, entries, records, reread


def process_batch(processing: Processing, limit: int = BATCH) -> Batch:
    """Work on up to ``limit`` due entries, or else on what was left behind; ``entries`` is 0 when there was nothing."""
    done = _recorded(processing, limit)
    return done.placed(place_marks(processing, done.marks) if done.entries else place_left_behind(processing))


def _recorded(processing: Processing, limit: int) -> Batch:
    size = limit
    while True:
        try:
            return _attempt(processing, size)
        except TRANSIENT as error:
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
    done = Batch(0)
    try:
        with processing.database.session() as session:
            done = _all_or_none(session, processing, inbox.claim_these(session, "process", ids))
        return done.placed(place_marks(processing, done.marks, wait=True))
    except (*TRANSIENT, _Failed) as error:
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
        except TRANSIENT as error:
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
        return _work(session, processing, claimed)
    except Exception as error:
        if isinstance(error, TRANSIENT) or is_away(error):
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
    mark = None
    try:
        recording = _Recording(session, processing, drafts) if drafts.records or drafts.facts else None
        inbox.finish(session, ids)
        mark = recording.publish() if recording else None
    except Exception as error:
        if isinstance(error, TRANSIENT) or is_away(error):
            raise
        raise _Failed(error, entries=ids, reread=True) from error
    return Batch(len(claimed), marks=_these(mark))


def _again(session: Session, processing: Processing, limit: int) -> Batch:
    """Record queued records again, after rules or weights changed or after an upgrade. Used when no entry is due."""
    if not versions.any_waiting(session) or not identity_locks.again(session):
        return Batch(0)
    # Ahead of the queue: whoever fills it holds the rules alone, and would wait for rows taken here.
    identity_locks.rules(session)
    waiting = versions.take(session, limit)
    if not waiting:
        return Batch(0)
    try:
        mark = _Recording(session, processing, Drafts(touched=frozenset(waiting), again=True)).publish()
    except Exception as error:
        if isinstance(error, TRANSIENT) or is_away(error):
            raise
        raise _Failed(error, records=waiting) from error
    return Batch(len(waiting), marks=_these(mark))


def _work(session: Session, processing: Processing, claimed: list[ClaimedEntry]) -> Batch:
    entries, incomplete = completed(session, claimed, processing.connections)
    if incomplete:
        inbox.move(session, [entry.id for entry in incomplete], "complete")
    started = perf_counter()
    done, outcomes = normalise(entries, processing.connections)
    metrics.STAGE_SECONDS.labels("normalise").observe(perf_counter() - started)
    recording = None
    if done:
        done, back = take(session, done, processing.connections)
        drafting = Drafting(back.touched)
        for entry in done:
            drafting.add(entry.connection, entry.inbox_id, entry.received_at, entry.events)
        recording = _Recording(session, processing, drafting.drafts)
        if document := back.document():
            recording.recorded.mark.told.back.append(document)
    waiting = recording.waiting if recording else frozenset[int]()
    _finish(session, entries, waiting, outcomes, {entry.inbox_id: entry.notes for entry in done if entry.notes})
    form_mails.queue(session, processing.connections, entries)
    mark = recording.publish() if recording else None
    return Batch(len(claimed), thin=frozenset(entry.entry.connection for entry in incomplete), marks=_these(mark))


def _these(mark: int | None) -> tuple[int, ...]:
    return () if mark is None else (mark,)


class _Recording:
    """A batch that is being recorded. ``waiting`` are entries whose order is not stored yet.

    ``publish`` comes last in its transaction, because others wait for it.
    """

    def __init__(self, session: Session, processing: Processing, drafts: Drafts) -> None:
        started = perf_counter()
        self._session = session
        # Other rules or weights are put in force by who holds these alone: those read now hold until the commit.
        identity_locks.rules(session)
        self._rules: InForce = processing.in_force(session)
        self._now = session.now()
        self.recorded: Recorded = record(session, drafts, self._rules.identity.rules, self._now)
        suppress_refusing(session, drafts, self.recorded.rows)
        parents = {fact.parent_id for fact in drafts.facts.values() if fact.parent_id is not None}
        self.waiting = frozenset(orphans(drafts, facts.existing(session, parents)) if parents else ())
        self._seconds = perf_counter() - started

    def publish(self) -> int | None:
        """Let others find the records; gives the mark that has them placed."""
        started = perf_counter()
        mark = publish(self._session, self.recorded, self._rules.identity.rules, self._now)
        metrics.STAGE_SECONDS.labels("resolve").observe(self._seconds + perf_counter() - started)
        return mark


def _finish(
    session: Session,
    entries: Sequence[ClaimedEntry],
    waiting: frozenset[int],
    outcomes: Sequence[Outcome],
    noted: Mapping[int, Sequence[Note]],
) -> None:
    again = [e for e in entries if e.id in waiting and e.attempts < len(ORPHAN_RETRIES)]
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
