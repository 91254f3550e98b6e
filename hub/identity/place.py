"""Clusters to profiles: which profile each record is in from now on, and what was merged and split by that.

``place`` has four steps: hold merges that are too large for a machine (``blast_radius``), give every cluster a profile
id (``profile_ids``), put the records into their profiles, and write which profiles merged or split, with the evidence
(``evidence``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub.identity.blast_radius import hold_large_merges
from hub.identity.component import Component
from hub.identity.evidence import merge_evidence, split_evidence
from hub.identity.profile_ids import assign
from hub.matching.version import Identity
from hub.model.facts import FactRow
from hub.model.keys import profile_id
from hub.store import profiles as profile_store
from hub.store import versions
from hub.store.database import Session
from hub.store.profiles import Merge
from hub.store.records import ProfileRow, RecordRow


@dataclass(slots=True)
class Resolution:
    """``members`` maps every affected profile to its records; ``known`` holds the stored versions of those that were.

    ``events`` maps a profile to the inbox ids of this batch that touched it; ``changed`` are the facts that changed,
    ``orders`` the record that each order they are parts of hangs on; ``told`` are the facts that nobody told before;
    ``moved`` are the records that changed from one profile to another; ``fresh`` are the records that are new.
    """

    members: dict[UUID, list[RecordRow]] = field(default_factory=dict)
    known: dict[UUID, ProfileRow] = field(default_factory=dict)
    created_at: dict[UUID, datetime] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    events: dict[UUID, set[int]] = field(default_factory=dict)
    changed: list[FactRow] = field(default_factory=list)
    orders: Mapping[UUID, UUID | None] = field(default_factory=dict)
    withdrawn: Mapping[UUID, int] = field(default_factory=dict)
    moved: set[UUID] = field(default_factory=set)
    told: frozenset[UUID] = frozenset()
    fresh: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Before:
    """How things stood before this batch; ``rows`` are all records of the profiles ``known``, and the new ones.

    ``profile_of`` is each record's profile, None for a new record. ``restored`` is set where an earlier version of the
    rules is brought back: the profile that each record was in then.
    """

    rows: Mapping[UUID, RecordRow]
    known: dict[UUID, ProfileRow]
    profile_of: Mapping[UUID, UUID | None]
    restored: Mapping[UUID, UUID] | None


def before_batch(
    session: Session, identity: Identity, rows: Mapping[UUID, RecordRow], known: dict[UUID, ProfileRow], *, again: bool
) -> Before:
    """How things stand now. ``again``: records are resolved again because the rules changed."""
    profile_of = {record: row.profile_id for record, row in rows.items()}
    restored = None
    if again and identity.restores is not None:
        stored = {record: profile for record, profile in profile_of.items() if profile is not None}
        restored = stored | versions.placed_by(session, identity.restores, stored)
    return Before(rows, known, profile_of, restored)


def place(
    session: Session, component: Component, identity: Identity, before: Before, now: datetime, *, again: bool
) -> Resolution:
    """Put every record of the component, and of the profiles it touches, into its profile; write merges and splits."""
    groups = [
        _people_first(group, before.rows)
        for group in (
            *hold_large_merges(session, component, identity, before.rows, before.known, now, before.restored),
            *_untouched(component, before),
        )
    ]
    aliases = []
    if before.restored or _splits(groups, before):
        aliases = profile_store.aliases(session, list(before.known))
    active = {profile.id: profile.created_at for profile in before.known.values()}
    retired = {alias: created for alias, _, created in aliases}
    ids = assign(groups, active, retired, before.restored)
    resolution = _moved(groups, ids, before, dict.fromkeys(ids, now) | retired | active)
    gone = [profile for profile in before.known.values() if profile.id not in resolution.members]
    seeded = _seeded(resolution) if gone or aliases else {}
    resolution.merges = _merges(resolution, gone, seeded, component, identity, before)
    profile_store.revive(session, _divided(groups, ids, component, before, identity if again else None), now)
    profile_store.retire(session, resolution.merges, now)
    if aliases:
        # A retired id leads to the profile of the record that seeded it, wherever that record is now.
        leading = [(alias, seeded[alias], led) for alias, led, _ in aliases if alias in seeded]
        profile_store.redirect(session, [(alias, profile) for alias, profile, led in leading if profile != led])
    return resolution


def _untouched(component: Component, before: Before) -> list[list[UUID]]:
    """The records of profiles that this batch touches without asking who they are: each profile stays together."""
    groups: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for record, profile in before.profile_of.items():
        if profile is not None and record not in component.people:
            groups[profile].append(record)
    return [sorted(group) for group in groups.values()]


def _splits(groups: Sequence[Sequence[UUID]], before: Before) -> bool:
    """Whether the records of one profile are in two groups now."""
    seen: set[UUID] = set()
    for group in groups:
        profiles = [profile for record in group if (profile := before.profile_of[record]) is not None]
        if not seen.isdisjoint(profiles):
            return True
        seen.update(profiles)
    return False


def _moved(
    groups: Sequence[Sequence[UUID]], ids: Sequence[UUID], before: Before, created_at: Mapping[UUID, datetime]
) -> Resolution:
    """Set each record's profile."""
    resolution = Resolution(known=before.known)
    for group, placed in zip(groups, ids, strict=True):
        rows = [before.rows[record] for record in group]
        for row in rows:
            if before.profile_of[row.id] not in (None, placed):
                resolution.moved.add(row.id)
            row.profile_id = placed
        resolution.members[placed] = rows
        resolution.created_at[placed] = created_at[placed]
    return resolution


def _divided(
    groups: Sequence[Sequence[UUID]],
    ids: Sequence[UUID],
    component: Component,
    before: Before,
    version: Identity | None,
) -> list[tuple[UUID, UUID, str]]:
    """(profile, profile that came out of it, evidence) of every split. ``version``: see ``split_evidence``."""
    splits = []
    for group, placed in zip(groups, ids, strict=True):
        if placed not in before.known:
            left = {old for record in group if (old := before.profile_of[record]) is not None}
            splits += [
                (old, placed, split_evidence(component, group, old, before.profile_of, version)) for old in sorted(left)
            ]
    return splits


def _people_first(group: Sequence[UUID], rows: Mapping[UUID, RecordRow]) -> Sequence[UUID]:
    """The same records, with those that can be one person's only last.

    A device may turn out to be nobody's, and an id that destinations know would stay with it.
    """
    return sorted(group, key=lambda record: "links_once" in rows[record].state) if len(group) > 1 else group


def _seeded(resolution: Resolution) -> dict[UUID, UUID]:
    """The profile id that each record would seed, and the profile that the record is in."""
    return {profile_id(row.id): profile for profile, members in resolution.members.items() for row in members}


def _merges(
    resolution: Resolution,
    gone: Sequence[ProfileRow],
    seeded: Mapping[UUID, UUID],
    component: Component,
    identity: Identity,
    before: Before,
) -> list[Merge]:
    """Every profile that is ``gone``, with the one that has the record it began with."""
    if not gone:
        return []
    inside: dict[UUID, set[UUID]] = {profile.id: set() for profile in gone}
    for record, held_by in before.profile_of.items():
        if held_by is not None and (records := inside.get(held_by)) is not None:
            records.add(record)
    merged = {seeded[profile.id] for profile in gone if profile.id in seeded}
    members = {profile: {row.id for row in resolution.members[profile]} for profile in merged}
    merges = []
    for profile in gone:
        if profile.id in seeded:
            winner = seeded[profile.id]
            evidence = merge_evidence(component, identity, inside[profile.id] & members[winner], members[winner])
            merges.append(Merge(winner, profile.id, profile.created_at, evidence))
    return merges
