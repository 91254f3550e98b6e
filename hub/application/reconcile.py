"""reconcile: is everything here that the source holds? Compared item by item, told by hour and kind, and repaired.

The source's own list is read as its backfill reads it, so every connector with a backfill can be compared. What an item
would change here is missing or older here. It is repaired by putting the item into the inbox, like any event. Orders
that Hub holds and the list does not are asked for by their ids: a source may delete without a word.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

import orjson
import structlog

from hub.application.drift import compare, compares
from hub.application.vendor_rest import pause, rest
from hub.errors import ConfigError, HubError
from hub.identity.record_changes import Drafting, Drafts, RecordDraft
from hub.intake.backfill import entry_of, pages
from hub.mapping.record_state import State
from hub.model.facts import FactRow
from hub.normalise.trial import AsRead, as_read
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.source import BackfillItem, Source
from hub.store import backfills, inbox, reconciliations, rests
from hub.store.database import Database, Session
from hub.store.inbox import NewEntry
from hub.store.reconciliations import HeldFact, Hour, held_facts, held_states

log = structlog.get_logger()

Standing = Literal["same", "missing", "older", "deleted", "waiting", "parked", "skipped"]
"""How an item of the source stands here. ``deleted`` is what the source has no more; ``waiting`` is in the inbox, or
its details have to be fetched first; ``parked`` cannot be read; ``skipped`` is of no interest."""

GAPS: tuple[Standing, ...] = ("missing", "older", "deleted")
"""What is repaired."""

WINDOW = timedelta(days=7)
"""What a comparison covers where nothing else is said."""

CHECK_SECONDS = 60.0
"""How often it is looked whether a comparison is due."""

MOST_NAMED = 100
"""Gaps that are named one by one; all are counted."""

KEPT_DAYS = 31
"""Days of which the hours are kept."""

_MAIN = ("order", "product", "case", "feedback", "cart", "interaction")
_ASKED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Gap:
    """One item that is not here as the source holds it. ``at`` is the source's own time of it (UTC)."""

    kind: str
    external_id: str
    standing: Standing
    at: datetime | None = None


@dataclass(slots=True)
class Comparison:
    """What was found. ``hours`` counts items by the hour of the source's own time, kind and standing."""

    connection: str
    since: datetime | None
    begun_at: datetime
    hours: Counter[tuple[datetime, str, Standing]] = field(default_factory=Counter)
    gaps: list[Gap] = field(default_factory=list)
    repaired: int = 0
    listed: set[tuple[str, str]] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    @property
    def found(self) -> dict[str, int]:
        """Counts by standing, and ``repaired``."""
        counted: Counter[str] = Counter()
        for (_, _, standing), count in self.hours.items():
            counted[standing] += count
        return {**counted, "repaired": self.repaired}

    @property
    def open_gaps(self) -> int:
        """Gaps that are still there."""
        return sum(self.found.get(standing, 0) for standing in GAPS) - self.repaired

    def by_hour(self) -> list[Hour]:
        """Items and gaps by hour, the newest ``KEPT_DAYS``."""
        counted: dict[datetime, list[int]] = {}
        for (hour, _, standing), count in self.hours.items():
            cell = counted.setdefault(hour, [0, 0])
            cell[0] += count
            cell[1] += count if standing in GAPS else 0
        newest = max(counted, default=self.begun_at) - timedelta(days=KEPT_DAYS)
        return [Hour(hour, *cell) for hour, cell in sorted(counted.items()) if hour > newest]

    def note(self, kind: str, external_id: str, at: datetime, standing: Standing) -> None:
        """Count an item, and name it when it is a gap."""
        self.listed.add((kind, external_id))
        self.hours[at.replace(minute=0, second=0, microsecond=0), kind, standing] += 1
        if standing in GAPS and len(self.gaps) < MOST_NAMED:
            self.gaps.append(Gap(kind, external_id, standing, at))


def reconcile(
    database: Database,
    connection: Connection,
    *,
    since: datetime | None,
    repair: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> Comparison:
    """Compare what the source changed since then, or all of it, with what is here; put what lacks into the inbox.

    A vendor that fails, or wants rest, is waited for (``hub.intake.backfill.pages``).

    Raises ConfigError when the connector has no backfill, and the error tree when the vendor fails.
    """
    source = connection.connector.source
    if source is None or source.backfill is None:
        why = connection.connector.manifest.not_offered.get("backfill", "its connector offers none")
        raise ConfigError([f"connections.{connection.name}: cannot be reconciled, as there is no backfill: {why}"])
    with database.session() as session:
        comparison = Comparison(connection.name, since, session.now())
    with open_client(connection, source, background=True) as client:
        for page in pages(connection, client, since, None, sleep=sleep):
            with database.session() as session:
                _compare(session, comparison, connection, page.items, repair=repair)
        if source.deleted is not None:
            _ask_for_the_rest(database, comparison, connection, client, repair=repair)
    with database.session() as session:
        reconciliations.save(
            session, connection.name, comparison.begun_at, since, comparison.found, comparison.by_hour()
        )
        rests.end(session, connection.name, "comparison")
    return comparison


# -- one page ---------------------------------------------------------------------------------------------------------


def _compare(
    session: Session, comparison: Comparison, connection: Connection, items: Sequence[BackfillItem], *, repair: bool
) -> None:
    fresh = [item for item in items if item.event_id not in comparison.seen]  # two lists may have one item
    comparison.seen.update(item.event_id for item in fresh)
    entries = [entry_of(connection.name, item, comparison.begun_at) for item in fresh]
    read = as_read(entries, connection)
    drafts = [_drafts(each) for each in read]
    facts = held_facts(session, {fact for draft in drafts for fact in draft.facts})
    states = held_states(session, {record for draft in drafts for record in draft.records})
    waiting = reconciliations.waiting(session, connection.name, [entry.event_id for entry in entries])
    lacking: list[NewEntry] = []
    for each, draft in zip(read, drafts, strict=True):
        kind, external_id, at = _what(each, draft)
        standing = _standing(each, draft, facts, states, waiting)
        comparison.note(kind, external_id, at, standing)
        if standing in GAPS:
            lacking.append(each.entry)
    if repair:
        comparison.repaired += _put(session, lacking)


def _drafts(read: AsRead) -> Drafts:
    drafting = Drafting()
    drafting.add(read.entry.connection, 0, read.entry.received_at, read.events)
    return drafting.drafts


def _what(read: AsRead, drafts: Drafts) -> tuple[str, str, datetime]:
    """Kind, external id and source time of what an item is about."""
    for kind in _MAIN:
        for fact in drafts.facts.values():
            if fact.kind == kind:
                return kind, fact.external_id, fact.version_at
    for draft in drafts.records.values():
        times = [event.occurred_at for event, _ in draft.changes]
        return draft.key.kind, draft.key.external_id, max(times, default=read.entry.received_at)
    return read.entry.topic, read.entry.event_id, read.entry.received_at


def _standing(
    read: AsRead,
    drafts: Drafts,
    facts: Mapping[Any, HeldFact],
    states: Mapping[Any, State | None],
    waiting: set[str],
) -> Standing:
    if read.state in ("parked", "skipped"):
        return "parked" if read.state == "parked" else "skipped"
    if read.state == "waiting" or read.entry.event_id in waiting:
        return "waiting"
    if any(fact.id not in facts for fact in drafts.facts.values()) or drafts.records.keys() - states.keys():
        return "missing"
    newer = any(_is_newer(fact, facts[fact.id]) for fact in drafts.facts.values())
    more = any(_tells_more(draft, states[one]) for one, draft in drafts.records.items())
    return "older" if newer or more else "same"


def _is_newer(fact: FactRow, held: HeldFact) -> bool:
    return held.version_at < fact.version_at and (held.deleted or held.payload != fact.payload)


def _tells_more(draft: RecordDraft, state: State | None) -> bool:
    """Whether a record would have other values once the item is taken in. What cannot be read is not compared."""
    if state is None:
        return False
    after = orjson.loads(orjson.dumps(state))
    draft.apply_to(after)
    return _values(after) != _values(state)


def _values(state: State) -> dict[str, Any]:
    """A record's values without the times at which they were told."""
    told = {name: held for name, held in state.items() if name not in ("since", "whole", "links")}
    return {
        name: {key: item[0] for key, item in held.items()} if isinstance(held, dict) else held[0]
        for name, held in told.items()
    }


def _put(session: Session, entries: Sequence[NewEntry]) -> int:
    """Into the inbox; what is there already, and did not come through, is worked on again."""
    inbox.insert(session, entries)
    known = reconciliations.worked_on(session, [(entry.connection, entry.event_id) for entry in entries])
    inbox.requeue(session, ids=known)
    return len(entries)


# -- what the source deleted ------------------------------------------------------------------------------------------


def _ask_for_the_rest(
    database: Database, comparison: Comparison, connection: Connection, client: HttpClient, *, repair: bool
) -> None:
    source: Source[Any] = connection.connector.source  # type: ignore[assignment]
    assert source.deleted is not None
    with database.session() as session:
        held = reconciliations.present_orders(session, connection.name, comparison.since)
    unlisted = [one for one in held if ("order", one) not in comparison.listed]
    for start in range(0, len(unlisted), _ASKED_AT_ONCE):
        gone = list(source.deleted(client, connection.settings, unlisted[start : start + _ASKED_AT_ONCE]))
        # An order may be deleted, taken back from the trash, and deleted again: each time is an event of its own.
        items = [replace(item, event_id=f"{item.event_id}:{comparison.begun_at:%Y%m%dT%H%M%S}") for item in gone]
        entries = [entry_of(connection.name, item, comparison.begun_at) for item in items]
        for read in as_read(entries, connection):
            drafts = _drafts(read)
            for fact in drafts.facts.values():
                comparison.note("order", fact.external_id, comparison.begun_at, "deleted")
        if repair and entries:
            with database.session() as session:
                comparison.repaired += _put(session, entries)


# -- by the clock -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reconciling:
    """The comparison of one connection, every so often."""

    database: Database
    connection: Connection
    every: timedelta

    def _compare_there(self) -> None:
        """A sample of a CRM's records. What a person may have changed there is taken over where Hub reads its people.

        Else it is only noted: a machine must not choose between two values that people may have typed.
        """
        source = self.connection.connector.source
        reads = source is not None and source.read_again is not None
        done = compare(self.database, self.connection, repair="take" if reads else "ask")
        level = log.warning if done.found else log.info
        found = {str(name): count for name, count in done.found.items()}
        level("reconcile.compared", connection=done.connection, looked_at=done.looked_at, **found)

    def run_if_due(self, stopping: threading.Event) -> Comparison | None:
        """Compare and repair what is due; None when nothing is, or another process reads this connection's history."""
        name = self.connection.name
        with backfills.alone(self.database.dsn, name) as first:
            if not first or stopping.is_set():
                return None
            with self.database.session() as session:
                if rests.runs(session, name, "comparison") or not reconciliations.is_due(session, name, self.every):
                    return None
                since = session.now() - max(WINDOW, 2 * self.every)
            try:
                if compares(self.connection):
                    self._compare_there()
                    return None
                done = reconcile(self.database, self.connection, since=since, sleep=partial(pause, stopping))
            except HubError as error:
                if not stopping.is_set():
                    rest(self.database, name, error, "comparison")
                return None
        level = log.warning if any(done.found.get(gap) for gap in GAPS) else log.info
        level("reconcile.compared", connection=name, **done.found)
        return done


def window(since: datetime | None, now: datetime, *, everything: bool) -> datetime | None:
    """From when on is compared: ``since``, a week back, or from the beginning (None)."""
    return None if everything else (since or now.astimezone(UTC) - WINDOW)


def by_kind(comparison: Comparison) -> list[tuple[str, Mapping[str, int]]]:
    """Counts by standing for each kind."""
    kinds: dict[str, Counter[str]] = {}
    for (_, kind, standing), count in comparison.hours.items():
        kinds.setdefault(kind, Counter())[standing] += count
    return sorted(kinds.items())


def by_hour(comparison: Comparison, standings: Iterable[str] = GAPS) -> list[tuple[datetime, str, Mapping[str, int]]]:
    """Hours and kinds in which something stands so, with all their counts."""
    hours: dict[tuple[datetime, str], Counter[str]] = {}
    for (hour, kind, standing), count in comparison.hours.items():
        hours.setdefault((hour, kind), Counter())[standing] += count
    wanted = set(standings)
    return [(hour, kind, counts) for (hour, kind), counts in sorted(hours.items()) if wanted & counts.keys()]
