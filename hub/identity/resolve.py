"""resolve: drafts to stored records, clusters and profile ids, in one transaction and a constant number of statements.

Takes the drafts of a batch, gives which profiles are affected and what was merged or split. The outcome is a function
of the set of records and rules (``graph``), computed under locks taken in one order: identifiers, then profiles.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from hub import metrics
from hub.errors import RetryableError
from hub.identity.drafts import Drafts, evidence_json, order_ids
from hub.identity.graph import Edge, Node, assign, carried_by_too_many, clusters, edges
from hub.identity.rules import IdentityRules
from hub.mapping.record_state import name_of, names_of
from hub.model.keys import profile_id
from hub.store import facts as fact_store
from hub.store import profiles as profile_store
from hub.store import records as store
from hub.store.database import Session
from hub.store.profiles import Merge
from hub.store.records import LinkRow, ProfileRow, RecordRow


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


def resolve(session: Session, drafts: Drafts, rules: IdentityRules, now: datetime) -> Resolution:
    """Resolve a batch inside the caller's transaction. Raises RetryableError when another worker got in between."""
    # Whatever is told of a record, its name above all, bears on everybody who carries one of its identifiers.
    locked = store.lock_identifiers(session, drafts.identifiers.values(), drafts.records)
    shared = {identifier for identifier, (_, is_shared) in locked.items() if is_shared}
    known, rows = _locked(session, drafts, locked.keys() - shared)
    links = _stored_links(session, rows)
    if any(identifier not in locked for record in drafts.records for identifier in links.get(record, ())):
        raise RetryableError("one of these records gained an identifier meanwhile")
    orders = order_ids(drafts)
    hanging = fact_store.records_of(session, orders) if orders else {}
    if any(record not in rows for record in hanging.values() if record is not None):
        raise RetryableError("one of these orders went to another customer meanwhile")
    new_links = _merge_links(drafts, links)
    shared |= {
        identifier for of_record in links.values() for identifier, (_, is_shared) in of_record.items() if is_shared
    }
    fresh = _apply(drafts, rows)
    nodes = [
        Node(row.id, name_of(row.state), {i: strength for i, (strength, _) in links.get(row.id, {}).items()})
        for row in sorted(rows.values(), key=lambda row: row.id)
    ]
    limits = {i: rules.identifiers[kind].max_people for i, (kind, _) in locked.items() if kind in rules.identifiers}
    newly_shared = _newly_shared(nodes, rows, limits, shared)
    shared |= newly_shared
    others = _bystanders(session, rows, links, locked.keys() | shared)
    evidence = [edge for edge in edges([*nodes, *others], shared) if edge.one in rows and edge.other in rows]
    resolution = _place(session, rows, nodes, evidence, known, now)
    store.insert_records(session, [rows[i] for i in fresh], now)
    # Only what this batch told of or moved: somebody with thousands of records costs no more to write than anybody.
    store.update_records(session, [rows[i] for i in (drafts.records.keys() | resolution.moved) - fresh])
    store.insert_links(session, new_links)
    store.set_shared(session, newly_shared)
    stored = fact_store.upsert(session, list(drafts.facts.values()))
    if any(fact.existed and one in orders and one not in hanging for one, fact in stored.items()):
        raise RetryableError("another worker stored one of these orders first, for a customer unknown here")
    resolution.facts = {one: fact.record_id for one, fact in stored.items()}
    _note_events(resolution, drafts, rows)
    metrics.RESOLVED.labels("created").inc(len(fresh))
    metrics.RESOLVED.labels("changed").inc(len(drafts.records) - len(fresh))
    return resolution


def _locked(
    session: Session, drafts: Drafts, identifiers: Collection[UUID]
) -> tuple[dict[UUID, ProfileRow], dict[UUID, RecordRow]]:
    touched = store.touched(session, drafts.records, identifiers, order_ids(drafts))
    wanted = set(touched.values())
    known: dict[UUID, ProfileRow] = {}
    while True:
        missing = wanted - known.keys()
        if missing:
            known |= store.lock_profiles(session, missing)
        # A merge or split that committed while we waited for a lock has moved records on: follow each of them.
        rows = store.load(session, known, touched.keys() | drafts.records.keys())
        wanted = {row.profile_id for row in rows.values() if row.profile_id is not None}
        if wanted <= known.keys():
            return known, rows


def _stored_links(session: Session, rows: Mapping[UUID, RecordRow]) -> dict[UUID, dict[UUID, tuple[str, bool]]]:
    links: defaultdict[UUID, dict[UUID, tuple[str, bool]]] = defaultdict(dict)
    if rows:
        for record, identifier, strength, is_shared in store.load_links(session, rows):
            links[record][identifier] = (strength, is_shared)
    return links


def _merge_links(drafts: Drafts, links: dict[UUID, dict[UUID, tuple[str, bool]]]) -> list[LinkRow]:
    added = []
    for draft in drafts.records.values():
        of_record = links.setdefault(draft.id, {})
        for identifier, (strength, inbox_id) in draft.links.items():
            held = of_record.get(identifier)
            if held is None or (held[0] == "weak" and strength == "strong"):
                added.append(LinkRow(draft.id, identifier, strength, inbox_id))
                of_record[identifier] = (strength, held[1] if held else False)
    return added


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


def _newly_shared(
    nodes: Iterable[Node], rows: Mapping[UUID, RecordRow], limits: Mapping[UUID, int], shared: Collection[UUID]
) -> set[UUID]:
    """Identifiers with more people than their limit, by every name their carriers ever had, or too many carriers.

    Names that were corrected since count too: else it would depend on when we looked.
    """
    names: defaultdict[UUID, set[tuple[str, str]]] = defaultdict(set)
    records: Counter[UUID] = Counter()
    for node in nodes:
        for identifier in node.links:
            if identifier in limits and identifier not in shared:
                names[identifier] |= names_of(rows[node.id].state)
                records[identifier] += 1
    return {
        identifier
        for identifier, carried in names.items()
        if carried_by_too_many(limits[identifier], carried, records[identifier])
    }


def _bystanders(
    session: Session,
    rows: Mapping[UUID, RecordRow],
    links: Mapping[UUID, Mapping[UUID, tuple[str, bool]]],
    settled: Collection[UUID],
) -> list[Node]:
    """Carriers this batch does not touch of weak identifiers that several of its records share.

    They decide whether a name on such an identifier is ambiguous. Nothing is told of them here, so that they stay
    where they are. Of the ``settled`` identifiers all carriers are among the records, or do not matter.
    """
    carried: Counter[UUID] = Counter()
    weak: set[UUID] = set()
    for of_record in links.values():
        for identifier, (strength, _) in of_record.items():
            if identifier not in settled:
                carried[identifier] += 1
                if strength == "weak":
                    weak.add(identifier)
    wanted = [identifier for identifier in weak if carried[identifier] > 1]
    if not wanted:
        return []
    found: dict[UUID, Node] = {}
    for record, identifier, strength, state in store.other_carriers(session, wanted, rows):
        found.setdefault(record, Node(record, name_of(state))).links[identifier] = strength
    return list(found.values())


def _place(
    session: Session,
    rows: dict[UUID, RecordRow],
    nodes: Sequence[Node],
    evidence: Sequence[Edge],
    known: dict[UUID, ProfileRow],
    now: datetime,
) -> Resolution:
    groups = clusters(nodes, evidence)
    active = {profile.id: profile.created_at for profile in known.values()}
    split = _splits(rows, groups)
    retired = {a: created for a, _, created in profile_store.aliases(session, list(known))} if split else {}
    ids = assign(groups, active, retired)
    resolution = Resolution(known=known)
    divided: list[tuple[UUID, UUID, str]] = []
    for group, placed in zip(groups, ids, strict=True):
        before = {old for record in group if (old := rows[record].profile_id) is not None}
        if placed not in known:
            divided.extend((old, placed, "[]") for old in sorted(before))
        for record in group:
            if rows[record].profile_id not in (None, placed):
                resolution.moved.add(record)
            rows[record].profile_id = placed
        resolution.members[placed] = [rows[record] for record in group]
        resolution.created_at[placed] = active.get(placed) or retired.get(placed) or now
    resolution.merges = _merges(resolution, known, evidence)
    profile_store.revive(session, divided, now)
    profile_store.retire(session, resolution.merges, now)
    return resolution


def _splits(rows: Mapping[UUID, RecordRow], groups: Sequence[Sequence[UUID]]) -> bool:
    seen: set[UUID] = set()
    for group in groups:
        before = {profile for record in group if (profile := rows[record].profile_id) is not None}
        if before & seen:
            return True
        seen |= before
    return False


def _merges(resolution: Resolution, known: Mapping[UUID, ProfileRow], evidence: Sequence[Edge]) -> list[Merge]:
    gone = [profile for profile in known.values() if profile.id not in resolution.members]
    if not gone:
        return []
    seeded = _seeds(resolution)
    of_group: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    place = {row.id: profile for profile, members in resolution.members.items() for row in members}
    for edge in evidence:
        of_group[place[edge.one]].append({"identifier": edge.identifier, "records": [edge.one, edge.other]})
    return [
        Merge(seeded[profile.id], profile.id, profile.created_at, evidence_json(of_group[seeded[profile.id]]))
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
