"""resolve: drafts to stored records, clusters and profile ids, in one transaction and a constant number of statements.

Takes the drafts of a batch, gives which profiles are affected and what was merged or split. The outcome is a function
of the set of records, rules, weights and judgements (``clustering``), computed under locks taken in one order: the
lock of identity, then profiles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub import metrics
from hub.errors import RetryableError
from hub.identity.evidence import merge_evidence, split_evidence
from hub.identity.hold import hold_large_merges
from hub.identity.profile_ids import assign
from hub.identity.record_changes import Drafts, order_ids
from hub.identity.weigh import Change, Component, compared, extend, rematch
from hub.matching.features import person
from hub.matching.packing import packed
from hub.matching.version import Identity
from hub.model.keys import profile_id
from hub.store import facts as fact_store
from hub.store import profiles as profile_store
from hub.store import records as store
from hub.store import versions
from hub.store.database import Session
from hub.store.profiles import Merge
from hub.store.records import ProfileRow, RecordRow


@dataclass(slots=True)
class Resolution:
    """``members`` maps every affected profile to its records; ``known`` holds the stored versions of those that were.

    ``events`` maps a profile to the inbox ids of this batch that touched it; ``facts`` the facts that changed to the
    record each hangs on; ``moved`` are the records that changed from one profile to another.
    """

    members: dict[UUID, list[RecordRow]] = field(default_factory=dict)
    known: dict[UUID, ProfileRow] = field(default_factory=dict)
    created_at: dict[UUID, datetime] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    events: dict[UUID, set[int]] = field(default_factory=dict)
    facts: dict[UUID, UUID | None] = field(default_factory=dict)
    moved: set[UUID] = field(default_factory=set)


def resolve(session: Session, drafts: Drafts, identity: Identity, now: datetime) -> Resolution:
    """Resolve a batch inside the caller's transaction, which holds the lock of identity.

    Raises RetryableError when another worker got in between.
    """
    orders = order_ids(drafts)
    known, rows = _locked(session, drafts.records.keys() | drafts.touched, orders)
    hanging = fact_store.records_of(session, orders) if orders else {}
    if any(record not in rows for record in hanging.values() if record is not None):
        raise RetryableError("one of these orders went to another customer meanwhile")
    fresh = _apply(drafts, rows)
    changes = _changes(drafts, rows, identity)
    component = rematch(session, identity, changes, now, fresh)
    _load_whole_profiles(session, identity, component, known, rows)
    home = _home(session, identity, rows) if drafts.again and identity.restores is not None else None
    before = {record: row.profile_id for record, row in rows.items()}
    resolution = _place(session, rows, component, identity, known, now, before, home, again=drafts.again)
    if drafts.again:
        versions.note_moves(session, identity.version, {one: was for one in resolution.moved if (was := before[one])})
    store.insert_records(session, [rows[i] for i in fresh], now)
    # Only what this batch told of or moved: somebody with thousands of records costs no more to write than anybody.
    told = drafts.records.keys() | changes.keys() | resolution.moved
    store.update_records(session, [rows[i] for i in told - fresh])
    stored = fact_store.upsert(session, list(drafts.facts.values()))
    if any(fact.existed and one in orders and one not in hanging for one, fact in stored.items()):
        raise RetryableError("another worker stored one of these orders first, for a customer unknown here")
    resolution.facts = {one: fact.record_id for one, fact in stored.items()}
    _note_events(resolution, drafts, rows)
    metrics.RESOLVED.labels("created").inc(len(fresh))
    metrics.RESOLVED.labels("changed").inc(len(drafts.records) - len(fresh))
    return resolution


def _locked(
    session: Session, records: Collection[UUID], orders: Collection[UUID]
) -> tuple[dict[UUID, ProfileRow], dict[UUID, RecordRow]]:
    touched = store.touched(session, records, orders)
    known = store.lock_profiles(session, set(touched.values()))
    return known, store.load(session, known, touched.keys() | records)


def _apply(drafts: Drafts, rows: dict[UUID, RecordRow]) -> set[UUID]:
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


def _changes(drafts: Drafts, rows: Mapping[UUID, RecordRow], identity: Identity) -> dict[UUID, Change]:
    """The records that look different to identity now, and those it was asked to look at again."""
    changes: dict[UUID, Change] = {}
    for record in drafts.records.keys() | (drafts.touched & rows.keys()):
        row = rows[record]
        known = person(row.state, identity.rules)
        features = packed(known)
        if features != row.features or record in drafts.touched:
            changes[record] = (compared(row.features), known)
            row.features = features
    return changes


def _load_whole_profiles(
    session: Session,
    identity: Identity,
    component: Component,
    known: dict[UUID, ProfileRow],
    rows: dict[UUID, RecordRow],
) -> None:
    """Lock the profiles of every record that may move, and load all their records."""
    while True:
        missing = component.people.keys() - rows.keys()
        if missing:
            touched = set(store.touched(session, missing, ()).values()) - known.keys()
            known |= store.lock_profiles(session, touched)
            rows |= store.load(session, touched, missing)
        open_profiles = {rows[record].profile_id for record in component.people} - {None}
        strays = {row.id for row in rows.values() if row.profile_id in open_profiles} - component.people.keys()
        if not strays:
            return
        # Held together by what does not hold any more (changed rules): they are looked at with the rest.
        extend(session, identity, component, strays)


def _place(
    session: Session,
    rows: dict[UUID, RecordRow],
    component: Component,
    identity: Identity,
    known: dict[UUID, ProfileRow],
    now: datetime,
    before: Mapping[UUID, UUID | None],
    home: Mapping[UUID, UUID] | None,
    *,
    again: bool,
) -> Resolution:
    groups = hold_large_merges(session, component, identity, rows, known, now, home)
    settled: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for row in rows.values():
        if row.profile_id is not None and row.id not in component.people:
            settled[row.profile_id].append(row.id)
    groups = [*groups, *(sorted(group) for group in settled.values())]
    active = {profile.id: profile.created_at for profile in known.values()}
    split = _splits(rows, groups)
    aliases = profile_store.aliases(session, list(known)) if split or home else []
    retired = {alias: created for alias, _, created in aliases}
    ids = assign(groups, active, retired, home)
    resolution = Resolution(known=known)
    divided: list[tuple[UUID, UUID, str]] = []
    for group, placed in zip(groups, ids, strict=True):
        left = {old for record in group if (old := before[record]) is not None}
        if placed not in known:
            version = identity if again else None
            divided.extend(
                (old, placed, split_evidence(component, group, old, before, version)) for old in sorted(left)
            )
        for record in group:
            if before[record] not in (None, placed):
                resolution.moved.add(record)
            rows[record].profile_id = placed
        resolution.members[placed] = [rows[record] for record in group]
        resolution.created_at[placed] = active.get(placed) or retired.get(placed) or now
    gone = [profile for profile in known.values() if profile.id not in resolution.members]
    seeded = _seeds(resolution) if gone or aliases else {}
    resolution.merges = _merges(resolution, gone, seeded, component, identity, before)
    profile_store.revive(session, divided, now)
    profile_store.retire(session, resolution.merges, now)
    if aliases:
        # An id merged away before leads to where the record is that it began with.
        leading = [(alias, seeded[alias], led) for alias, led, _ in aliases if alias in seeded]
        profile_store.redirect(session, [(alias, profile) for alias, profile, led in leading if profile != led])
    return resolution


def _home(session: Session, identity: Identity, rows: Mapping[UUID, RecordRow]) -> dict[UUID, UUID]:
    """Where the version that is restored had these records."""
    assert identity.restores is not None
    now = {record: row.profile_id for record, row in rows.items() if row.profile_id is not None}
    return now | versions.placed_by(session, identity.restores, now)


def _splits(rows: Mapping[UUID, RecordRow], groups: Sequence[Sequence[UUID]]) -> bool:
    seen: set[UUID] = set()
    for group in groups:
        before = {profile for record in group if (profile := rows[record].profile_id) is not None}
        if before & seen:
            return True
        seen |= before
    return False


def _merges(
    resolution: Resolution,
    gone: Sequence[ProfileRow],
    seeded: Mapping[UUID, UUID],
    component: Component,
    identity: Identity,
    before: Mapping[UUID, UUID | None],
) -> list[Merge]:
    if not gone:
        return []
    inside: defaultdict[UUID | None, set[UUID]] = defaultdict(set)
    for record, profile in before.items():
        inside[profile].add(record)
    merged = {seeded[profile.id] for profile in gone if profile.id in seeded}
    now = {profile: {row.id for row in resolution.members[profile]} for profile in merged}
    return [
        Merge(
            seeded[profile.id],
            profile.id,
            profile.created_at,
            merge_evidence(component, identity, inside[profile.id] & now[seeded[profile.id]], now[seeded[profile.id]]),
        )
        for profile in gone
        if profile.id in seeded
    ]


def _seeds(resolution: Resolution) -> dict[UUID, UUID]:
    return {profile_id(row.id): profile for profile, members in resolution.members.items() for row in members}


def _note_events(resolution: Resolution, drafts: Drafts, rows: Mapping[UUID, RecordRow]) -> None:
    for draft in drafts.records.values():
        profile = rows[draft.id].profile_id
        assert profile is not None
        resolution.events.setdefault(profile, set()).update(draft.events)
