"""placing: resolve → survive → enqueue for the records that marks name, in one transaction.

The second half of ``hub.application.process``. What another worker holds is put off as a mark of its own. What fails is
halved, until who is at fault stands alone and is set aside: the entries that told of it are parked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import perf_counter
from uuid import UUID

import psycopg
import psycopg_pool
import structlog

from hub import metrics
from hub.application.activities import new_activities
from hub.application.back import parts as parts_of_back
from hub.application.behaviour import who_acted
from hub.application.changed_orders import changed_orders, with_other_orders
from hub.application.in_force import InForce, in_force
from hub.application.leads import contacted
from hub.application.qualify import hand_over_activities
from hub.application.repeating import TRANSIENT
from hub.application.returned import settle
from hub.application.stage_changes import stage_changes
from hub.application.suppress import suppress_erased
from hub.application.traits import Insight, follow
from hub.errors import HubError, RetryableError
from hub.identity.place import Resolution
from hub.identity.resolve import resolve
from hub.matching.rules import IdentityRules
from hub.outbox.enqueue import Route, enqueue
from hub.profiles.survive import survive
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection, counting_placed_orders
from hub.store import dead_letters, facts, identity_locks, inbox, marks, suppressions
from hub.store.database import Database, Session
from hub.store.marks import Mark, Told
from hub.store.suppression_keys import MissingKeyError

log = structlog.get_logger()

STUBBORN = 5
"""Tries after which a mark is not put off any more: others are waited for."""


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
class Placed:
    """``records`` were placed; ``destinations`` have something to deliver now. ``put_off`` waits for other workers."""

    records: int = 0
    destinations: frozenset[str] = frozenset()
    resolution: Resolution = field(default_factory=Resolution)
    put_off: Mark | None = None

    def __add__(self, other: Placed) -> Placed:
        return Placed(self.records + other.records, self.destinations | other.destinations)


def place(session: Session, processing: Processing, mark: Mark, now: datetime, *, wait: bool = False) -> Placed:
    """Resolve → survive → enqueue, in the caller's transaction. Raises RetryableError when it has to be repeated."""
    started = perf_counter()
    identity_locks.rules(session)
    rules = processing.in_force(session)
    resolved = resolve(session, mark, rules.identity, now, wait=wait)
    resolution = resolved.resolution
    seen = perf_counter()
    placed = counting_placed_orders(processing.connections)
    ranks = {name: connection.settings.rank for name, connection in processing.connections.items()}
    suppress_erased(session, mark.told.events.keys(), resolution)
    heard = suppressions.heard_of_many(session, resolution.members)
    settled = (resolution.members, resolution.known, resolution.created_at)
    changed = survive(session, *settled, ranks=ranks, rules=rules.survivorship, now=now, placed=placed, heard=heard)
    survived = perf_counter()
    orders = changed_orders(session, resolution)
    ordered = with_other_orders(resolution, orders)
    losers = [merge.loser for merge in resolution.merges]
    acted = who_acted(session, resolution)
    changed = follow(session, processing.insight, changed, ordered, losers, now, placed, acted)
    told = perf_counter()
    if processing.insight.leads is not None:
        contacted(session, resolution, now)
    new = new_activities(session, processing.routes, resolution, now)
    new += stage_changes(processing.routes, changed, now) + hand_over_activities(processing.routes, changed, now)
    destinations = enqueue(session, processing.routes, changed, orders, resolution.merges, resolution.events, now, new)
    left = resolved.put_off
    if mark.told.back:
        if left is None:
            for document in mark.told.back:
                destinations |= settle(session, document, processing.connections)
        else:
            left.told.back = mark.told.back
    metrics.STAGE_SECONDS.labels("resolve").observe(seen - started)
    metrics.STAGE_SECONDS.labels("survive").observe(survived - seen)
    metrics.STAGE_SECONDS.labels("insight").observe(told - survived)
    metrics.STAGE_SECONDS.labels("enqueue").observe(perf_counter() - told)
    count = len(mark.records - left.records) if left else len(mark.records)
    return Placed(count, frozenset(destinations), resolution, left)


def place_these(session: Session, processing: Processing, touched: frozenset[UUID], now: datetime) -> Placed:
    """Place these records in the caller's transaction, whoever is at them. Raises RetryableError when others stay."""
    placed = place(session, processing, Mark(set(touched)), now, wait=True)
    if placed.put_off is not None:
        raise RetryableError("other workers are at these records")
    return placed


def place_marks(processing: Processing, own: Sequence[int], *, wait: bool = False) -> Placed:
    """Place what these marks name, and with the first of them what was put off, or left behind by who was killed.

    ``wait``: somebody waits for these to be placed, by whomever, and for nothing else.
    """
    done = Placed()
    for number, mark in enumerate(own):
        done += _placed(processing, mark, wait=wait, alone=wait or number > 0)
    return done


def place_left_behind(processing: Processing) -> Placed:
    """Place what nobody is at, where nothing else is to be done. Whoever holds some of it is waited for."""
    with processing.database.session() as session:
        if not marks.any_due(session):
            return Placed()
    return _placed(processing, None, wait=True)


def _placed(processing: Processing, own: int | None, *, wait: bool, alone: bool = False) -> Placed:
    while True:
        taken: list[Mark] = []
        try:
            with processing.database.session() as session:
                taken = _taken(session, own, alone=alone, wait=wait)
                if not taken:
                    return Placed()
                return _place_all(session, processing, taken, wait=wait)
        except TRANSIENT as error:
            log.info("process.repeated", reason=type(error).__name__)
        except Exception as error:
            if is_away(error):
                raise
            if len(taken) == 1:
                return _isolate(processing, taken[0], error)
            return _one_by_one(processing, [mark.id for mark in taken])


def _one_by_one(processing: Processing, ids: Sequence[int]) -> Placed:
    """Place each of these marks for itself: with others the one at fault would fail them all over again."""
    done = Placed()
    for one in ids:
        done += _placed(processing, one, wait=False, alone=True)
    return done


def _taken(session: Session, own: int | None, *, alone: bool, wait: bool) -> list[Mark]:
    if alone and own is not None:
        mark = marks.take(session, own, wait=wait)
        return [mark] if mark is not None else []
    taken = marks.take_first(session) if own is None else marks.take_with(session, own)
    # Why they are placed is noted with each move: what has another reason is another transaction.
    return [mark for mark in taken if mark.again == taken[0].again]


def _place_all(session: Session, processing: Processing, taken: Sequence[Mark], *, wait: bool) -> Placed:
    whole = Mark(again=taken[0].again, tries=max(mark.tries for mark in taken))
    for mark in taken:
        whole.compared |= mark.compared
        whole.folded |= mark.folded
        whole.told.add(mark.told)
    placed = place(session, processing, whole, session.now(), wait=wait or whole.tries >= STUBBORN)
    left = placed.put_off
    marks.remove(session, [mark.id for mark in taken])
    if left is not None:
        marks.add(session, left)
    _taken_up(session, marks.try_again(session, whole.records - (left.records if left else set())))
    if whole.again:
        _tell(placed, len(whole.records))
    return placed


def try_all_again(session: Session) -> int:
    """Have all that was set aside placed once more; gives how many marks that are."""
    return _taken_up(session, marks.try_all_again(session))


def _taken_up(session: Session, told: Sequence[tuple[str, list[int]]]) -> int:
    for reason, entries in told:
        dead_letters.tried_again(session, entries, reason)
    return len(told)


def _tell(placed: Placed, records: int) -> None:
    resolution = placed.resolution
    merged, apart = len(resolution.merges), len(resolution.members.keys() - resolution.known.keys())
    if merged or apart:
        log.info("process.resolved_again", records=records, merged=merged, split=apart)


def _isolate(processing: Processing, mark: Mark, error: Exception) -> Placed:
    """Place a mark that failed, half by half; the record that is at fault is set aside."""
    records = sorted(mark.records)
    back = [part for document in mark.told.back for part in parts_of_back(document)]
    if len(records) + len(back) < 2 or (len(back) == 1 and mark.records <= back[0][0]):
        return _set_aside(processing, mark, error)
    log.warning("process.halved", records=len(records), error=type(error).__name__)
    with processing.database.session() as session:
        if marks.take(session, mark.id) is None:
            return Placed()
        marks.remove(session, [mark.id])
        if back:
            # What came back from destinations stands apart, and comes after the records that it is of.
            apart = [Mark(folded=of, told=Told(back=[document]), tries=mark.tries) for of, document in back]
            parts = [*([replace(mark, told=replace(mark.told, back=[]))] if records else []), *apart]
        else:
            parts = _halves(session, mark, records)
        added = [marks.add(session, part) for part in parts]
    return _one_by_one(processing, added)


def _halves(session: Session, mark: Mark, records: Sequence[UUID]) -> list[Mark]:
    """A mark in two that tell every fact once."""
    told = mark.told
    middle = len(records) // 2
    first, second = set(records[:middle]), set(records[middle:])
    hanging = facts.hanging_on(session, [*told.facts, *told.withdrawn])
    # What hangs on a record of neither is told by whoever has the first half, and goes on to that record.
    later = {one for one, record in hanging.items() if record in second}
    return [_part(mark, first, hanging.keys() - later), _part(mark, second, later)]


def _part(mark: Mark, records: Set[UUID], facts_of: Set[UUID]) -> Mark:
    told = Told(
        {one: ids for one, ids in mark.told.events.items() if one in records},
        {fact: new for fact, new in mark.told.facts.items() if fact in facts_of},
        {order: by for order, by in mark.told.withdrawn.items() if order in facts_of},
        mark.told.shared,
    )
    return Mark(mark.compared & records, mark.folded & records, mark.again, told, mark.tries)


def _set_aside(processing: Processing, mark: Mark, error: Exception) -> Placed:
    detail = f": {error}" if isinstance(error, HubError) else ""
    record = str(next(iter(mark.records), ""))
    with processing.database.session() as session:
        if marks.take(session, mark.id) is None:
            return Placed()
        reason = f"Hub failed on this entry ({type(error).__name__}){detail}"
        marks.fail(session, mark.id, reason)
        told = sorted({one for ids in mark.told.events.values() for one in ids})
        if told:
            inbox.set_outcomes(session, [(one, "parked", reason) for one in told])
    for one in told:
        log.error("process.parked", inbox_id=one, error=type(error).__name__, exc_info=error)
    # The record stays as it is. Once it is placed for another reason, this is tried again.
    if not told and mark.again:
        log.error("process.not_resolved_again", record=record, error=type(error).__name__, exc_info=error)
    elif not told:
        log.error("process.set_aside", record=record, error=type(error).__name__, exc_info=error)
    return Placed(1)


def is_away(error: Exception) -> bool:
    """True when the database is at fault and no entry is: connection, resources, shutdown, disk, or a missing key."""
    if isinstance(error, psycopg.InterfaceError | psycopg_pool.PoolTimeout | MissingKeyError):
        return True
    return isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08")[:2] in ("08", "53", "57", "58")
