"""record: a batch of drafts to stored records, facts and keys, and who is to be placed because of it.

The first of identity's two transactions. ``record`` folds the drafts in, under locks of their own rows. ``publish``
stores under which keys the records are found, and counts; it comes last, because one transaction at a time counts. What
is to be placed (``hub.identity.resolve``) is told by a mark, in the same transaction: so nothing is ever forgotten.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from hub import metrics
from hub.errors import RetryableError
from hub.identity.buckets import Buckets, Load, Revision, admitted
from hub.identity.component import compared, people_of
from hub.identity.record_changes import Drafts, order_ids
from hub.matching.features import features_of
from hub.matching.packing import packed
from hub.matching.rules import IdentityRules
from hub.model.keys import profile_id
from hub.store import facts as fact_store
from hub.store import identity_locks, marks
from hub.store import matches as store
from hub.store import records as record_store
from hub.store.database import Session
from hub.store.marks import Mark, Told
from hub.store.records import RecordRow


@dataclass(slots=True)
class Recorded:
    """A batch that is stored, and not yet published.

    ``rows`` are its records as they are now, ``fresh`` those that are new, ``revisions`` those to be compared.
    """

    rows: dict[UUID, RecordRow] = field(default_factory=dict)
    fresh: set[UUID] = field(default_factory=set)
    revisions: dict[UUID, Revision] = field(default_factory=dict)
    mark: Mark = field(default_factory=Mark)


def record(session: Session, drafts: Drafts, rules: IdentityRules, now: datetime) -> Recorded:
    """Store the records and facts of a batch inside the caller's transaction, which holds the rules.

    Raises RetryableError when another worker stored one of them first.
    """
    rows = record_store.lock_records(session, drafts.records.keys() | drafts.touched)
    fresh = _apply(drafts, rows)
    revisions = _revisions(drafts, rows, rules)
    record_store.insert_records(session, [rows[one] for one in fresh], now)
    record_store.update_states(session, [rows[one] for one in (drafts.records.keys() | revisions.keys()) - fresh])
    told, hanging = _stored_facts(session, drafts)
    told.events = {draft.id: set(draft.events) for draft in drafts.records.values()}
    metrics.RESOLVED.labels("created").inc(len(fresh))
    metrics.RESOLVED.labels("changed").inc(len(drafts.records) - len(fresh))
    return Recorded(rows, fresh, revisions, Mark(set(), {*rows, *hanging}, drafts.again, told))


def publish(session: Session, recorded: Recorded, rules: IdentityRules, now: datetime) -> int | None:
    """Store under which keys the records are found, and the mark; gives its id, None where nothing is to be placed."""
    mark = recorded.mark
    if recorded.revisions:
        buckets = _published(session, recorded, partial(people_of, session, rules=rules), rules)
        mark.compared = buckets.count()
        store.put_crowds(session, buckets.crowds_changed, now)
        mark.told.shared = {row.key for row in buckets.crowds_changed if row.shared}
    return marks.add(session, mark) if mark.records or mark.told.back else None


def _published(session: Session, recorded: Recorded, load: Load, rules: IdentityRules) -> Buckets:
    """Write the keys, and take the lock of counting."""
    session.run("SAVEPOINT publishing")
    admission = admitted(session, recorded.revisions, recorded.fresh, load)
    if admission.revisions.keys() == recorded.revisions.keys():
        buckets = Buckets(session, rules, admission, load)
        _write(session, buckets, recorded.fresh)
        # Keys are most of what is to be written: they are, before anybody has to wait.
        identity_locks.counting(session)
        if admission.still_holds(session):
            return buckets
        session.run("ROLLBACK TO SAVEPOINT publishing")
    # Keys of records that are locked by nobody are written under the lock alone: whoever holds it would wait for who
    # wrote them before it.
    identity_locks.counting(session)
    buckets = Buckets(session, rules, admitted(session, recorded.revisions, recorded.fresh, load), load)
    _write(session, buckets, recorded.fresh)
    return buckets


def _write(session: Session, buckets: Buckets, fresh: Set[UUID]) -> None:
    store.remove_keys(session, buckets.removed)
    added, changed = buckets.added(fresh)
    store.add_keys(session, added, new=True)
    store.add_keys(session, changed, new=False)


def _apply(drafts: Drafts, rows: dict[UUID, RecordRow]) -> set[UUID]:
    """Fold the drafts into the records; gives the new ones. A new one stands alone until it is placed."""
    fresh: set[UUID] = set()
    for draft in drafts.records.values():
        row = rows.get(draft.id)
        if row is None:
            row = rows[draft.id] = RecordRow(
                draft.id, draft.connection, draft.key.kind, draft.key.external_id, profile_id(draft.id), {}
            )
            fresh.add(draft.id)
        draft.apply_to(row.state)
    return fresh


def _revisions(drafts: Drafts, rows: Mapping[UUID, RecordRow], rules: IdentityRules) -> dict[UUID, Revision]:
    """The records whose features changed, and those that are compared again without a change."""
    revisions: dict[UUID, Revision] = {}
    for one in drafts.records.keys() | (drafts.touched & rows.keys()):
        row = rows[one]
        known = features_of(row.state, rules)
        features = packed(known)
        if features != row.features or one in drafts.touched:
            revisions[one] = Revision(compared(row.features), known, features)
            row.features = features
    return revisions


def _stored_facts(session: Session, drafts: Drafts) -> tuple[Told, set[UUID]]:
    """Store the facts of a batch; gives what is told of them, and the records that they hang on, before and now."""
    orders = order_ids(drafts)
    hanging = fact_store.locked(session, orders) if orders else {}
    stored = fact_store.upsert(session, list(drafts.facts.values()), drafts.read)
    if any(fact.existed and one in orders and one not in hanging for one, fact in stored.changed.items()):
        raise RetryableError("another worker stored one of these orders first, for a customer unknown here")
    told = Told(facts={one: not fact.existed for one, fact in stored.changed.items()}, withdrawn=dict(stored.withdrawn))
    return told, _named((*hanging.values(), *(fact.record_id for fact in stored.changed.values())))


def _named(records: Collection[UUID | None]) -> set[UUID]:
    return {one for one in records if one is not None}
