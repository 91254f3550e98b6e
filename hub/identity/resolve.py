"""resolve: a batch of drafts to stored records, clusters and profile ids, in the caller's transaction.

Locks and reads what the batch touches, weighs what changed (``weigh``), and places every record (``place``). The number
of statements is constant. The outcome is a function of the set of records, rules, weights and judgements
(``clustering``), computed under locks taken in one order: the lock of identity, then profiles.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from hub import metrics
from hub.errors import RetryableError
from hub.identity.buckets import Revision
from hub.identity.component import Component, compared, grow
from hub.identity.place import Resolution, before_batch, place
from hub.identity.questions import note_questions
from hub.identity.record_changes import Drafts, order_ids
from hub.identity.weigh import rematch
from hub.matching.features import features_of
from hub.matching.packing import packed
from hub.matching.version import Identity
from hub.store import facts as fact_store
from hub.store import records as store
from hub.store import versions
from hub.store.database import Session
from hub.store.records import ProfileRow, RecordRow


def resolve(session: Session, drafts: Drafts, identity: Identity, now: datetime) -> Resolution:
    """Resolve a batch inside the caller's transaction, which holds the lock of identity.

    Gives which profiles are affected, and what was merged. Raises RetryableError when another worker got in between.
    """
    orders = order_ids(drafts)
    known, rows = _locked(session, drafts.records.keys() | drafts.touched, orders)
    hanging = _records_of_orders(session, orders, rows)
    fresh = _apply(drafts, rows)
    revisions = _revisions(drafts, rows, identity)
    component = rematch(session, identity, revisions, now, fresh)
    _load_whole_profiles(session, identity, component, known, rows)
    before = before_batch(session, identity, rows, known, again=drafts.again)
    resolution = place(session, component, identity, before, now, again=drafts.again)
    note_questions(session, component, identity, rows, resolution.members)
    if drafts.again:
        moved = {record: was for record in resolution.moved if (was := before.profile_of[record])}
        versions.note_moves(session, identity.version, moved)
    store.insert_records(session, [rows[record] for record in fresh], now)
    # Only the records that changed or moved are written: a profile may have thousands of others.
    changed = drafts.records.keys() | revisions.keys() | resolution.moved
    store.update_records(session, [rows[record] for record in changed - fresh])
    stored = _stored_facts(session, drafts, orders, hanging)
    resolution.facts = {one: fact.record_id for one, fact in stored.changed.items()}
    resolution.withdrawn = stored.withdrawn
    resolution.told = frozenset(one for one, fact in stored.changed.items() if not fact.existed)
    resolution.fresh = frozenset(fresh)
    _note_events(resolution, drafts, rows)
    metrics.RESOLVED.labels("created").inc(len(fresh))
    metrics.RESOLVED.labels("changed").inc(len(drafts.records) - len(fresh))
    return resolution


def _locked(
    session: Session, records: Collection[UUID], orders: Collection[UUID]
) -> tuple[dict[UUID, ProfileRow], dict[UUID, RecordRow]]:
    """The profiles that a batch speaks of, locked, and all their records."""
    known = store.lock_profiles_of(session, records, orders)
    return known, store.load(session, known, records)


def _records_of_orders(
    session: Session, orders: Collection[UUID], rows: Mapping[UUID, RecordRow]
) -> Mapping[UUID, UUID | None]:
    """The record that each stored order hangs on."""
    hanging = fact_store.records_of(session, orders) if orders else {}
    if any(record not in rows for record in hanging.values() if record is not None):
        raise RetryableError("one of these orders went to another customer meanwhile")
    return hanging


def _apply(drafts: Drafts, rows: dict[UUID, RecordRow]) -> set[UUID]:
    """Fold the drafts into the records; gives the new ones."""
    fresh: set[UUID] = set()
    for draft in drafts.records.values():
        row = rows.get(draft.id)
        if row is None:
            row = rows[draft.id] = RecordRow(
                draft.id, draft.connection, draft.key.kind, draft.key.external_id, None, {}
            )
            fresh.add(draft.id)
        draft.apply_to(row.state)
    return fresh


def _revisions(drafts: Drafts, rows: Mapping[UUID, RecordRow], identity: Identity) -> dict[UUID, Revision]:
    """The records whose features changed, and those that are resolved again without a change."""
    revisions: dict[UUID, Revision] = {}
    for record in drafts.records.keys() | (drafts.touched & rows.keys()):
        row = rows[record]
        known = features_of(row.state, identity.rules)
        features = packed(known)
        if features != row.features or record in drafts.touched:
            revisions[record] = Revision(compared(row.features), known, features)
            row.features = features
    return revisions


def _load_whole_profiles(
    session: Session,
    identity: Identity,
    component: Component,
    known: dict[UUID, ProfileRow],
    rows: dict[UUID, RecordRow],
) -> None:
    """Lock the profiles of every record that may move, and load all their records."""
    while True:
        missing = set(component.people).difference(rows)
        if missing:
            further = store.lock_profiles_of(session, missing, ())
            rows |= store.load(session, further.keys() - known.keys(), missing)
            known |= further
        profiles = {rows[record].profile_id for record in component.people} - {None}
        strays = {row.id for row in rows.values() if row.profile_id in profiles}.difference(component.people)
        if not strays:
            return
        # Records of the same profile that nothing joins to the component any more, as when rules changed.
        grow(session, identity, component, strays)


def _stored_facts(
    session: Session, drafts: Drafts, orders: Collection[UUID], hanging: Mapping[UUID, UUID | None]
) -> fact_store.Upserted:
    """Store the facts of a batch."""
    stored = fact_store.upsert(session, list(drafts.facts.values()), drafts.read)
    if any(fact.existed and one in orders and one not in hanging for one, fact in stored.changed.items()):
        raise RetryableError("another worker stored one of these orders first, for a customer unknown here")
    return stored


def _note_events(resolution: Resolution, drafts: Drafts, rows: Mapping[UUID, RecordRow]) -> None:
    for draft in drafts.records.values():
        profile = rows[draft.id].profile_id
        assert profile is not None
        resolution.events.setdefault(profile, set()).update(draft.events)
